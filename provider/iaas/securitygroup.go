package iaas

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// SecurityGroupArgs are the inputs of a SecurityGroup.
type SecurityGroupArgs struct {
	Zone        string              `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Name        string              `pulumi:"name" provider:"replaceOnChanges" doc:"Name of the group, unique in the zone."`
	Description string              `pulumi:"description,optional" provider:"replaceOnChanges" doc:"What the group is for."`
	Rules       []SecurityGroupRule `pulumi:"rules,optional" doc:"What the group lets through. Traffic that no rule matches is dropped."`
}

// SecurityGroupState is what is known of a SecurityGroup.
type SecurityGroupState struct {
	SecurityGroupArgs
	Zone            string `pulumi:"zone" provider:"replaceOnChanges" from:"zone"`
	SecurityGroupID string `pulumi:"securityGroupId" doc:"Id of the group, as servers refer to it."`
}

// SecurityGroupRule lets traffic through. It has no resource.Identity of its own: the API tells none when it makes a rule.
type SecurityGroupRule struct {
	Direction   string   `pulumi:"direction" doc:"\"ingress\" or \"egress\"."`
	Protocol    string   `pulumi:"protocol" doc:"\"tcp\", \"udp\" or \"icmp\"."`
	PortFrom    int      `pulumi:"portFrom,optional" doc:"First port. Leave it and portTo out for all ports."`
	PortTo      int      `pulumi:"portTo,optional" doc:"Last port. Default: the same as portFrom."`
	CIDRs       []string `pulumi:"cidrs" doc:"Ranges the other side is in, for example 10.10.0.0/24. Everywhere is 0.0.0.0/0 (and ::/0 for IPv6)."`
	Description string   `pulumi:"description,optional" doc:"What the rule is for."`
}

// Annotate describes the type in the schema.
func (s *SecurityGroupRule) Annotate(a infer.Annotator) {
	resource.Nested(a, "iaas:SecurityGroupRule", s)
}

// SecurityGroup is the resource arvancloud:iaas:SecurityGroup: a firewall group together with its rules.
var SecurityGroup = &resource.Kind[SecurityGroupArgs, SecurityGroupState, client.SecurityGroup]{
	Type: "iaas:SecurityGroup",
	Name: "security group",
	IDs:  "<zone>/<group id>",
	About: "A firewall group and all its rules. Rules are compared by what they let through; a rule made elsewhere is " +
		"reported as drift and removed, except the rules that ArvanCloud adds to each group to let all traffic out.",
	Example: `
		name: web
		rules: [{direction: ingress, protocol: tcp, portFrom: 443, cidrs: [0.0.0.0/0]}]`,

	Place: func(args SecurityGroupArgs) string { return args.Zone },
	Label: func(args SecurityGroupArgs) string { return strconv.Quote(args.Name) },
	List: func(ctx context.Context, s *resource.Session, zone string) ([]client.SecurityGroup, error) {
		return s.SecurityGroups(ctx, zone)
	},
	ID:    func(group client.SecurityGroup) string { return group.ID },
	Check: checkSecurityGroup,
	Same: func(args SecurityGroupArgs, group client.SecurityGroup) bool {
		return group.RealName == args.Name && group.Description == args.Description
	},
	Make: func(ctx context.Context, s *resource.Session, args SecurityGroupArgs) (client.SecurityGroup, error) {
		return s.CreateSecurityGroup(ctx, args.Zone, args.Name, args.Description)
	},
	State: func(args SecurityGroupArgs, group client.SecurityGroup, before SecurityGroupState) SecurityGroupState {
		return SecurityGroupState{SecurityGroupArgs: args, Zone: args.Zone, SecurityGroupID: cmp.Or(group.ID, before.SecurityGroupID)}
	},
	Detail: func(
		ctx context.Context, s *resource.Session, read resource.Reading[SecurityGroupArgs, SecurityGroupState], group client.SecurityGroup,
	) (client.SecurityGroup, error) {
		if group.Rules != nil {
			return group, nil
		}
		var err error
		group.Rules, err = s.SecurityRules(ctx, read.ID.Place, read.ID.Object)
		return group, err
	},
	Observe: func(args SecurityGroupArgs, group client.SecurityGroup, _ bool, id resource.Identity) SecurityGroupArgs {
		return SecurityGroupArgs{Zone: id.Place, Name: cmp.Or(group.RealName, group.Name), Description: group.Description,
			Rules: observedRules(args.Rules, group.Rules)}
	},
	Converge: func(
		ctx context.Context, s *resource.Session, id resource.Identity, args SecurityGroupArgs, _ *SecurityGroupState, state SecurityGroupState,
	) (SecurityGroupState, error) {
		return state, applyRules(ctx, s, id, args.Rules)
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ SecurityGroupState) error {
		return s.DeleteSecurityGroup(ctx, id.Place, id.Object)
	},
	Users: zone.UsedByServers(func(_ context.Context, _ *resource.Session, id resource.Identity) (func(client.Server) bool, error) {
		return func(server client.Server) bool {
			return slices.ContainsFunc(server.SecurityGroups, func(group client.SecurityGroup) bool { return group.ID == id.Object })
		}, nil
	}),
}

// checkSecurityGroup refuses rules that the API would answer with a bare status 500.
func checkSecurityGroup(ctx context.Context, c *resource.Checker, args *SecurityGroupArgs) {
	c.Zone(ctx, &args.Zone)
	c.Name("name", args.Name)
	zone.Takes(ctx, c, "name", args.Zone, zone.QuotaSecurityGroups)
	if !c.Known("rules") {
		return
	}
	seen := map[traffic]string{}
	for i, rule := range args.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		checkRule(c, path, rule)
		for j, t := range rule.traffic() {
			at := fmt.Sprintf("%s.cidrs[%d]", path, j)
			if before, twice := seen[t]; twice {
				c.Fail(at, "%s lets the same traffic through already", before)
			}
			seen[t] = at
		}
	}
}

// checkRule checks one rule.
func checkRule(c *resource.Checker, path string, rule SecurityGroupRule) {
	if rule.Direction != "ingress" && rule.Direction != "egress" {
		c.Fail(path+".direction", "%q is not a direction: use ingress or egress", rule.Direction)
	}
	if !slices.Contains([]string{"tcp", "udp", "icmp"}, rule.Protocol) {
		c.Fail(path+".protocol", "%q is not a protocol: use tcp, udp or icmp", rule.Protocol)
	}
	switch {
	case rule.Protocol == "icmp" && (rule.PortFrom != 0 || rule.PortTo != 0):
		c.Fail(path+".portFrom", "icmp has no ports")
	case rule.PortFrom < 0 || rule.PortFrom > 65535:
		c.Fail(path+".portFrom", "%d is not a port: use 1 to 65535", rule.PortFrom)
	case rule.PortTo < 0 || rule.PortTo > 65535:
		c.Fail(path+".portTo", "%d is not a port: use 1 to 65535", rule.PortTo)
	case rule.PortTo != 0 && rule.PortFrom == 0:
		c.Fail(path+".portFrom", "portTo is given without portFrom")
	case rule.PortTo != 0 && rule.PortTo < rule.PortFrom:
		c.Fail(path+".portTo", "%d is before portFrom, %d", rule.PortTo, rule.PortFrom)
	}
	if len(rule.CIDRs) == 0 {
		c.Fail(path+".cidrs", "no range is given; everywhere is %s", everywhere4)
	}
	for i, cidr := range rule.CIDRs {
		at := fmt.Sprintf("%s.cidrs[%d]", path, i)
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			c.Fail(at, "%q is not a range such as 10.10.0.0/24 (one address is /32)", cidr)
		} else if prefix != prefix.Masked() {
			c.Fail(at, "%s has bits of an address in it; did you mean %s?", cidr, prefix.Masked())
		}
	}
}
