package client

import (
	"context"
	"net/http"
	"strconv"
)

// SecurityGroup is a firewall group. Name may be a translated name for display; RealName is the one it was made with.
type SecurityGroup struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	RealName    string         `json:"real_name"`
	Description string         `json:"description"`
	Rules       []SecurityRule `json:"rules"`
}

// SecurityRule lets traffic through. An empty IP is everywhere; ports of 0 are all ports.
type SecurityRule struct {
	ID          string  `json:"id"`
	Description string  `json:"description"`
	Direction   string  `json:"direction"`
	EtherType   string  `json:"ether_type"`
	Protocol    string  `json:"protocol"`
	IP          string  `json:"ip"`
	PortStart   Integer `json:"port_start"`
	PortEnd     Integer `json:"port_end"`
}

// SecurityRuleRequest is what rules are made with: one for each of the addresses.
type SecurityRuleRequest struct {
	Direction   string // ingress or egress
	EtherType   string // ipv4 or ipv6
	Protocol    string
	PortFrom    int // 0 is all ports
	PortTo      int
	IPs         []string
	Description string
}

// SecurityGroups lists a zone's groups.
func (c *Client) SecurityGroups(ctx context.Context, zone string) ([]SecurityGroup, error) {
	return get[[]SecurityGroup](ctx, c, zonal(zone, "securities"))
}

// SecurityRules reads a group with its rules, which lists of groups leave out at times.
func (c *Client) SecurityRules(ctx context.Context, zone, groupID string) ([]SecurityRule, error) {
	group, err := get[SecurityGroup](ctx, c, zonal(zone, "securities", "security-rules", groupID))
	return group.Rules, err
}

// CreateSecurityGroup makes a group without rules.
func (c *Client) CreateSecurityGroup(ctx context.Context, zone, name, description string) (SecurityGroup, error) {
	var group SecurityGroup
	err := c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "securities"),
		body: map[string]string{"name": name, "description": description}}, &group)
	return group, err
}

// DeleteSecurityGroup removes a group with its rules.
func (c *Client) DeleteSecurityGroup(ctx context.Context, zone, groupID string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: zonal(zone, "securities", groupID)}, nil)
}

// CreateSecurityRule adds rules to a group. The API does not tell their ids.
func (c *Client) CreateSecurityRule(ctx context.Context, zone, groupID string, request SecurityRuleRequest) error {
	port := func(number int) string {
		if number == 0 {
			return ""
		}
		return strconv.Itoa(number)
	}
	return c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "securities", "security-rules", groupID), body: map[string]any{
		"direction":   request.Direction,
		"ether_type":  request.EtherType,
		"protocol":    request.Protocol,
		"port_from":   port(request.PortFrom),
		"port_to":     port(request.PortTo),
		"ips":         request.IPs,
		"description": request.Description,
	}}, nil)
}

// DeleteSecurityRule removes a rule.
func (c *Client) DeleteSecurityRule(ctx context.Context, zone, ruleID string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: zonal(zone, "securities", "security-rules", ruleID)}, nil)
}
