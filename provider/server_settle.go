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
	args ServerArgs
	old  *ServerState // what it was before an update; nil when it has just been made
}

// serverView is a server as it is, with its ports.
type serverView struct {
	client.Server
	ports []client.Port
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

// settleServer looks at the server, does the first thing that is missing, and looks again, until nothing is missing. It
// therefore goes on from wherever an earlier attempt got to. The state is what was seen last, also when it fails.
func (s *session) settleServer(ctx context.Context, id identity, goal serverGoal, state ServerState) (ServerState, error) {
	tried := map[string]*attempts{}
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
