package iaas

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
)

// traffic is what one rule of the API lets through, in one spelling: that is how rules are compared.
type traffic struct {
	direction string
	protocol  string
	portFrom  int // 0: all ports
	portTo    int
	cidr      string // everywhere is 0.0.0.0/0 or ::/0
}

// Everywhere, for each version of IP.
const (
	everywhere4 = "0.0.0.0/0"
	everywhere6 = "::/0"
)

// etherType is the version of IP, as the API calls it.
func (t traffic) etherType() string {
	if strings.Contains(t.cidr, ":") {
		return "ipv6"
	}
	return "ipv4"
}

// anyEgress tells whether the rule lets everything out. ArvanCloud may add two such rules to a new group.
func (t traffic) anyEgress() bool {
	return t.direction == "egress" && t.protocol == "" && t.portFrom == 0 && (t.cidr == everywhere4 || t.cidr == everywhere6)
}

// traffic lists what the rule lets through: one entry for each of its ranges.
func (r SecurityGroupRule) traffic() []traffic {
	list := make([]traffic, len(r.CIDRs))
	for i, cidr := range r.CIDRs {
		list[i] = newTraffic(r.Direction, r.Protocol, r.PortFrom, r.PortTo, canonicalCIDR(cidr, ""))
	}
	return list
}

// observedTraffic is what a rule of the API lets through.
func observedTraffic(rule client.SecurityRule) traffic {
	return newTraffic(strings.ToLower(rule.Direction), strings.ToLower(rule.Protocol), int(rule.PortStart), int(rule.PortEnd),
		canonicalCIDR(rule.IP, rule.EtherType))
}

// newTraffic spells out what is left out, and leaves out what says nothing.
func newTraffic(direction, protocol string, from, to int, cidr string) traffic {
	if protocol == "any" {
		protocol = ""
	}
	if from == 1 && to == 65535 {
		from, to = 0, 0
	}
	return traffic{direction, protocol, from, cmp.Or(to, from), cidr}
}

// canonicalCIDR spells a range in one way: a bare address is a range of one, and "any" or nothing is everywhere.
func canonicalCIDR(text, etherType string) string {
	if text == "" || strings.EqualFold(text, "any") {
		if strings.EqualFold(etherType, "ipv6") {
			return everywhere6
		}
		return everywhere4
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()).String()
	}
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Masked().String()
	}
	return text
}

// observedRules describes what a group really lets through: the wanted rules without the ranges that are missing, and then,
// grouped into rules, what nobody wanted.
func observedRules(wanted []SecurityGroupRule, rules []client.SecurityRule) []SecurityGroupRule {
	there := map[traffic]bool{}
	for _, rule := range rules {
		there[observedTraffic(rule)] = true
	}
	claimed := map[traffic]bool{}
	var observed []SecurityGroupRule
	for _, rule := range wanted {
		var cidrs []string
		for i, t := range rule.traffic() {
			claimed[t] = true
			if there[t] {
				cidrs = append(cidrs, rule.CIDRs[i])
			}
		}
		if len(cidrs) > 0 {
			rule.CIDRs = cidrs
			observed = append(observed, rule)
		}
	}
	first := len(observed)
	for _, rule := range rules {
		t := observedTraffic(rule)
		if claimed[t] || t.anyEgress() {
			continue
		}
		claimed[t] = true
		i := slices.IndexFunc(observed[first:], func(o SecurityGroupRule) bool {
			return o.Direction == t.direction && o.Protocol == t.protocol && o.PortFrom == t.portFrom && o.PortTo == t.portTo &&
				o.Description == rule.Description
		})
		if i >= 0 {
			observed[first+i].CIDRs = append(observed[first+i].CIDRs, t.cidr)
			continue
		}
		observed = append(observed, SecurityGroupRule{Direction: t.direction, Protocol: t.protocol, PortFrom: t.portFrom,
			PortTo: t.portTo, CIDRs: []string{t.cidr}, Description: rule.Description})
	}
	return observed
}
