package provider

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
)

// serverGoal is what a server is to become.
type serverGoal struct {
	args        ServerArgs
	old         *ServerState // what it was before an update; nil when it has just been made
	keepRunning bool         // whether it is to be on in the end
}

// serverView is a server as it is, with its ports.
type serverView struct {
	client.Server
	ports []client.Port
}

// serverAction is one call that brings a server nearer to its goal.
type serverAction struct {
	name string // says what it does, and tells it from others
	do   func(context.Context) error
}

// Limits of what is tried again for one action.
const (
	maxDoubts    = 3 // outcomes that are in doubt
	maxConflicts = 8 // refusals because something else is under way
)

// settleServer looks at the server, does the first thing that is missing, and looks again, until nothing is missing. It
// therefore goes on from wherever an earlier attempt got to. The state is what was seen last, also when it fails.
func (s *session) settleServer(ctx context.Context, id identity, goal serverGoal, state ServerState) (ServerState, error) {
	done, doubts, conflicts := map[string]bool{}, map[string]int{}, map[string]int{}
	err := s.poll(ctx, func(ctx context.Context) (string, error) {
		view, found, err := s.viewServer(ctx, id)
		if err != nil {
			return "", err
		}
		if !found {
			return "", fmt.Errorf("the server %s is gone", id)
		}
		state = view.state(goal.args, state)
		label := "server " + view.Name
		switch {
		case view.Status == client.StatusError:
			return "", fmt.Errorf("the server %s is in the state ERROR: %s; the next update replaces it", id, orUnknown(string(view.Error)))
		case leaving(view.Server):
			return "", fmt.Errorf("the server %s is being deleted", id)
		case view.Busy(), view.Status != client.StatusActive && view.Status != client.StatusShutoff:
			return fmt.Sprintf("%s: waiting while it is %s", label, view.Status), nil
		}
		action := s.nextAction(id, goal, view)
		if action == nil {
			if missing := goal.missingAddress(state); missing != "" {
				return fmt.Sprintf("%s: waiting for its %s", label, missing), nil
			}
			return "", nil
		}
		waiting := fmt.Sprintf("%s: waiting for the effect of: %s", label, action.name)
		if done[action.name] {
			return waiting, nil
		}
		err = action.do(ctx)
		switch {
		case err == nil:
			done[action.name] = true
		case client.IsAmbiguous(err) && doubts[action.name] < maxDoubts:
			doubts[action.name]++
		case client.HasStatus(err, http.StatusConflict) && conflicts[action.name] < maxConflicts:
			conflicts[action.name]++
		default:
			return "", fmt.Errorf("%s: %s: %w", label, action.name, err)
		}
		return waiting, nil
	})
	return state, err
}

func orUnknown(text string) string {
	if text == "" {
		return "ArvanCloud does not tell why"
	}
	return text
}

// viewServer reads a server and its ports.
func (s *session) viewServer(ctx context.Context, id identity) (serverView, bool, error) {
	server, found, err := s.Server(ctx, id.place, id.object)
	if err != nil || !found {
		return serverView{}, false, err
	}
	ports, err := s.Ports(ctx, id.place)
	return newServerView(server, ports), true, err
}

// newServerView picks the server's ports out of all ports of its zone.
func newServerView(server client.Server, ports []client.Port) serverView {
	view := serverView{Server: server}
	for _, port := range ports {
		if port.ServerID == server.ID {
			view.ports = append(view.ports, port)
		}
	}
	return view
}

// private are the addresses in private networks, by network, and the ports that have them.
func (v serverView) private() (addresses map[string]string, ports map[string]client.Port) {
	public := map[string]bool{}
	for _, list := range v.Addresses {
		for _, address := range list {
			public[address.Address] = public[address.Address] || address.Public
		}
	}
	addresses, ports = map[string]string{}, map[string]client.Port{}
	for _, port := range v.ports {
		if len(port.Addresses) == 0 || slices.ContainsFunc(port.Addresses, func(a client.PortAddress) bool { return public[string(a)] }) {
			continue
		}
		addresses[port.NetworkID], ports[port.NetworkID] = string(port.Addresses[0]), port
	}
	return addresses, ports
}

// state is the state of the server with these inputs. What cannot be read is taken from before.
func (v serverView) state(args ServerArgs, before ServerState) ServerState {
	state := before
	state.ServerArgs = args
	state.ServerID, state.Status, state.PublicAddress = v.ID, v.Status, v.PublicIPv4()
	// The plan's disk may be what the API shows here, so only growth is believed.
	state.DiskSize = max(before.DiskSize, int(v.Flavor.Disk))
	addresses, _ := v.private()
	state.PrivateAddresses, state.PrivateAddress = map[string]string{}, ""
	for i, network := range args.Networks {
		if address := addresses[network.NetworkID]; address != "" {
			state.PrivateAddresses[network.NetworkID] = address
			if i == 0 {
				state.PrivateAddress = address
			}
		}
	}
	return state
}

// missingAddress says which address a server that is otherwise as wanted does not show yet.
func (g serverGoal) missingAddress(state ServerState) string {
	if g.args.wantsPublicAddress() && state.PublicAddress == "" {
		return "public address"
	}
	for _, network := range g.args.Networks {
		if state.PrivateAddresses[network.NetworkID] == "" {
			return "address in the network " + network.NetworkID
		}
	}
	return ""
}

// nextAction is the first thing that is missing for the goal, or nil.
func (s *session) nextAction(id identity, goal serverGoal, view serverView) *serverAction {
	for _, next := range []func(identity, serverGoal, serverView) *serverAction{
		s.nextRename, s.nextSize, s.nextPower, s.nextSecurityGroup, s.nextNetwork, s.nextPublicAddress,
	} {
		if action := next(id, goal, view); action != nil {
			return action
		}
	}
	return nil
}

func (s *session) nextRename(id identity, goal serverGoal, view serverView) *serverAction {
	if view.Name == goal.args.Name {
		return nil
	}
	return &serverAction{"rename it to " + goal.args.Name, func(ctx context.Context) error {
		return s.RenameServer(ctx, id.place, id.object, goal.args.Name)
	}}
}

// nextSize changes the plan, for which the server has to be off, and grows the disk.
func (s *session) nextSize(id identity, goal serverGoal, view serverView) *serverAction {
	switch {
	case view.Flavor.ID != goal.args.PlanID && view.Status == client.StatusActive:
		return &serverAction{"switch it off to resize it", func(ctx context.Context) error { return s.StopServer(ctx, id.place, id.object) }}
	case view.Flavor.ID != goal.args.PlanID:
		return &serverAction{"resize it to " + goal.args.PlanID, func(ctx context.Context) error {
			return s.ResizeServer(ctx, id.place, id.object, goal.args.PlanID)
		}}
	case goal.old != nil && goal.args.DiskSize > goal.old.DiskSize && int(view.Flavor.Disk) < goal.args.DiskSize:
		return &serverAction{fmt.Sprintf("grow its disk to %d GB", goal.args.DiskSize), func(ctx context.Context) error {
			return s.GrowDisk(ctx, id.place, id.object, goal.args.DiskSize)
		}}
	}
	return nil
}

func (s *session) nextPower(id identity, goal serverGoal, view serverView) *serverAction {
	if view.Status != client.StatusShutoff || !goal.keepRunning {
		return nil
	}
	return &serverAction{"switch it on", func(ctx context.Context) error { return s.StartServer(ctx, id.place, id.object) }}
}

// nextSecurityGroup adds the groups that are missing, then removes those too many. No group at all means the zone's default
// group, which is left to ArvanCloud.
func (s *session) nextSecurityGroup(id identity, goal serverGoal, view serverView) *serverAction {
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
				return s.AddSecurityGroup(ctx, id.place, id.object, group)
			}}
		}
	}
	for _, group := range groups {
		if !slices.Contains(goal.args.SecurityGroupIDs, group) {
			return &serverAction{"remove it from the security group " + group, func(ctx context.Context) error {
				return s.RemoveSecurityGroup(ctx, id.place, id.object, group)
			}}
		}
	}
	return nil
}

// nextNetwork unplugs the server where it is not wanted any more or has another address than wanted, and plugs it in where it
// is missing. Networks that were never in the inputs are left alone.
func (s *session) nextNetwork(id identity, goal serverGoal, view serverView) *serverAction {
	addresses, ports := view.private()
	detach := func(network string) *serverAction {
		port := ports[network].ID
		return &serverAction{fmt.Sprintf("detach port %s from the network %s", port, network), func(ctx context.Context) error {
			return s.Detach(ctx, id.place, port, id.object)
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
					return s.Attach(ctx, id.place, network.NetworkID, id.object, network.Address)
				}}
		case network.Address != "" && address != network.Address:
			return detach(network.NetworkID)
		}
	}
	return nil
}

// nextPublicAddress adds a public address when an update asks for one. A server made with one gets it by itself, only later,
// and must not get a second one meanwhile.
func (s *session) nextPublicAddress(id identity, goal serverGoal, view serverView) *serverAction {
	address := view.PublicIPv4()
	switch wanted := goal.args.wantsPublicAddress(); {
	case wanted && address == "" && goal.old != nil && !goal.old.wantsPublicAddress():
		return &serverAction{"add a public address", func(ctx context.Context) error {
			return s.AddPublicIPv4(ctx, id.place, id.object, goal.args.SecurityGroupIDs)
		}}
	case !wanted && address != "":
		for _, port := range view.ports {
			if slices.Contains(port.Addresses, client.PortAddress(address)) {
				return &serverAction{"remove the public address " + address, func(ctx context.Context) error {
					return s.DeletePort(ctx, id.place, port.ID)
				}}
			}
		}
	}
	return nil
}
