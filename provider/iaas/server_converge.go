package iaas

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// serverGoal is what a server is to become.
type serverGoal struct {
	args ServerArgs
	old  *ServerState // what it was before an update; nil when it has just been made
}

// serverView is a server as it is, with its ports.
type serverView struct {
	client.Server
	ports []client.Port
	disk  int    // GB of the root disk; 0 when not looked at
	group string // id of its server group; empty when not looked at
}

// Limits of what is tried again for one action.
const (
	maxDoubts    = 3  // outcomes that are in doubt
	maxConflicts = 8  // refusals because something else is under way
	doubtLooks   = 10 // looks for the effect of an action in doubt, before it is made again
)

// attempts is how an action has gone so far.
type attempts struct {
	done      bool
	doubts    int
	conflicts int
	looks     int // still to come before it is made again
}

// mayStart tells whether the action is to be made now, rather than waited for.
func (a *attempts) mayStart() bool {
	if a.looks > 0 {
		a.looks--
		return false
	}
	return !a.done
}

// settle takes note of how the action went, and returns its error if that is final.
func (a *attempts) settle(err error) error {
	switch {
	case err == nil:
		a.done = true
	case client.IsAmbiguous(err) && a.doubts < maxDoubts:
		a.doubts++
		a.looks = doubtLooks
	case client.HasStatus(err, http.StatusConflict) && a.conflicts < maxConflicts:
		a.conflicts++
	default:
		return err
	}
	return nil
}

// convergeServer looks at the server, does the first thing that is missing, and looks again, until nothing is missing. It
// therefore goes on from wherever an earlier attempt got to. The state is what was seen last, also when it fails.
func convergeServer(
	ctx context.Context, s *resource.Session, id resource.Identity, args ServerArgs, old *ServerState, state ServerState,
) (ServerState, error) {
	if old == nil {
		plan, err := zone.Plan(ctx, s, args.Zone, args.PlanID)
		if err != nil {
			return state, err
		}
		state.DiskSize = max(state.DiskSize, rootDisk(args, plan))
	}
	goal := serverGoal{args, old}
	tried := map[string]*attempts{}
	err := s.Poll(ctx, func(ctx context.Context) (string, error) {
		view, found, err := viewServer(ctx, s, id)
		if err != nil {
			return "", err
		}
		if !found {
			return "", fmt.Errorf("the server %s is gone", id)
		}
		state = stateOfServer(args, view, state)
		label := "server " + view.Name
		switch {
		case view.Status == client.StatusError:
			return "", fmt.Errorf("the server %s is in the state ERROR: %s; the next update replaces it", id, orUnknown(string(view.Error)))
		case zone.Leaving(view.Server):
			return "", fmt.Errorf("the server %s is being deleted", id)
		case view.Busy(), view.Status != client.StatusActive && view.Status != client.StatusShutoff:
			return fmt.Sprintf("%s: waiting while it is %s", label, view.Status), nil
		}
		action := nextAction(s, id, goal, view)
		if action == nil {
			if missing := goal.missingAddress(state); missing != "" {
				return fmt.Sprintf("%s: waiting for its %s", label, missing), nil
			}
			return "", nil
		}
		if tried[action.name] == nil {
			tried[action.name] = &attempts{}
		}
		if attempts := tried[action.name]; attempts.mayStart() {
			if err := attempts.settle(action.do(ctx)); err != nil {
				return "", fmt.Errorf("%s: %s: %w", label, action.name, err)
			}
		}
		return fmt.Sprintf("%s: waiting for the effect of: %s", label, action.name), nil
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
func viewServer(ctx context.Context, s *resource.Session, id resource.Identity) (serverView, bool, error) {
	server, found, err := s.Server(ctx, id.Place, id.Object)
	if err != nil || !found {
		return serverView{}, false, err
	}
	ports, err := s.Ports(ctx, id.Place)
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

// stateOfServer is the state of the server with these inputs. What cannot be read is taken from before.
func stateOfServer(args ServerArgs, v serverView, before ServerState) ServerState {
	state := before
	state.ServerArgs, state.Zone = args, args.Zone
	if args.PlanID != before.PlanID {
		state.PricePerHour, state.PricePerMonth = 0, 0
	}
	if v.ID == "" {
		state.DiskSize = cmp.Or(before.DiskSize, args.DiskSize)
		return state
	}
	state.ServerID, state.Status, state.PublicAddress = v.ID, v.Status, v.PublicIPv4()
	state.RootPassword = cmp.Or(v.Password, before.RootPassword)
	state.DiskSize = knownDisk(v.Server, before)
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

// knownDisk is the size of the root disk. The plan's disk may be what the API shows, so only growth is believed.
func knownDisk(server client.Server, before ServerState) int {
	return max(before.DiskSize, int(server.Flavor.Disk))
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
