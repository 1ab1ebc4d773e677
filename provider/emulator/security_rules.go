package emulator

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// securityRule lets traffic through. An empty IP and ports of 0 mean any.
type securityRule struct {
	ID          string    `json:"id"`
	GroupID     string    `json:"groupId"`
	Description string    `json:"description"`
	Direction   string    `json:"direction"`
	EtherType   string    `json:"etherType"`
	Protocol    string    `json:"protocol"`
	IP          string    `json:"ip"`
	PortStart   int       `json:"portStart"`
	PortEnd     int       `json:"portEnd"`
	Created     time.Time `json:"created"`
}

// sameAs says whether two rules let the same traffic through.
func (r *securityRule) sameAs(o *securityRule) bool {
	return r.Direction == o.Direction && r.EtherType == o.EtherType && r.Protocol == o.Protocol && r.IP == o.IP &&
		r.PortStart == o.PortStart && r.PortEnd == o.PortEnd
}

// createRule makes one rule per address. It answers with a message only, and with 500 when it does not like the data.
func createRule(c *call) reply {
	g, ok := find(c.zone.Groups, c.param("id"))
	if !ok {
		return notFound("Security group")
	}
	if g.ReadOnly {
		return failure(http.StatusForbidden, "The security group is read-only.")
	}
	var body ruleBody
	if _, ok := c.decode(&body); !ok {
		return failure(http.StatusInternalServerError, "Security rule could not be created.")
	}
	rules, ok := body.rules(g.ID, c.now)
	if !ok {
		return failure(http.StatusInternalServerError, "Security rule could not be created.")
	}
	for _, rule := range rules {
		if slices.ContainsFunc(g.Rules, rule.sameAs) {
			return failure(http.StatusConflict, "Security group rule already exists.")
		}
	}
	g.Rules = append(g.Rules, rules...)
	c.changed()
	return withMessage(http.StatusCreated, "Security rule created successfully.")
}

// ruleBody is a rule as creation takes it: its ports are strings, and one body can hold several addresses.
type ruleBody struct {
	Direction   string   `json:"direction"`
	EtherType   string   `json:"ether_type"`
	Protocol    string   `json:"protocol"`
	PortFrom    string   `json:"port_from"`
	PortTo      string   `json:"port_to"`
	IPs         []string `json:"ips"`
	Description *string  `json:"description"`
}

// rules returns the rules that the body stands for; not ok when something in it is wrong.
func (b ruleBody) rules(group string, now time.Time) ([]*securityRule, bool) {
	directionOK := b.Direction == "ingress" || b.Direction == "egress"
	protocol := strings.ToLower(b.Protocol)
	protocolOK := slices.Contains([]string{"", "tcp", "udp", "icmp"}, protocol)
	start, end, portsOK := b.ports(protocol)
	if !directionOK || !protocolOK || !portsOK || b.Description == nil {
		return nil, false
	}
	ips := b.IPs
	if len(ips) == 0 {
		ips = []string{"any"}
	}
	var rules []*securityRule
	for _, ip := range ips {
		cidr, family, ok := b.address(ip)
		if !ok {
			return nil, false
		}
		rules = append(rules, &securityRule{
			ID: newID(), GroupID: group, Description: *b.Description, Direction: b.Direction, EtherType: family, Protocol: protocol,
			IP: cidr, PortStart: start, PortEnd: end, Created: now,
		})
	}
	return rules, true
}

// ports reads the two port fields: both empty means all, only the first means that one.
func (b ruleBody) ports(protocol string) (start, end int, ok bool) {
	if b.PortFrom == "" && b.PortTo == "" {
		return 0, 0, true
	}
	start, err := strconv.Atoi(b.PortFrom)
	if err != nil || protocol == "icmp" || protocol == "" {
		return 0, 0, false
	}
	end = start
	if b.PortTo != "" {
		if end, err = strconv.Atoi(b.PortTo); err != nil {
			return 0, 0, false
		}
	}
	return start, end, start >= 1 && end <= 65535 && start <= end
}

// address reads one element of ips; a bare address becomes a network of one.
func (b ruleBody) address(ip string) (cidr, family string, ok bool) {
	family = "IPv4"
	if strings.EqualFold(b.EtherType, "ipv6") {
		family = "IPv6"
	} else if b.EtherType != "" && !strings.EqualFold(b.EtherType, "ipv4") {
		return "", "", false
	}
	if ip == "" || ip == "any" {
		return "", family, true
	}
	if address, err := netip.ParseAddr(ip); err == nil {
		ip = netip.PrefixFrom(address, address.BitLen()).String()
	}
	prefix, err := netip.ParsePrefix(ip)
	if err != nil || b.EtherType != "" && prefix.Addr().Is6() != (family == "IPv6") {
		return "", "", false
	}
	if prefix.Addr().Is6() {
		family = "IPv6"
	}
	return prefix.String(), family, true
}

func deleteRule(c *call) reply {
	for _, g := range c.zone.Groups {
		for i, rule := range g.Rules {
			if rule.ID != c.param("id") {
				continue
			}
			if g.ReadOnly {
				return failure(http.StatusForbidden, "The security group is read-only.")
			}
			g.Rules = slices.Delete(g.Rules, i, i+1)
			c.changed()
			return withMessage(http.StatusOK, "Security rule deleted successfully.")
		}
	}
	return notFound("Security rule")
}

// view is the rule on the wire: its ports are numbers here.
func (r *securityRule) view() map[string]any {
	created := ""
	if !r.Created.IsZero() {
		created = timestamp(r.Created)
	}
	return map[string]any{
		"id": r.ID, "group_id": r.GroupID, "description": r.Description, "direction": r.Direction, "ether_type": r.EtherType, "ip": r.IP,
		"port_start": r.PortStart, "port_end": r.PortEnd, "protocol": r.Protocol, "created_at": created, "updated_at": created,
	}
}
