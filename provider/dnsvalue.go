package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
)

// ttls are the only times to live that the API takes, in seconds.
var ttls = []int{120, 180, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400, 172800, 432000}

// ttlList is ttls in words.
const ttlList = "120, 180, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400, 172800 or 432000"

const defaultTTL = 120

const defaultUpstreamHTTPS = "default"

// valueFields are, by type of record, the API's names of the fields of a DNSValue; the required ones end in "!".
var valueFields = map[string]map[string]string{
	"cname": {"host": "host!", "hostHeader": "host_header", "port": "port"},
	"aname": {"host": "location!", "hostHeader": "host_header", "port": "port"},
	"mx":    {"host": "host!", "priority": "priority"},
	"ns":    {"host": "host!"},
	"srv":   {"host": "target!", "port": "port!", "priority": "priority", "weight": "weight"},
	"txt":   {"text": "text!"},
	"spf":   {"text": "text!"},
	"dkim":  {"text": "text!"},
	"ptr":   {"host": "domain!"},
	"caa":   {"tag": "tag!", "text": "value!"},
}

// fields are the value's fields by their names in the schema.
func (d DNSValue) fields() map[string]any {
	return map[string]any{"host": d.Host, "hostHeader": d.HostHeader, "port": d.Port, "priority": d.Priority, "weight": d.Weight,
		"text": d.Text, "tag": d.Tag}
}

func isZero(value any) bool { return value == "" || value == 0 }

// isAddressType tells whether a record of that type has addresses instead of a value.
func isAddressType(recordType string) bool { return recordType == "a" || recordType == "aaaa" }

// recordTypes lists the types of records.
func recordTypes() []string {
	return append([]string{"a", "aaaa"}, slices.Sorted(maps.Keys(valueFields))...)
}

// value checks the addresses or the value of a record.
func (c *checker) value(args DNSRecordArgs) {
	if isAddressType(args.Type) {
		if c.known("value") {
			c.fail("value", "a record of type %s has addresses instead", args.Type)
		}
		if c.decided("addresses") && len(args.Addresses) == 0 {
			c.fail("addresses", "a record of type %s needs at least one", args.Type)
		}
		if c.known("addresses") {
			c.dnsAddresses(args)
		}
		return
	}
	if c.known("addresses") && len(args.Addresses) > 0 {
		c.fail("addresses", "a record of type %s has a value instead", args.Type)
	}
	if !c.decided("value") {
		return
	}
	if args.Value == nil {
		c.fail("value", "a record of type %s needs one", args.Type)
		return
	}
	given := args.Value.fields()
	for _, field := range slices.Sorted(maps.Keys(given)) {
		name, has := valueFields[args.Type][field]
		switch {
		case !has && !isZero(given[field]):
			c.fail("value."+field, "a record of type %s does not have this", args.Type)
		case strings.HasSuffix(name, "!") && isZero(given[field]):
			c.fail("value."+field, "a record of type %s needs this", args.Type)
		}
	}
	if header := args.Value.HostHeader; header != "" && header != "source" && header != "dest" {
		c.fail("value.hostHeader", "%q is not a choice: use source or dest", header)
	}
	if len(args.Value.Text) > 500 {
		c.fail("value.text", "%d characters are too many: use 500 at most", len(args.Value.Text))
	}
	if tag := args.Value.Tag; tag != "" && !slices.Contains([]string{"issue", "issuewild", "iodef"}, tag) {
		c.fail("value.tag", "%q is not a choice: use issue, issuewild or iodef", tag)
	}
}

// dnsAddresses checks the addresses of a record.
func (c *checker) dnsAddresses(args DNSRecordArgs) {
	for i, address := range args.Addresses {
		path := fmt.Sprintf("addresses[%d]", i)
		parsed, err := netip.ParseAddr(address.IP)
		switch {
		case err != nil:
			c.fail(path+".ip", "%q is not an IP address", address.IP)
		case parsed.Is4() != (args.Type == "a"):
			c.fail(path+".ip", "%s does not go into a record of type %s", address.IP, args.Type)
		}
		if address.Weight < 0 || address.Weight > 1000 {
			c.fail(path+".weight", "%d is not a weight: use 0 to 1000", address.Weight)
		}
		if address.Port < 0 || address.Port > 65535 {
			c.fail(path+".port", "%d is not a port: use 1 to 65535", address.Port)
		}
	}
}

// wireAddress is an address as the API has it.
type wireAddress struct {
	IP      string         `json:"ip"`
	Port    client.Integer `json:"port,omitempty"`
	Weight  client.Integer `json:"weight,omitempty"`
	Country string         `json:"country,omitempty"`
}

// wireValue is the record's value as the API takes it: a list for addresses, an object for all else.
func (s DNSRecordArgs) wireValue() (json.RawMessage, error) {
	if isAddressType(s.Type) {
		addresses := make([]wireAddress, len(s.Addresses))
		for i, a := range s.Addresses {
			addresses[i] = wireAddress{a.IP, client.Integer(a.Port), client.Integer(a.Weight), a.Country}
		}
		return json.Marshal(addresses)
	}
	value := map[string]any{}
	for field, given := range s.Value.fields() {
		name, has := valueFields[s.Type][field]
		if has && (!isZero(given) || field == "priority") {
			value[strings.TrimSuffix(name, "!")] = given
		}
	}
	if _, has := valueFields[s.Type]["hostHeader"]; has && s.Value.HostHeader == "" {
		value["host_header"] = "source"
	}
	return json.Marshal(value)
}

// setValue fills in the addresses or the value of a record as the API tells it.
func (s *DNSRecordArgs) setValue(content json.RawMessage) error {
	if isAddressType(s.Type) {
		var addresses []wireAddress
		if err := json.Unmarshal(content, &addresses); err != nil {
			return err
		}
		s.Addresses, s.Value = nil, nil
		for _, a := range addresses {
			s.Addresses = append(s.Addresses, DNSAddress{a.IP, int(a.Port), int(a.Weight), a.Country})
		}
		return nil
	}
	var told map[string]client.Text
	if err := json.Unmarshal(content, &told); err != nil {
		return err
	}
	before := s.Value
	s.Addresses, s.Value = nil, &DNSValue{}
	number := func(name string) int {
		var n client.Integer
		// A number that is none reads as zero, and so as drift.
		_ = n.UnmarshalJSON([]byte(told[name]))
		return int(n)
	}
	for field, name := range valueFields[s.Type] {
		name = strings.TrimSuffix(name, "!")
		switch field {
		case "host":
			s.Value.Host = string(told[name])
		case "hostHeader":
			s.Value.HostHeader = string(told[name])
		case "port":
			s.Value.Port = number(name)
		case "priority":
			s.Value.Priority = number(name)
		case "weight":
			s.Value.Weight = number(name)
		case "text":
			s.Value.Text = string(told[name])
		case "tag":
			s.Value.Tag = string(told[name])
		}
	}
	if before != nil && before.HostHeader == "" && s.Value.HostHeader == "source" {
		s.Value.HostHeader = ""
	}
	return nil
}
