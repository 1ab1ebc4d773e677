package iaas

import (
	"cmp"
	"context"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

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

const defaultPolicy = "anti-affinity"

// ServerGroup is the resource arvancloud:iaas:ServerGroup.
var ServerGroup = &resource.Kind[ServerGroupArgs, ServerGroupState, client.ServerGroup]{
	Type:    "iaas:ServerGroup",
	Name:    "server group",
	IDs:     "<zone>/<server group id>",
	About:   "A group of servers that ArvanCloud keeps on different machines, or together. A server joins it only when it is made.",
	Example: "name: control-planes\npolicy: anti-affinity",

	Place: func(args ServerGroupArgs) string { return args.Zone },
	List: func(ctx context.Context, s *resource.Session, zone string) ([]client.ServerGroup, error) {
		return s.ServerGroups(ctx, zone)
	},
	ID: func(group client.ServerGroup) string { return group.ID },
	Check: func(ctx context.Context, c *resource.Checker, args *ServerGroupArgs) {
		c.Zone(ctx, &args.Zone)
		c.Name("name", args.Name)
		if c.Decided("policy") && args.Policy == "" {
			args.Policy = defaultPolicy
		}
		if c.Known("policy") {
			c.Choice("policy", args.Policy, "anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity")
		}
		zone.Takes(ctx, c, "name", args.Zone, zone.QuotaServerGroups)
	},
	Same: func(args ServerGroupArgs, group client.ServerGroup) bool {
		return group.Name == args.Name && slices.Contains(group.Policies, args.Policy)
	},
	Make: func(ctx context.Context, s *resource.Session, args ServerGroupArgs) (client.ServerGroup, error) {
		return s.CreateServerGroup(ctx, args.Zone, args.Name, args.Policy)
	},
	State: func(args ServerGroupArgs, group client.ServerGroup, before ServerGroupState) ServerGroupState {
		return ServerGroupState{ServerGroupArgs: args, ServerGroupID: cmp.Or(group.ID, before.ServerGroupID)}
	},
	Observe: func(args ServerGroupArgs, group client.ServerGroup, _ bool, id resource.Identity) ServerGroupArgs {
		args.Zone, args.Name = id.Place, group.Name
		if len(group.Policies) > 0 {
			args.Policy = group.Policies[0]
		}
		return args
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ ServerGroupState) error {
		return s.DeleteServerGroup(ctx, id.Place, id.Object)
	},
	Users: zone.UsedByServers(func(ctx context.Context, s *resource.Session, id resource.Identity) (func(client.Server) bool, error) {
		groups, err := s.ServerGroups(ctx, id.Place)
		i := slices.IndexFunc(groups, func(group client.ServerGroup) bool { return group.ID == id.Object })
		return func(server client.Server) bool { return i >= 0 && slices.Contains(groups[i].Members, server.ID) }, err
	}),
}
