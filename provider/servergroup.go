package provider

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// ServerGroup is the resource arvancloud:iaas:ServerGroup.
type ServerGroup struct {
	kind[ServerGroupArgs, ServerGroupState, client.ServerGroup]
}

// ServerGroupArgs are the inputs of a ServerGroup.
type ServerGroupArgs struct {
	Zone   string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Name   string `pulumi:"name" provider:"replaceOnChanges" doc:"Name of the group."`
	Policy string `pulumi:"policy,optional" provider:"replaceOnChanges" doc:"anti-affinity (default: each server on a machine of its own), affinity, soft-anti-affinity or soft-affinity."`
}

// ServerGroupState is what is known of a ServerGroup.
type ServerGroupState struct {
	ServerGroupArgs
	ServerGroupID string `pulumi:"serverGroupId" doc:"Id of the group, as a Server takes it."`
}

// Annotate describes the resource in the schema.
func (g *ServerGroup) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "ServerGroup")
	a.Describe(&g, documented("A group of servers that ArvanCloud keeps on different machines, or together. A server joins it only when it is made.",
		formServerGroup, "iaas:ServerGroup", "name: control-planes\npolicy: anti-affinity"))
}

// Annotate describes the inputs in the schema.
func (s *ServerGroupArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

// Annotate describes the outputs in the schema.
func (s *ServerGroupState) Annotate(a infer.Annotator) { describeFields(a, s) }

const defaultPolicy = "anti-affinity"

func newServerGroup() *ServerGroup {
	return &ServerGroup{kind[ServerGroupArgs, ServerGroupState, client.ServerGroup]{
		name: kindServerGroup, form: formServerGroup,
		place: func(args ServerGroupArgs) string { return args.Zone },
		list: func(ctx context.Context, s *session, zone string) ([]client.ServerGroup, error) {
			return s.ServerGroups(ctx, zone)
		},
		id: func(group client.ServerGroup) string { return group.ID },
		check: func(ctx context.Context, c *checker, args *ServerGroupArgs) {
			c.zone(ctx, &args.Zone)
			c.name("name", args.Name)
			if c.decided("policy") && args.Policy == "" {
				args.Policy = defaultPolicy
			}
			if c.known("policy") {
				c.choice("policy", args.Policy, "anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity")
			}
			c.takes(ctx, kindServerGroup, "name", args.Zone, quotaServerGroups)
		},
		same: func(args ServerGroupArgs, group client.ServerGroup) bool {
			return group.Name == args.Name && slices.Contains(group.Policies, args.Policy)
		},
		make: func(ctx context.Context, s *session, args ServerGroupArgs) (client.ServerGroup, error) {
			return s.CreateServerGroup(ctx, args.Zone, args.Name, args.Policy)
		},
		state: func(args ServerGroupArgs, group client.ServerGroup, before ServerGroupState) ServerGroupState {
			return ServerGroupState{ServerGroupArgs: args, ServerGroupID: or(&group.ID, before.ServerGroupID)}
		},
		observe: func(args ServerGroupArgs, group client.ServerGroup, _ bool, id identity) ServerGroupArgs {
			args.Zone, args.Name = id.place, group.Name
			if len(group.Policies) > 0 {
				args.Policy = group.Policies[0]
			}
			return args
		},
		remove: func(ctx context.Context, s *session, id identity, _ ServerGroupState) error {
			return s.DeleteServerGroup(ctx, id.place, id.object)
		},
	}}
}
