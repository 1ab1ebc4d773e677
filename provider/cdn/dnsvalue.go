package cdn

import (
	"bytes"
	"encoding/json"
	"maps"
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

// sameValue compares a value of the API's with the wanted one, without regard to what the API fills in.
func sameValue(wanted DNSRecordArgs, told json.RawMessage) bool {
	observed := wanted
	if err := observed.setValue(told); err != nil {
		return false
	}
	first, errFirst := wanted.wireValue()
	second, errSecond := observed.wireValue()
	return errFirst == nil && errSecond == nil && bytes.Equal(first, second)
}

// observedRecord is the inputs that describe a record as it is. What the user left to ArvanCloud stays left to it.
func observedRecord(args DNSRecordArgs, record client.DNSRecord) (DNSRecordArgs, error) {
	wanted := args
	args.Type, args.Name, args.TTL, args.Cloud = record.Type, record.Name, int(record.TTL), record.Cloud
	args.UpstreamHTTPS = record.UpstreamHTTPS
	if args.UpstreamHTTPS == "" {
		args.UpstreamHTTPS = defaultUpstreamHTTPS
	}
	if mode := record.IPFilterMode; mode != nil && args.IPFilterMode != nil {
		args.IPFilterMode = &DNSFilterMode{Count: told(args.IPFilterMode.Count, mode.Count), Order: told(args.IPFilterMode.Order, mode.Order),
			GeoFilter: told(args.IPFilterMode.GeoFilter, mode.GeoFilter)}
	}
	if wanted.Type == record.Type && (wanted.Value != nil || isAddressType(wanted.Type)) && sameValue(wanted, record.Value) {
		return args, nil
	}
	return args, args.setValue(record.Value)
}

// told is what the API tells, unless nothing was wanted.
func told(wanted, observed string) string {
	if wanted == "" {
		return ""
	}
	return observed
}
