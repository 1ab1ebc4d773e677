package iaas

import (
	"context"
	"fmt"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// serverAction is one call that brings a server nearer to its goal.
type serverAction struct {
	name string // says what it does, and tells it from others
	do   func(context.Context) error
}

// nextAction is the first thing that is missing for the goal, or nil.
func nextAction(s *resource.Session, id resource.Identity, goal serverGoal, view serverView) *serverAction {
	for _, next := range []func(*resource.Session, resource.Identity, serverGoal, serverView) *serverAction{
		nextRename, nextSize, nextStart, nextSecurityGroup, nextNetwork, nextPublicAddress, nextStop,
	} {
		if action := next(s, id, goal, view); action != nil {
			return action
		}
	}
	return nil
}

func nextRename(s *resource.Session, id resource.Identity, goal serverGoal, view serverView) *serverAction {
	if view.Name == goal.args.Name {
		return nil
	}
	return &serverAction{"rename it to " + goal.args.Name, func(ctx context.Context) error {
		return s.RenameServer(ctx, id.Place, id.Object, goal.args.Name)
	}}
}

// nextSize changes the plan, for which the server has to be off, and grows the disk.
func nextSize(s *resource.Session, id resource.Identity, goal serverGoal, view serverView) *serverAction {
	switch {
	case view.Flavor.ID != goal.args.PlanID && view.Status == client.StatusActive:
		return &serverAction{"switch it off to resize it", func(ctx context.Context) error { return s.StopServer(ctx, id.Place, id.Object) }}
	case view.Flavor.ID != goal.args.PlanID:
		return &serverAction{"resize it to " + goal.args.PlanID, func(ctx context.Context) error {
			return s.ResizeServer(ctx, id.Place, id.Object, goal.args.PlanID)
		}}
	case goal.old != nil && goal.args.DiskSize > goal.old.DiskSize && int(view.Flavor.Disk) < goal.args.DiskSize:
		return &serverAction{fmt.Sprintf("grow its disk to %d GB", goal.args.DiskSize), func(ctx context.Context) error {
			return s.GrowDisk(ctx, id.Place, id.Object, goal.args.DiskSize)
		}}
	}
	return nil
}

// nextStart switches the server on: whoever switched it off, this is where an interrupted resize goes on.
func nextStart(s *resource.Session, id resource.Identity, goal serverGoal, view serverView) *serverAction {
	if goal.args.PowerState == powerOff || view.Status != client.StatusShutoff {
		return nil
	}
	return &serverAction{"switch it on", func(ctx context.Context) error { return s.StartServer(ctx, id.Place, id.Object) }}
}

// nextStop switches the server off if that is wanted, after all else, and not before its public address has come.
func nextStop(s *resource.Session, id resource.Identity, goal serverGoal, view serverView) *serverAction {
	if goal.args.PowerState != powerOff || view.Status != client.StatusActive ||
		goal.args.wantsPublicAddress() && view.PublicIPv4() == "" {
		return nil
	}
	return &serverAction{"switch it off", func(ctx context.Context) error { return s.StopServer(ctx, id.Place, id.Object) }}
}

// nextSecurityGroup adds the groups that are missing, then removes those too many. No group at all means the zone's default
// group, which is left to ArvanCloud.
func nextSecurityGroup(s *resource.Session, id resource.Identity, goal serverGoal, view serverView) *serverAction {
	if len(goal.args.SecurityGroupIDs) == 0 {
		return nil
	}
	var groups []string
	for _, group := range view.SecurityGroups {
		groups = append(groups, group.ID)
	}
	for _, group := range goal.args.SecurityGroupIDs {
		if !slices.Contains(groups, group) {
			return &serverAction{"add it to the security group " + group, func(ctx context.Context) error {
				return s.AddSecurityGroup(ctx, id.Place, id.Object, group)
			}}
		}
	}
	for _, group := range groups {
		if !slices.Contains(goal.args.SecurityGroupIDs, group) {
			return &serverAction{"remove it from the security group " + group, func(ctx context.Context) error {
				return s.RemoveSecurityGroup(ctx, id.Place, id.Object, group)
			}}
		}
	}
	return nil
}

// nextNetwork unplugs the server where it is not wanted any more or has another address than wanted, and plugs it in where it
// is missing. Networks that were never in the inputs are left alone.
func nextNetwork(s *resource.Session, id resource.Identity, goal serverGoal, view serverView) *serverAction {
	addresses, ports := view.private()
	detach := func(network string) *serverAction {
		port := ports[network].ID
		return &serverAction{fmt.Sprintf("detach port %s from the network %s", port, network), func(ctx context.Context) error {
			return s.Detach(ctx, id.Place, port, id.Object)
		}}
	}
	if goal.old != nil {
		for _, network := range goal.old.Networks {
			wanted := slices.ContainsFunc(goal.args.Networks, func(n ServerNetwork) bool { return n.NetworkID == network.NetworkID })
			if !wanted && addresses[network.NetworkID] != "" {
				return detach(network.NetworkID)
			}
		}
	}
	for _, network := range goal.args.Networks {
		switch address := addresses[network.NetworkID]; {
		case address == "":
			return &serverAction{fmt.Sprintf("attach it to the network %s %s", network.NetworkID, network.Address),
				func(ctx context.Context) error {
					return s.Attach(ctx, id.Place, network.NetworkID, id.Object, network.Address)
				}}
		case network.Address != "" && address != network.Address:
			return detach(network.NetworkID)
		}
	}
	return nil
}

// nextPublicAddress adds a public address when an update asks for one. A server made with one gets it by itself, only later,
// and must not get a second one meanwhile.
func nextPublicAddress(s *resource.Session, id resource.Identity, goal serverGoal, view serverView) *serverAction {
	address := view.PublicIPv4()
	switch wanted := goal.args.wantsPublicAddress(); {
	case wanted && address == "" && goal.old != nil && !goal.old.wantsPublicAddress():
		return &serverAction{"add a public address", func(ctx context.Context) error {
			return s.AddPublicIPv4(ctx, id.Place, id.Object, goal.args.SecurityGroupIDs)
		}}
	case !wanted && address != "":
		for _, port := range view.ports {
			if slices.Contains(port.Addresses, client.PortAddress(address)) {
				return &serverAction{"remove the public address " + address, func(ctx context.Context) error {
					return s.DeletePort(ctx, id.Place, port.ID)
				}}
			}
		}
	}
	return nil
}
