package emulator

import (
	"net/http"
	"slices"
	"time"
)

// securityGroup is a firewall group.
type securityGroup struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`     // for display, may be localized
	RealName    string          `json:"realName"` // what to match on
	Description string          `json:"description"`
	Default     bool            `json:"default"`
	ReadOnly    bool            `json:"readOnly"`
	Rules       []*securityRule `json:"rules"`
	Created     time.Time       `json:"created"`
}

func (g *securityGroup) key() string { return g.ID }

// newDefaultGroup lets everything through, as the account's default group does.
func newDefaultGroup(zone string, now time.Time) *securityGroup {
	g := &securityGroup{
		ID: stableID("default group", zone), Name: "default", RealName: "arDefault",
		Description: "ArvanCloud Default Security Group", Default: true, Created: now,
	}
	for _, protocol := range []string{"tcp", "udp", "icmp"} {
		g.Rules = append(g.Rules, &securityRule{
			ID: stableID("default rule", zone, protocol), GroupID: g.ID, Direction: "ingress", EtherType: "IPv4", Protocol: protocol,
		})
	}
	g.Rules = append(g.Rules, egressRules(g.ID)...)
	return g
}

func egressRules(group string) []*securityRule {
	var rules []*securityRule
	for _, family := range []string{"IPv4", "IPv6"} {
		rules = append(rules, &securityRule{ID: stableID("egress rule", group, family), GroupID: group, Direction: "egress", EtherType: family})
	}
	return rules
}

func securityRoutes(r *router) {
	r.handle("GET /securities", listGroups)
	r.handle("POST /securities", createGroup)
	r.handle("GET /securities/{id}", readGroup)
	r.handle("DELETE /securities/{id}", deleteGroup)
	// The 2023 description misspells two of the rule routes; both spellings are served.
	for _, segment := range []string{"/securities/security-rules", "/securities/securitiy-rules"} {
		r.handle("GET "+segment+"/{id}", readGroup)
		r.handle("POST "+segment+"/{id}", createRule)
		r.handle("DELETE "+segment+"/{id}", deleteRule)
		r.handle("POST "+segment+"/cdn", createCDNGroup)
	}
	r.handle("POST /securities/cdn", createCDNGroup)
}

func listGroups(c *call) reply {
	groups := []map[string]any{}
	for _, g := range c.zone.Groups {
		groups = append(groups, c.groupView(g))
	}
	return withData(http.StatusOK, groups)
}

func readGroup(c *call) reply {
	g, ok := find(c.zone.Groups, c.param("id"))
	if !ok {
		return notFound("Security group")
	}
	return withData(http.StatusOK, c.groupView(g))
}

func createGroup(c *call) reply {
	var body struct {
		Name        string  `json:"name"`
		Description *string `json:"description"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	errors := fieldErrors{}
	if body.Name == "" {
		errors.add("name", "The name field is required.")
	}
	if body.Description == nil {
		errors.add("description", "The description field is required.")
	}
	if len(errors) > 0 {
		return invalid(errors)
	}
	if refusal, over := overQuota("security groups", len(c.zone.Groups), 1, c.emulator.options.Quota.SecurityGroups); over {
		return refusal
	}
	g := &securityGroup{ID: newID(), Name: body.Name, RealName: body.Name, Description: *body.Description, Created: c.now}
	if c.emulator.options.Variants.GroupsWithEgress {
		g.Rules = egressRules(g.ID)
	}
	c.zone.Groups = append(c.zone.Groups, g)
	c.changed()
	return withDataAndMessage(http.StatusCreated, c.groupView(g), "Security group created successfully.")
}

// createCDNGroup makes the group that lets in the CDN's addresses only. There can be one.
func createCDNGroup(c *call) reply {
	for _, g := range c.zone.Groups {
		if g.RealName == "arCDN" {
			return failure(http.StatusConflict, "The CDN security group already exists.")
		}
	}
	g := &securityGroup{ID: newID(), Name: "CDN", RealName: "arCDN", Description: "ArvanCloud CDN", ReadOnly: true, Created: c.now}
	for _, cidr := range cdnRanges {
		g.Rules = append(g.Rules, &securityRule{
			ID: newID(), GroupID: g.ID, Direction: "ingress", EtherType: "IPv4", Protocol: "tcp", IP: cidr, Created: c.now,
		})
	}
	g.Rules = append(g.Rules, egressRules(g.ID)...)
	c.zone.Groups = append(c.zone.Groups, g)
	c.changed()
	return withDataAndMessage(http.StatusCreated, c.groupView(g), "CDN security group created successfully.")
}

// cdnRanges are some of the networks that the CDN connects from.
var cdnRanges = []string{"185.143.232.0/22", "188.229.116.16/29", "94.101.182.0/27"}

func deleteGroup(c *call) reply {
	g, ok := find(c.zone.Groups, c.param("id"))
	if !ok {
		return notFound("Security group")
	}
	if g.Default {
		return failure(http.StatusForbidden, "The default security group cannot be deleted.")
	}
	for _, s := range c.zone.Servers {
		if slices.Contains(s.Groups, g.ID) {
			return failure(http.StatusConflict, "The security group is in use by server "+s.Name+".")
		}
	}
	c.zone.Groups = without(c.zone.Groups, g.ID)
	c.changed()
	return withMessage(http.StatusOK, "Security group deleted successfully.")
}

// groupView is the group on the wire, with its rules.
func (c *call) groupView(g *securityGroup) map[string]any {
	view := c.groupReference(g, c.zone.Ports)
	view["rules"] = g.ruleViews()
	return view
}

func (g *securityGroup) ruleViews() []map[string]any {
	rules := []map[string]any{}
	for _, rule := range g.Rules {
		rules = append(rules, rule.view())
	}
	return rules
}

// groupReference is the group as a server carries it: without rules, and with the addresses of the server's ports.
func (c *call) groupReference(g *securityGroup, ports []*port) map[string]any {
	addresses := []string{}
	for _, p := range ports {
		if slices.Contains(p.Groups, g.ID) {
			addresses = append(addresses, p.IP)
		}
	}
	var readOnly any = g.ReadOnly
	if c.emulator.options.Variants.ReadOnlyAsString {
		readOnly = ""
	}
	view := map[string]any{
		"id": g.ID, "name": g.Name, "real_name": g.RealName, "description": g.Description, "readonly": readOnly, "default": g.Default,
		"rules": nil, "ip_addresses": addresses,
	}
	if c.emulator.options.Variants.OlderGroups {
		view["name"], view["rules"] = g.RealName, g.ruleViews()
	}
	return view
}
