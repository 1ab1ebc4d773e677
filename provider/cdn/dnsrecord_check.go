package cdn

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// recordNamePattern is labels of letters, digits, dashes and underscores, of which the first may be "*"; or the apex.
var recordNamePattern = regexp.MustCompile(`^(@|\*|(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$`)

// checkDNSRecord fills in defaults, spells names in one way, and refuses a value that does not fit the type.
func checkDNSRecord(_ context.Context, c *resource.Checker, args *DNSRecordArgs) {
	c.Domain("domain", &args.Domain)
	if c.Known("name") && c.Known("domain") {
		args.Name = relativeName(args.Name, args.Domain)
		if len(args.Name) > 250 || !recordNamePattern.MatchString(args.Name) {
			c.Fail("name", "%q is not a name in a domain: use labels such as \"demo\", \"*.demo\", or \"@\" for the domain itself", args.Name)
		}
	}
	if c.Decided("ttl") && args.TTL == 0 {
		args.TTL = defaultTTL
	}
	if c.Known("ttl") && !slices.Contains(ttls, args.TTL) {
		c.Fail("ttl", "%d is not a time to live that ArvanCloud takes: use %s", args.TTL, ttlList)
	}
	if c.Decided("upstreamHttps") && args.UpstreamHTTPS == "" {
		args.UpstreamHTTPS = defaultUpstreamHTTPS
	}
	if c.Known("upstreamHttps") {
		c.Choice("upstreamHttps", args.UpstreamHTTPS, "default", "auto", "http", "https")
	}
	if c.Known("ipFilterMode") && args.IPFilterMode != nil {
		c.Choice("ipFilterMode.count", args.IPFilterMode.Count, "", "single", "multi")
		c.Choice("ipFilterMode.order", args.IPFilterMode.Order, "", "none", "weighted", "rr")
		c.Choice("ipFilterMode.geoFilter", args.IPFilterMode.GeoFilter, "", "none", "location", "country")
	}
	if !c.Known("type") {
		return
	}
	args.Type = strings.ToLower(args.Type)
	if !slices.Contains(recordTypes(), args.Type) {
		c.Fail("type", "%q is not a type of record: use %s", args.Type, strings.Join(recordTypes(), ", "))
		return
	}
	checkValue(c, *args)
}

// relativeName is a record's name inside its domain, also when it was given in full.
func relativeName(name, domain string) string {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if name == domain {
		return "@"
	}
	return strings.TrimSuffix(name, "."+domain)
}

// checkValue checks the addresses or the value of a record.
func checkValue(c *resource.Checker, args DNSRecordArgs) {
	if isAddressType(args.Type) {
		if c.Known("value") {
			c.Fail("value", "a record of type %s has addresses instead", args.Type)
		}
		if c.Decided("addresses") && len(args.Addresses) == 0 {
			c.Fail("addresses", "a record of type %s needs at least one", args.Type)
		}
		if c.Known("addresses") {
			checkAddresses(c, args)
		}
		return
	}
	if c.Known("addresses") && len(args.Addresses) > 0 {
		c.Fail("addresses", "a record of type %s has a value instead", args.Type)
	}
	if !c.Decided("value") {
		return
	}
	if args.Value == nil {
		c.Fail("value", "a record of type %s needs one", args.Type)
		return
	}
	given := args.Value.fields()
	for _, field := range slices.Sorted(maps.Keys(given)) {
		name, has := valueFields[args.Type][field]
		switch {
		case !has && !isZero(given[field]):
			c.Fail("value."+field, "a record of type %s does not have this", args.Type)
		case strings.HasSuffix(name, "!") && isZero(given[field]):
			c.Fail("value."+field, "a record of type %s needs this", args.Type)
		}
	}
	if header := args.Value.HostHeader; header != "" && header != "source" && header != "dest" {
		c.Fail("value.hostHeader", "%q is not a choice: use source or dest", header)
	}
	if len(args.Value.Text) > 500 {
		c.Fail("value.text", "%d characters are too many: use 500 at most", len(args.Value.Text))
	}
	if tag := args.Value.Tag; tag != "" && !slices.Contains([]string{"issue", "issuewild", "iodef"}, tag) {
		c.Fail("value.tag", "%q is not a choice: use issue, issuewild or iodef", tag)
	}
}

// checkAddresses checks the addresses of a record.
func checkAddresses(c *resource.Checker, args DNSRecordArgs) {
	for i, address := range args.Addresses {
		path := fmt.Sprintf("addresses[%d]", i)
		parsed, err := netip.ParseAddr(address.IP)
		switch {
		case err != nil:
			c.Fail(path+".ip", "%q is not an IP address", address.IP)
		case parsed.Is4() != (args.Type == "a"):
			c.Fail(path+".ip", "%s does not go into a record of type %s", address.IP, args.Type)
		}
		if address.Weight < 0 || address.Weight > 1000 {
			c.Fail(path+".weight", "%d is not a weight: use 0 to 1000", address.Weight)
		}
		if address.Port < 0 || address.Port > 65535 {
			c.Fail(path+".port", "%d is not a port: use 1 to 65535", address.Port)
		}
	}
}
