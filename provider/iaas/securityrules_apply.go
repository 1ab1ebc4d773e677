package iaas

import (
	"context"
	"net/http"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// applyRules makes a group let through what the rules say, and nothing else. What is missing is found out from the group as
// it is, so that a call whose outcome is in doubt is made again only if it has not been applied.
func applyRules(ctx context.Context, s *resource.Session, id resource.Identity, wanted []SecurityGroupRule) error {
	const maxRounds = 4
	var doubt error
	for range maxRounds {
		rules, err := s.SecurityRules(ctx, id.Place, id.Object)
		if err != nil {
			return err
		}
		if doubt = applyMissingRules(ctx, s, id, wanted, rules); doubt == nil {
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
func applyMissingRules(
	ctx context.Context, s *resource.Session, id resource.Identity, wanted []SecurityGroupRule, rules []client.SecurityRule,
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
			if err := s.CreateSecurityRule(ctx, id.Place, id.Object, client.SecurityRuleRequest{
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
		if err := s.DeleteSecurityRule(ctx, id.Place, rule.ID); err != nil && !client.IsNotFound(err) {
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
