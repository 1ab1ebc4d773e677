package arvan

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/sdks/arvancloud/iaas"
)

// groups are the server groups by the role of their nodes. They are two, because a control plane beside a worker harms
// nobody, and one group of all would need a physical machine for each server.
type groups map[Role]*iaas.ServerGroup

func newGroups(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (groups, error) {
	made := groups{}
	if args.Cloud.Placement == "" {
		return made, nil
	}
	for _, role := range []Role{ControlPlane, Worker} {
		if !args.Nodes.Has(role) {
			continue
		}
		group, err := iaas.NewServerGroup(ctx, groupName(name, role)+"-apart", &iaas.ServerGroupArgs{
			Name: pulumi.String(groupName(name, role)), Policy: pulumi.String(args.Cloud.Placement), Zone: pulumi.String(args.Cloud.Zone),
		}, child)
		if err != nil {
			return nil, err
		}
		made[role] = group
	}
	return made, nil
}

// of is the id of the group a server is in; nil if in none.
func (g groups) of(node Node) pulumi.StringPtrInput {
	if group, there := g[node.Role]; there {
		return group.ServerGroupId
	}
	return nil
}

// groupName names what the servers of a role share.
func groupName(name string, role Role) string { return name + "-" + string(role) + "s" }
