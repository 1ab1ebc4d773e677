package provider

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// WireDependencies tells which outputs a changed input changes, so that a preview of an update knows the others.
func (*Network) WireDependencies(f infer.FieldSelector, args *NetworkArgs, state *NetworkState) {
	f.OutputField(&state.Gateway).DependsOn(f.InputField(&args.Gateway).Computed(), f.InputField(&args.EnableGateway).Computed())
	f.OutputField(&state.MTU).DependsOn(f.InputField(&args.MTU).Computed())
}

// Check refuses ranges and addresses that do not fit together.
func (*Network) Check(ctx context.Context, request infer.CheckRequest) (infer.CheckResponse[NetworkArgs], error) {
	return checkInputs(ctx, request, func(c *checker, args *NetworkArgs) {
		c.zone(ctx, &args.Zone)
		c.name("name", args.Name)
		if c.known("mtu") && (args.MTU < 576 || args.MTU > 9000) {
			c.fail("mtu", "%d is not an MTU: use 576 to 9000", args.MTU)
		}
		if c.known("dnsServers") {
			for i, server := range args.DNSServers {
				c.address(fmt.Sprintf("dnsServers[%d]", i), server)
			}
		}
		if !c.known("cidr") {
			return
		}
		prefix, err := netip.ParsePrefix(args.CIDR)
		switch {
		case err != nil || !prefix.Addr().Is4():
			c.fail("cidr", "%q is not an IPv4 range such as 10.10.0.0/24", args.CIDR)
			return
		case prefix != prefix.Masked():
			c.fail("cidr", "%s has bits of an address in it; did you mean %s?", args.CIDR, prefix.Masked())
			return
		case prefix.Bits() > 30:
			c.fail("cidr", "%s has no room for a gateway and a server: use /30 or larger", args.CIDR)
			return
		}
		inside := func(path, text string) {
			if address := c.address(path, text); address.IsValid() && !prefix.Contains(address) {
				c.fail(path, "%s is not in the network %s", address, prefix)
			}
		}
		if c.known("gateway") && args.Gateway != "" {
			inside("gateway", args.Gateway)
			if args.EnableGateway != nil && !*args.EnableGateway && c.known("enableGateway") {
				c.fail("gateway", "a gateway is given although enableGateway is false")
			}
		}
		if c.known("dhcpRanges") {
			for i, r := range args.DHCPRanges {
				inside(fmt.Sprintf("dhcpRanges[%d].start", i), r.Start)
				inside(fmt.Sprintf("dhcpRanges[%d].end", i), r.End)
			}
		}
		c.rangeIsFree(ctx, args, prefix)
	})
}

// request is the network as the API is asked for it.
func (s NetworkArgs) request() client.SubnetRequest {
	pools := make([]client.AllocationPool, len(s.DHCPRanges))
	for i, r := range s.DHCPRanges {
		pools[i] = client.AllocationPool(r)
	}
	return client.SubnetRequest{
		Name: s.Name, Description: s.Description, CIDR: s.CIDR,
		EnableGateway: s.EnableGateway == nil || *s.EnableGateway, Gateway: s.Gateway,
		EnableDHCP: s.EnableDHCP == nil || *s.EnableDHCP, DHCPRanges: pools,
		DNSServers: s.DNSServers, MTU: s.MTU,
	}
}

// networkState is the state of a network with these inputs and this reality.
func networkState(args NetworkArgs, network client.Network, subnet client.Subnet) NetworkState {
	state := NetworkState{NetworkArgs: args, Zone: args.Zone, Gateway: subnet.GatewayIP, NetworkID: network.ID, SubnetID: subnet.ID}
	state.MTU = int(subnet.MTU)
	if network.MTU != 0 {
		state.MTU = int(network.MTU)
	}
	return state
}

// findSubnet looks for a private network in a list of networks.
func findSubnet(
	networks []client.Network, matches func(client.Network, client.Subnet) bool,
) (client.Network, client.Subnet, bool) {
	for _, network := range networks {
		for _, subnet := range network.Subnets {
			if matches(network, subnet) {
				return network, subnet, true
			}
		}
	}
	return client.Network{}, client.Subnet{}, false
}

// Create makes the network, or takes over the one that an earlier attempt left: of the same name and range, and not in the state.
func (*Network) Create(
	ctx context.Context, request infer.CreateRequest[NetworkArgs],
) (infer.CreateResponse[NetworkState], error) {
	args := request.Inputs
	if request.DryRun {
		return infer.CreateResponse[NetworkState]{Output: NetworkState{NetworkArgs: args, Zone: args.Zone}}, nil
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := sessionOf(ctx)
	find := func(ctx context.Context) (client.Subnet, bool, error) {
		networks, err := s.Networks(ctx, args.Zone)
		_, subnet, found := findSubnet(networks, func(network client.Network, subnet client.Subnet) bool {
			return network.Name == args.Name && subnet.CIDR == args.CIDR && !s.isOwned(kindNetwork, identity{args.Zone, subnet.ID}.String())
		})
		return subnet, found, err
	}
	subnet, left, err := find(ctx)
	if err != nil {
		return infer.CreateResponse[NetworkState]{}, err
	}
	if left {
		p.GetLogger(ctx).Warningf("took over the network %s, which an earlier attempt left", identity{args.Zone, subnet.ID})
	} else {
		subnet, err = client.Create(ctx, s.Client, find, func(ctx context.Context) (client.Subnet, error) {
			return s.CreateSubnet(ctx, args.Zone, args.request())
		})
		if err == nil && subnet.ID == "" {
			// Not every version of the API tells what it made.
			var found bool
			if subnet, found, err = find(ctx); err == nil && !found {
				err = fmt.Errorf("the network %q was made in zone %s but is not listed", args.Name, args.Zone)
			}
		}
		if err != nil {
			return infer.CreateResponse[NetworkState]{}, err
		}
	}
	id := identity{args.Zone, subnet.ID}
	s.own(kindNetwork, id.String())
	state := NetworkState{NetworkArgs: args, Zone: args.Zone, NetworkID: subnet.NetworkID, SubnetID: subnet.ID}
	if left {
		err = s.UpdateSubnet(ctx, args.Zone, subnet.NetworkID, subnet.ID, args.request())
	}
	if err == nil {
		state, err = s.readNetwork(ctx, id, args, state)
	}
	return infer.CreateResponse[NetworkState]{ID: id.String(), Output: state}, partial(err)
}

// readNetwork is the state of a network that must exist. The state is the one before when it fails.
func (s *session) readNetwork(ctx context.Context, id identity, args NetworkArgs, before NetworkState) (NetworkState, error) {
	state, missed := before, 0
	err := s.poll(ctx, func(ctx context.Context) (string, error) {
		networks, err := s.Networks(ctx, id.place)
		if err != nil {
			return "", err
		}
		network, subnet, found := findSubnet(networks, func(_ client.Network, subnet client.Subnet) bool { return subnet.ID == id.object })
		if found {
			state = networkState(args, network, subnet)
			return "", nil
		}
		// A list may lag behind for a moment.
		if missed++; missed > doubtLooks {
			return "", fmt.Errorf("the network %s is not listed any more", id)
		}
		return fmt.Sprintf("waiting until the network %s is listed", id), nil
	})
	return state, err
}

// Read looks the network up.
func (*Network) Read(
	ctx context.Context, request infer.ReadRequest[NetworkArgs, NetworkState],
) (infer.ReadResponse[NetworkArgs, NetworkState], error) {
	id, err := parseIdentity(request.ID, formNetwork)
	if err != nil {
		return infer.ReadResponse[NetworkArgs, NetworkState]{}, err
	}
	s := sessionOf(ctx)
	networks, err := s.networks.get(ctx, s, id.place, s.Networks)
	if err != nil {
		return infer.ReadResponse[NetworkArgs, NetworkState]{}, err
	}
	network, subnet, found := findSubnet(networks, func(_ client.Network, subnet client.Subnet) bool { return subnet.ID == id.object })
	if !found {
		return infer.ReadResponse[NetworkArgs, NetworkState]{}, nil
	}
	args := observedNetwork(request.Inputs, network, subnet)
	args.Zone = id.place
	return infer.ReadResponse[NetworkArgs, NetworkState]{ID: request.ID, Inputs: args, State: networkState(args, network, subnet)}, nil
}

// observedNetwork is the inputs that describe a network as it is. What the user left to ArvanCloud stays left to it.
func observedNetwork(args NetworkArgs, network client.Network, subnet client.Subnet) NetworkArgs {
	imported := args.Name == ""
	args.Name, args.CIDR = network.Name, subnet.CIDR
	args.Description = subnet.Description
	args.EnableGateway = observedSwitch(args.EnableGateway, subnet.GatewayIP != "")
	args.EnableDHCP = observedSwitch(args.EnableDHCP, subnet.EnableDHCP)
	if args.Gateway != "" || imported {
		args.Gateway = subnet.GatewayIP
	}
	if args.MTU != 0 && network.MTU != 0 {
		args.MTU = int(network.MTU)
	}
	if len(args.DHCPRanges) > 0 || imported {
		ranges := make([]AddressRange, len(subnet.AllocationPools))
		for i, pool := range subnet.AllocationPools {
			ranges[i] = AddressRange(pool)
		}
		if !slices.Equal(ranges, args.DHCPRanges) {
			args.DHCPRanges = ranges
		}
	}
	if !slices.Equal(subnet.DNSServers, args.DNSServers) {
		args.DNSServers = subnet.DNSServers
	}
	return args
}

// observedSwitch is a switch that is on by default, as it is: unset stays unset while it is on.
func observedSwitch(wanted *bool, on bool) *bool {
	if wanted == nil && on {
		return nil
	}
	return &on
}

// Update changes everything but the zone and the range.
func (*Network) Update(
	ctx context.Context, request infer.UpdateRequest[NetworkArgs, NetworkState],
) (infer.UpdateResponse[NetworkState], error) {
	args := request.Inputs
	state := request.State
	state.NetworkArgs = args
	if request.DryRun {
		return infer.UpdateResponse[NetworkState]{Output: state}, nil
	}
	id, err := parseIdentity(request.ID, formNetwork)
	if err != nil {
		return infer.UpdateResponse[NetworkState]{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := sessionOf(ctx)
	err = s.UpdateSubnet(ctx, id.place, state.NetworkID, state.SubnetID, args.request())
	if client.IsAmbiguous(err) {
		// The call sets values, so to make it once more does no harm.
		err = s.UpdateSubnet(ctx, id.place, state.NetworkID, state.SubnetID, args.request())
	}
	if err != nil {
		return infer.UpdateResponse[NetworkState]{}, err
	}
	state, err = s.readNetwork(ctx, id, args, state)
	return infer.UpdateResponse[NetworkState]{Output: state}, partial(err)
}

// Delete removes the network. Servers that are just being deleted may still be plugged in; it waits for them.
func (*Network) Delete(ctx context.Context, request infer.DeleteRequest[NetworkState]) (infer.DeleteResponse, error) {
	id, err := parseIdentity(request.ID, formNetwork)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, deleteTimeout)
	defer cancel()
	s := sessionOf(ctx)
	return infer.DeleteResponse{}, s.deleteWhenUnused(ctx, "the network "+id.String(), func(ctx context.Context) error {
		return s.DeleteSubnet(ctx, id.place, id.object)
	})
}
