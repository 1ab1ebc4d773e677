package provider

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// SecurityGroup is the resource arvancloud:iaas:SecurityGroup: a firewall group together with its rules.
type SecurityGroup struct{}

// SecurityGroupArgs are the inputs of a SecurityGroup.
type SecurityGroupArgs struct {
	Zone        string              `pulumi:"zone,optional" provider:"replaceOnChanges"`
	Name        string              `pulumi:"name" provider:"replaceOnChanges"`
	Description string              `pulumi:"description,optional" provider:"replaceOnChanges"`
	Rules       []SecurityGroupRule `pulumi:"rules,optional"`
}

// SecurityGroupState is what is known of a SecurityGroup.
type SecurityGroupState struct {
	SecurityGroupArgs
	Zone            string `pulumi:"zone" provider:"replaceOnChanges"`
	SecurityGroupID string `pulumi:"securityGroupId"`
}

// SecurityGroupRule lets traffic through. It has no identity of its own: the API tells none when it makes a rule.
type SecurityGroupRule struct {
	Direction   string   `pulumi:"direction"`
	Protocol    string   `pulumi:"protocol"`
	PortFrom    int      `pulumi:"portFrom,optional"`
	PortTo      int      `pulumi:"portTo,optional"`
	CIDRs       []string `pulumi:"cidrs"`
	Description string   `pulumi:"description,optional"`
}

// Annotate describes the resource in the schema.
func (g *SecurityGroup) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "SecurityGroup")
	a.Describe(&g, documented("A firewall group and all its rules. Rules are compared by what they let through; a rule made elsewhere is "+
		"reported as drift and removed, except the rules that ArvanCloud adds to each group to let all traffic out.",
		formSecurityGroup, "iaas:SecurityGroup", `
		name: web
		rules: [{direction: ingress, protocol: tcp, portFrom: 443, cidrs: [0.0.0.0/0]}]`))
}

// Annotate describes the inputs in the schema.
func (s *SecurityGroupArgs) Annotate(a infer.Annotator) {
	a.Describe(&s.Zone, describeZone)
	a.Describe(&s.Name, "Name of the group, unique in the zone.")
	a.Describe(&s.Description, "What the group is for.")
	a.Describe(&s.Rules, "What the group lets through. Traffic that no rule matches is dropped.")
}

// Annotate describes the outputs in the schema.
func (s *SecurityGroupState) Annotate(a infer.Annotator) {
	a.Describe(&s.SecurityGroupID, "Id of the group, as servers refer to it.")
}

// Annotate describes the type in the schema.
func (r *SecurityGroupRule) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "SecurityGroupRule")
	a.Describe(&r.Direction, "\"ingress\" or \"egress\".")
	a.Describe(&r.Protocol, "\"tcp\", \"udp\" or \"icmp\".")
	a.Describe(&r.PortFrom, "First port. Leave it and portTo out for all ports.")
	a.Describe(&r.PortTo, "Last port. Default: the same as portFrom.")
	a.Describe(&r.CIDRs, "Ranges the other side is in, for example 10.10.0.0/24. Everywhere is 0.0.0.0/0 (and ::/0 for IPv6).")
	a.Describe(&r.Description, "What the rule is for.")
}
