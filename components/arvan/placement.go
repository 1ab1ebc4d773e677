package arvan

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/sdks/arvancloud/iaas"
)

// groups are the server groups by the kind of their servers. They are two, because a control plane beside a worker harms
// nobody, and one group of all would need a physical machine for each server.
type groups map[Kind]*iaas.ServerGroup

func newGroups(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (groups, error) {
	made := groups{}
	if args.Placement == "" {
		return made, nil
	}
	for _, kind := range []Kind{ControlPlane, Worker} {
		if !args.has(kind) {
			continue
		}
		group, err := iaas.NewServerGroup(ctx, groupName(name, kind)+"-apart", &iaas.ServerGroupArgs{
			Name: pulumi.String(groupName(name, kind)), Policy: pulumi.String(args.Placement), Zone: pulumi.String(args.Zone),
		}, child)
		if err != nil {
			return nil, err
		}
		made[kind] = group
	}
	return made, nil
}

// of is the id of the group a server is in; nil if in none.
func (g groups) of(server Server) pulumi.StringPtrInput {
	if group, there := g[server.Kind]; there {
		return group.ServerGroupId
	}
	return nil
}

func (args *Args) has(kind Kind) bool {
	return slices.ContainsFunc(args.Servers, func(server Server) bool { return server.Kind == kind })
}

// groupName names what the servers of a kind share.
func groupName(name string, kind Kind) string { return name + "-" + string(kind) + "s" }
