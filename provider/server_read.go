package provider

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// Read looks the server up, in the list that all servers of its zone share.
func (*Server) Read(
	ctx context.Context, request infer.ReadRequest[ServerArgs, ServerState],
) (infer.ReadResponse[ServerArgs, ServerState], error) {
	id, err := parseIdentity(request.ID, formServer)
	if err != nil {
		return infer.ReadResponse[ServerArgs, ServerState]{}, err
	}
	s := sessionOf(ctx)
	servers, err := s.servers.get(ctx, s, id.place, s.Servers)
	if err != nil {
		return infer.ReadResponse[ServerArgs, ServerState]{}, err
	}
	i := slices.IndexFunc(servers, func(server client.Server) bool { return server.ID == id.object })
	if i < 0 || servers[i].Status == client.StatusDeleted || servers[i].Status == client.StatusSoftDeleted {
		return infer.ReadResponse[ServerArgs, ServerState]{}, nil
	}
	ports, err := s.ports.get(ctx, s, id.place, s.Ports)
	if err != nil {
		return infer.ReadResponse[ServerArgs, ServerState]{}, err
	}
	view := newServerView(servers[i], ports)
	args := view.inputs(request.Inputs)
	args.Zone = id.place
	if args.ServerGroupID, err = s.groupOfServer(ctx, id, args.ServerGroupID, request.Inputs.Name == ""); err != nil {
		return infer.ReadResponse[ServerArgs, ServerState]{}, err
	}
	state := view.state(args, request.State)
	state.Zone = id.place
	s.priceServer(ctx, &state)
	if args.DiskSize != 0 {
		args.DiskSize = state.DiskSize
		state.ServerArgs.DiskSize = state.DiskSize
	}
	return infer.ReadResponse[ServerArgs, ServerState]{ID: request.ID, Inputs: args, State: state}, nil
}

// groupOfServer is the server group that the server is in. Servers do not tell it, groups do; they are only asked if it matters.
func (s *session) groupOfServer(ctx context.Context, id identity, wanted string, imported bool) (string, error) {
	if wanted == "" && !imported {
		return "", nil
	}
	groups, err := listingOf[client.ServerGroup](s, kindServerGroup).get(ctx, s, id.place, s.ServerGroups)
	for _, group := range groups {
		if slices.Contains(group.Members, id.object) {
			return group.ID, err
		}
	}
	return "", err
}

// inputs describes the server as it is. What the user left to ArvanCloud stays left to it, and order means nothing.
func (v serverView) inputs(args ServerArgs) ServerArgs {
	imported := args.Name == ""
	args.Name, args.PlanID, args.ImageID = v.Name, v.Flavor.ID, v.Image.ID
	if key := string(v.KeyName); key != "0" {
		args.SSHKeyName = key
	}
	if len(args.SecurityGroupIDs) > 0 || imported {
		var groups []string
		for _, group := range v.SecurityGroups {
			groups = append(groups, group.ID)
		}
		args.SecurityGroupIDs = inOrder(args.SecurityGroupIDs, groups)
	}
	// While a server is built, its address is still to come; to call that drift would add a second one.
	if v.Status == client.StatusActive || v.Status == client.StatusShutoff {
		args.EnablePublicAddress = observedSwitch(args.EnablePublicAddress, v.PublicIPv4() != "")
	}
	args.PowerState = v.power(args.PowerState)
	addresses, _ := v.private()
	wanted := map[string]ServerNetwork{}
	var order, attached []string
	for _, network := range args.Networks {
		wanted[network.NetworkID] = network
		order = append(order, network.NetworkID)
	}
	for network := range addresses {
		attached = append(attached, network)
	}
	slices.Sort(attached)
	args.Networks = nil
	for _, id := range inOrder(order, attached) {
		network := ServerNetwork{NetworkID: id, Address: addresses[id]}
		if before, known := wanted[id]; known && before.Address == "" {
			network.Address = ""
		}
		args.Networks = append(args.Networks, network)
	}
	return args
}

// power is the power state that describes the server. Unset stays unset while it is on, and while it is between the two.
func (v serverView) power(wanted string) string {
	switch {
	case v.Status == client.StatusShutoff && !v.Busy():
		return powerOff
	case v.Status == client.StatusActive && wanted == powerOff:
		return powerOn
	}
	return wanted
}

// inOrder is what is there: first what was wanted, in the order it was wanted in, then the rest.
func inOrder(wanted, there []string) []string {
	var ordered []string
	for _, id := range wanted {
		if slices.Contains(there, id) {
			ordered = append(ordered, id)
		}
	}
	for _, id := range there {
		if !slices.Contains(wanted, id) {
			ordered = append(ordered, id)
		}
	}
	return ordered
}
