package emulator

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// ttls are the only lifetimes the CDN takes.
var ttls = []int{120, 180, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400, 172800, 432000}

// recordValue is the union of the values of all types but a and aaaa.
type recordValue struct {
	Host         string `json:"host"`
	HostHeader   string `json:"host_header"`
	Location     string `json:"location"`
	Priority     *int   `json:"priority"`
	Target       string `json:"target"`
	Port         *int   `json:"port"`
	Text         string `json:"text"`
	Domain       string `json:"domain"`
	Usage        string `json:"usage"`
	Selector     string `json:"selector"`
	MatchingType string `json:"matching_type"`
	Certificate  string `json:"certificate"`
	Tag          string `json:"tag"`
	Value        string `json:"value"`
}

// addressValue is one element of the value of a and aaaa, which are lists.
type addressValue struct {
	IP      string  `json:"ip"`
	Port    *int    `json:"port"`
	Weight  *int    `json:"weight"`
	Country *string `json:"country"`
}

// valueChecks say per type what a value must have.
var valueChecks = map[string]func(recordValue, func(field string, ok bool)){
	"cname": func(v recordValue, must func(string, bool)) {
		must("host", v.Host != "")
		must("host_header", v.HostHeader == "source" || v.HostHeader == "dest")
	},
	"aname": func(v recordValue, must func(string, bool)) {
		must("location", v.Location != "")
		must("host_header", v.HostHeader == "source" || v.HostHeader == "dest")
	},
	"mx": func(v recordValue, must func(string, bool)) {
		must("host", v.Host != "")
		must("priority", v.Priority != nil && *v.Priority >= 0 && *v.Priority <= 9999)
	},
	"ns": func(v recordValue, must func(string, bool)) { must("host", v.Host != "") },
	"srv": func(v recordValue, must func(string, bool)) {
		must("target", v.Target != "")
		must("port", v.Port != nil && *v.Port >= 0 && *v.Port <= 65535)
	},
	"txt":  checkText,
	"spf":  checkText,
	"dkim": checkText,
	"ptr":  func(v recordValue, must func(string, bool)) { must("domain", v.Domain != "") },
	"tlsa": func(v recordValue, must func(string, bool)) {
		must("usage", v.Usage != "")
		must("selector", v.Selector != "")
		must("matching_type", v.MatchingType != "")
		must("certificate", v.Certificate != "")
	},
	"caa": func(v recordValue, must func(string, bool)) {
		must("tag", slices.Contains([]string{"issue", "issuewild", "iodef"}, v.Tag))
		must("value", v.Value != "")
	},
}

func checkText(v recordValue, must func(string, bool)) {
	must("text", v.Text != "" && len(v.Text) <= 500)
}

// validate checks a record by the rules of its type.
func (r *dnsRecord) validate(errors fieldErrors) {
	if r.Name == "" || len(r.Name) > 250 || r.Name != "@" && !validHostname(strings.TrimPrefix(r.Name, "*.")) && r.Name != "*" {
		errors.add("name", "The name format is invalid.")
	}
	if !slices.Contains(ttls, r.TTL) {
		errors.add("ttl", "The selected ttl is invalid.")
	}
	if !slices.Contains([]string{"default", "auto", "http", "https"}, r.UpstreamHTTPS) {
		errors.add("upstream_https", "The selected upstream https is invalid.")
	}
	if isPresent(r.IPFilterMode) {
		r.validateFilter(errors)
	}
	if r.Type == "a" || r.Type == "aaaa" {
		r.validateAddresses(errors)
		return
	}
	check, known := valueChecks[r.Type]
	if !known {
		errors.add("type", "The selected type is invalid.")
		return
	}
	var value recordValue
	if err := json.Unmarshal(r.Value, &value); err != nil {
		errors.add("value", "The value must be an object with the fields of a "+r.Type+" record.")
		return
	}
	check(value, func(field string, ok bool) {
		if !ok {
			errors.add("value."+field, "The value."+field+" field is missing or invalid.")
		}
	})
}

func (r *dnsRecord) validateAddresses(errors fieldErrors) {
	var values []addressValue
	if err := json.Unmarshal(r.Value, &values); err != nil || len(values) == 0 {
		errors.add("value", "The value must be an array with at least one address.")
		return
	}
	for i, value := range values {
		address, err := netip.ParseAddr(value.IP)
		if err != nil || address.Is4() != (r.Type == "a") {
			errors.add(fmt.Sprintf("value.%d.ip", i), fmt.Sprintf("The value.%d.ip must be a valid address.", i))
		}
		if value.Weight != nil && (*value.Weight < 0 || *value.Weight > 1000) {
			errors.add(fmt.Sprintf("value.%d.weight", i), fmt.Sprintf("The value.%d.weight must be between 0 and 1000.", i))
		}
		if value.Port != nil && (*value.Port < 1 || *value.Port > 65535) {
			errors.add(fmt.Sprintf("value.%d.port", i), fmt.Sprintf("The value.%d.port must be between 1 and 65535.", i))
		}
	}
}

func (r *dnsRecord) validateFilter(errors fieldErrors) {
	var filter struct {
		Count     string `json:"count"`
		Order     string `json:"order"`
		GeoFilter string `json:"geo_filter"`
	}
	if err := json.Unmarshal(r.IPFilterMode, &filter); err != nil {
		errors.add("ip_filter_mode", "The ip filter mode must be an object.")
		return
	}
	for _, field := range []struct {
		name, value string
		allowed     []string
	}{
		{"count", filter.Count, []string{"single", "multi"}},
		{"order", filter.Order, []string{"none", "weighted", "rr"}},
		{"geo_filter", filter.GeoFilter, []string{"none", "location", "country"}},
	} {
		if !slices.Contains(field.allowed, field.value) {
			errors.add("ip_filter_mode."+field.name, "The selected ip_filter_mode."+field.name+" is invalid.")
		}
	}
}

// isPresent says whether a raw JSON field was sent with a value.
func isPresent(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

var hostname = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$`)

func validHostname(name string) bool { return len(name) <= 250 && hostname.MatchString(name) }
