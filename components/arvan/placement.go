package arvan

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/providers"
)

// GroupType is the type of a server group in a stack's state.
const GroupType = "arvancloud:iaas:ServerGroup"

// Groups are the server groups that the stack's last update left, by the names of their resources.
type Groups map[string]Group

// Group is a server group as it was made. It can become no other, and a server is in it for life.
type Group struct {
	ID     string `json:"serverGroupId"`
	Policy string `json:"policy"`
}

// groups are the ids of the server groups by the names of the nodes in them. Each role has groups of its own, because a control
// plane beside a worker harms nobody, and one group of all would need a physical machine for each server.
type groups map[string]pulumi.StringInput

// newGroups keeps the groups that running machines are in, and makes those that new ones are to be in.
func newGroups(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (groups, error) {
	found, registered := groups{}, map[string]*providers.ServerGroup{}
	for _, node := range args.Nodes {
		made, stays := args.Running[node.Name]
		stays = stays && !made.replaced(node)
		if node.Role == Bastion || stays && made.Group == "" || !stays && args.Cloud.Placement == "" {
			continue // in none
		}
		group := args.groupOf(name, node, stays)
		if group == nil { // nothing of this stack's, and none of its business
			found[node.Name] = pulumi.String(made.Group)
			continue
		}
		if registered[group.resource] == nil {
			its, err := providers.NewServerGroup(ctx, group.resource, &providers.ServerGroupArgs{
				Name: pulumi.String(group.name), Policy: pulumi.String(group.policy), Zone: pulumi.String(args.Cloud.Zone),
			}, child)
			if err != nil {
				return nil, err
			}
			registered[group.resource] = its
		}
		found[node.Name] = registered[group.resource].ServerGroupId
	}
	return found, nil
}

// namedGroup is a group by what its resource is called, and what the cloud calls it.
type namedGroup struct{ resource, name, policy string }

// groupOf is the group of a node: of one whose machine stays, the one it is in; of others, one of the wanted policy.
func (args *Args) groupOf(name string, node Node, stays bool) *namedGroup {
	named, wanted := args.groupsOf(name, node.Role), args.Cloud.Placement
	for _, each := range named {
		left, there := args.Groups[each.resource]
		if there && (stays && left.ID == args.Running[node.Name].Group || !stays && left.Policy == wanted) {
			each.policy = left.Policy
			return &each
		}
	}
	for _, each := range named {
		if _, taken := args.Groups[each.resource]; !stays && !taken && each.policy == wanted {
			return &each
		}
	}
	return nil
}

// groupsOf are the names that the groups of a role have: the first one is called after no policy.
func (args *Args) groupsOf(name string, role Role) []namedGroup {
	of := groupName(name, role)
	named := []namedGroup{{of + "-apart", of, args.Cloud.Placement}}
	for _, policy := range placements {
		named = append(named, namedGroup{of + "-" + policy, of + "-" + policy, policy})
	}
	return named
}

// groupName names what the servers of a role share.
func groupName(name string, role Role) string { return name + "-" + string(role) + "s" }
