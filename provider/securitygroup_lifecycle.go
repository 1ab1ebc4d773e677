package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// WireDependencies says that no output of an update depends on its inputs: the id stays.
func (*SecurityGroup) WireDependencies(f infer.FieldSelector, args *SecurityGroupArgs, state *SecurityGroupState) {
	f.OutputField(&state.Zone).DependsOn(f.InputField(&args.Zone).Computed())
}

// Check refuses rules that the API would answer with a bare status 500.
func (*SecurityGroup) Check(
	ctx context.Context, request infer.CheckRequest,
) (infer.CheckResponse[SecurityGroupArgs], error) {
	return checkInputs(ctx, request, func(c *checker, args *SecurityGroupArgs) {
		c.zone(ctx, &args.Zone)
		c.name("name", args.Name)
		c.takes(ctx, kindSecurityGroup, "name", args.Zone, quotaSecurityGroups)
		if !c.known("rules") {
			return
		}
		seen := map[traffic]string{}
		for i, rule := range args.Rules {
			path := fmt.Sprintf("rules[%d]", i)
			c.rule(path, rule)
			for j, t := range rule.traffic() {
				at := fmt.Sprintf("%s.cidrs[%d]", path, j)
				if before, twice := seen[t]; twice {
					c.fail(at, "%s lets the same traffic through already", before)
				}
				seen[t] = at
			}
		}
	})
}

// rule checks one rule.
func (c *checker) rule(path string, rule SecurityGroupRule) {
	if rule.Direction != "ingress" && rule.Direction != "egress" {
		c.fail(path+".direction", "%q is not a direction: use ingress or egress", rule.Direction)
	}
	if !slices.Contains([]string{"tcp", "udp", "icmp"}, rule.Protocol) {
		c.fail(path+".protocol", "%q is not a protocol: use tcp, udp or icmp", rule.Protocol)
	}
	switch {
	case rule.Protocol == "icmp" && (rule.PortFrom != 0 || rule.PortTo != 0):
		c.fail(path+".portFrom", "icmp has no ports")
	case rule.PortFrom < 0 || rule.PortFrom > 65535:
		c.fail(path+".portFrom", "%d is not a port: use 1 to 65535", rule.PortFrom)
	case rule.PortTo < 0 || rule.PortTo > 65535:
		c.fail(path+".portTo", "%d is not a port: use 1 to 65535", rule.PortTo)
	case rule.PortTo != 0 && rule.PortFrom == 0:
		c.fail(path+".portFrom", "portTo is given without portFrom")
	case rule.PortTo != 0 && rule.PortTo < rule.PortFrom:
		c.fail(path+".portTo", "%d is before portFrom, %d", rule.PortTo, rule.PortFrom)
	}
	if len(rule.CIDRs) == 0 {
		c.fail(path+".cidrs", "no range is given; everywhere is %s", everywhere4)
	}
	for i, cidr := range rule.CIDRs {
		at := fmt.Sprintf("%s.cidrs[%d]", path, i)
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			c.fail(at, "%q is not a range such as 10.10.0.0/24 (one address is /32)", cidr)
		} else if prefix != prefix.Masked() {
			c.fail(at, "%s has bits of an address in it; did you mean %s?", cidr, prefix.Masked())
		}
	}
}

// Create makes the group and its rules, or takes over the group that an earlier attempt left.
func (*SecurityGroup) Create(
	ctx context.Context, request infer.CreateRequest[SecurityGroupArgs],
) (infer.CreateResponse[SecurityGroupState], error) {
	args := request.Inputs
	state := SecurityGroupState{SecurityGroupArgs: args, Zone: args.Zone}
	if request.DryRun {
		return infer.CreateResponse[SecurityGroupState]{Output: state}, nil
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := sessionOf(ctx)
	find := func(ctx context.Context) (client.SecurityGroup, bool, error) {
		groups, err := s.SecurityGroups(ctx, args.Zone)
		for _, group := range groups {
			if group.RealName == args.Name && group.Description == args.Description &&
				!s.isOwned(kindSecurityGroup, identity{args.Zone, group.ID}.String()) {
				return group, true, err
			}
		}
		return client.SecurityGroup{}, false, err
	}
	group, left, err := find(ctx)
	if err != nil {
		return infer.CreateResponse[SecurityGroupState]{}, err
	}
	if left {
		p.GetLogger(ctx).Warningf("took over the security group %s, which an earlier attempt left", identity{args.Zone, group.ID})
	} else {
		group, err = client.Create(ctx, s.Client, find, func(ctx context.Context) (client.SecurityGroup, error) {
			return s.CreateSecurityGroup(ctx, args.Zone, args.Name, args.Description)
		})
		if err == nil && group.ID == "" {
			// Not every version of the API tells what it made.
			var found bool
			if group, found, err = find(ctx); err == nil && !found {
				err = fmt.Errorf("the security group %q was made in zone %s but is not listed", args.Name, args.Zone)
			}
		}
		if err != nil {
			return infer.CreateResponse[SecurityGroupState]{}, err
		}
	}
	id := identity{args.Zone, group.ID}
	s.own(kindSecurityGroup, id.String())
	state.SecurityGroupID = group.ID
	return infer.CreateResponse[SecurityGroupState]{ID: id.String(), Output: state}, partial(s.applyRules(ctx, id, args.Rules))
}

// applyRules makes a group let through what the rules say, and nothing else. What is missing is found out from the group as
// it is, so that a call whose outcome is in doubt is made again only if it has not been applied.
func (s *session) applyRules(ctx context.Context, id identity, wanted []SecurityGroupRule) error {
	const maxRounds = 4
	var doubt error
	for range maxRounds {
		rules, err := s.SecurityRules(ctx, id.place, id.object)
		if err != nil {
			return err
		}
		if doubt = s.applyMissingRules(ctx, id, wanted, rules); doubt == nil {
			return nil
		}
		if !client.IsAmbiguous(doubt) && !client.HasStatus(doubt, http.StatusConflict) {
			return doubt
		}
	}
	return doubt
}

// applyMissingRules makes what is missing in rules, then deletes what is too much: in this order, no traffic is cut that both
// the old and the new rules let through.
func (s *session) applyMissingRules(
	ctx context.Context, id identity, wanted []SecurityGroupRule, rules []client.SecurityRule,
) error {
	there := map[traffic]bool{}
	for _, rule := range rules {
		there[observedTraffic(rule)] = true
	}
	keep := map[traffic]bool{}
	for _, rule := range wanted {
		missing := map[string][]string{}
		for _, t := range rule.traffic() {
			keep[t] = true
			if !there[t] {
				missing[t.etherType()] = append(missing[t.etherType()], wireCIDR(t.cidr))
			}
		}
		for _, etherType := range []string{"ipv4", "ipv6"} {
			if len(missing[etherType]) == 0 {
				continue
			}
			if err := s.CreateSecurityRule(ctx, id.place, id.object, client.SecurityRuleRequest{
				Direction: rule.Direction, EtherType: etherType, Protocol: rule.Protocol, PortFrom: rule.PortFrom,
				PortTo: max(rule.PortTo, rule.PortFrom), IPs: missing[etherType], Description: rule.Description,
			}); err != nil {
				return err
			}
		}
	}
	for _, rule := range rules {
		t := observedTraffic(rule)
		if keep[t] || t.anyEgress() {
			continue
		}
		if err := s.DeleteSecurityRule(ctx, id.place, rule.ID); err != nil && !client.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// wireCIDR is a range as the API takes it: everywhere in IPv4 is a word.
func wireCIDR(cidr string) string {
	if cidr == everywhere4 {
		return "any"
	}
	return cidr
}

// Read looks the group up with its rules.
func (*SecurityGroup) Read(
	ctx context.Context, request infer.ReadRequest[SecurityGroupArgs, SecurityGroupState],
) (infer.ReadResponse[SecurityGroupArgs, SecurityGroupState], error) {
	id, err := parseIdentity(request.ID, formSecurityGroup)
	if err != nil {
		return infer.ReadResponse[SecurityGroupArgs, SecurityGroupState]{}, err
	}
	s := sessionOf(ctx)
	groups, err := s.groups.get(ctx, s, id.place, s.SecurityGroups)
	if err != nil {
		return infer.ReadResponse[SecurityGroupArgs, SecurityGroupState]{}, err
	}
	i := slices.IndexFunc(groups, func(group client.SecurityGroup) bool { return group.ID == id.object })
	if i < 0 {
		return infer.ReadResponse[SecurityGroupArgs, SecurityGroupState]{}, nil
	}
	group := groups[i]
	if group.Rules == nil {
		if group.Rules, err = s.SecurityRules(ctx, id.place, id.object); err != nil {
			return infer.ReadResponse[SecurityGroupArgs, SecurityGroupState]{}, err
		}
	}
	args := SecurityGroupArgs{Zone: id.place, Name: group.RealName, Description: group.Description,
		Rules: observedRules(request.Inputs.Rules, group.Rules)}
	if args.Name == "" {
		args.Name = group.Name
	}
	return infer.ReadResponse[SecurityGroupArgs, SecurityGroupState]{ID: request.ID, Inputs: args,
		State: SecurityGroupState{SecurityGroupArgs: args, Zone: id.place, SecurityGroupID: group.ID}}, nil
}

// Update changes the rules.
func (*SecurityGroup) Update(
	ctx context.Context, request infer.UpdateRequest[SecurityGroupArgs, SecurityGroupState],
) (infer.UpdateResponse[SecurityGroupState], error) {
	state := request.State
	state.SecurityGroupArgs = request.Inputs
	if request.DryRun {
		return infer.UpdateResponse[SecurityGroupState]{Output: state}, nil
	}
	id, err := parseIdentity(request.ID, formSecurityGroup)
	if err != nil {
		return infer.UpdateResponse[SecurityGroupState]{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	return infer.UpdateResponse[SecurityGroupState]{Output: state}, partial(sessionOf(ctx).applyRules(ctx, id, request.Inputs.Rules))
}

// Delete removes the group. Servers that are just being deleted may still be in it; it waits for them.
func (*SecurityGroup) Delete(
	ctx context.Context, request infer.DeleteRequest[SecurityGroupState],
) (infer.DeleteResponse, error) {
	id, err := parseIdentity(request.ID, formSecurityGroup)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, deleteTimeout)
	defer cancel()
	s := sessionOf(ctx)
	return infer.DeleteResponse{}, s.deleteWhenUnused(ctx, "the security group "+id.String(), func(ctx context.Context) error {
		return s.DeleteSecurityGroup(ctx, id.place, id.object)
	})
}
