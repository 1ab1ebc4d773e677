package iaas

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// NetworkArgs are the inputs of a Network.
type NetworkArgs struct {
	Zone          string         `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Name          string         `pulumi:"name" doc:"Name of the network."`
	Description   string         `pulumi:"description,optional" doc:"What the network is for."`
	CIDR          string         `pulumi:"cidr" provider:"replaceOnChanges" doc:"IPv4 range of the network, for example 10.10.0.0/24."`
	EnableGateway *bool          `pulumi:"enableGateway,optional" doc:"Whether the network has a gateway to the outside. Default true."`
	Gateway       string         `pulumi:"gateway,optional" doc:"Address of the gateway. ArvanCloud picks one when it is not set."`
	EnableDHCP    *bool          `pulumi:"enableDhcp,optional" doc:"Whether addresses are given out by DHCP. Default true."`
	DHCPRanges    []AddressRange `pulumi:"dhcpRanges,optional" doc:"Ranges that DHCP gives addresses from. Default: the whole network."`
	DNSServers    []string       `pulumi:"dnsServers,optional" doc:"Addresses of the name servers that DHCP announces."`
	MTU           int            `pulumi:"mtu,optional" doc:"Largest packet in bytes. ArvanCloud picks it when it is not set."`
}

// NetworkState is what is known of a Network.
type NetworkState struct {
	NetworkArgs
	Zone      string `pulumi:"zone" provider:"replaceOnChanges"`
	Gateway   string `pulumi:"gateway" from:"gateway,enableGateway"`
	MTU       int    `pulumi:"mtu" from:"mtu"`
	NetworkID string `pulumi:"networkId" doc:"Id of the network, as servers are attached to it."`
	SubnetID  string `pulumi:"subnetId" doc:"Id of the network's subnet."`
}

// AddressRange is a range of IP addresses, both ends included.
type AddressRange struct {
	Start string `pulumi:"start" doc:"First address of the range."`
	End   string `pulumi:"end" doc:"Last address of the range."`
}

// Annotate describes the type in the schema.
func (s *AddressRange) Annotate(a infer.Annotator) { resource.Nested(a, "iaas:AddressRange", s) }

// privateNetwork is a network with the subnet that it was made with.
type privateNetwork struct {
	client.Network
	subnet client.Subnet
}

// Network is the resource arvancloud:iaas:Network: a private network with its one subnet, which the API makes together.
var Network = &resource.Kind[NetworkArgs, NetworkState, privateNetwork]{
	Type:    "iaas:Network",
	Name:    "network",
	IDs:     "<zone>/<subnet id>",
	About:   "A private network with one subnet.",
	Example: "name: cluster\ncidr: 10.10.0.0/24",

	Place: func(args NetworkArgs) string { return args.Zone },
	Label: func(args NetworkArgs) string { return strconv.Quote(args.Name) },
	List:  privateNetworks,
	ID:    func(network privateNetwork) string { return network.subnet.ID },
	Check: checkNetwork,
	Same: func(args NetworkArgs, network privateNetwork) bool {
		return network.Name == args.Name && network.subnet.CIDR == args.CIDR
	},
	Make: func(ctx context.Context, s *resource.Session, args NetworkArgs) (privateNetwork, error) {
		subnet, err := s.CreateSubnet(ctx, args.Zone, args.request())
		return privateNetwork{client.Network{ID: subnet.NetworkID}, subnet}, err
	},
	State: func(args NetworkArgs, network privateNetwork, before NetworkState) NetworkState {
		state := before
		state.NetworkArgs, state.Zone = args, args.Zone
		if network.subnet.ID == "" {
			return state
		}
		state.Gateway, state.MTU = network.subnet.GatewayIP, int(cmp.Or(network.MTU, network.subnet.MTU))
		state.NetworkID, state.SubnetID = network.ID, network.subnet.ID
		return state
	},
	Observe: observeNetwork,
	Change: func(ctx context.Context, s *resource.Session, id resource.Identity, before NetworkState, args NetworkArgs) error {
		return s.UpdateSubnet(ctx, id.Place, before.NetworkID, before.SubnetID, args.request())
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ NetworkState) error {
		return s.DeleteSubnet(ctx, id.Place, id.Object)
	},
	Users: zone.UsedByServers(serversOfNetwork),
}

// serversOfNetwork tells which servers have a port in a network.
func serversOfNetwork(ctx context.Context, s *resource.Session, id resource.Identity) (func(client.Server) bool, error) {
	networks, err := privateNetworks(ctx, s, id.Place)
	if err != nil {
		return nil, err
	}
	ports, err := s.Ports(ctx, id.Place)
	plugged := map[string]bool{}
	for _, network := range networks {
		for _, port := range ports {
			if network.subnet.ID == id.Object && port.NetworkID == network.ID {
				plugged[port.ServerID] = true
			}
		}
	}
	return func(server client.Server) bool { return plugged[server.ID] }, err
}

// privateNetworks lists a zone's networks, one for each of their subnets.
func privateNetworks(ctx context.Context, s *resource.Session, zone string) ([]privateNetwork, error) {
	networks, err := s.Networks(ctx, zone)
	var all []privateNetwork
	for _, network := range networks {
		for _, subnet := range network.Subnets {
			all = append(all, privateNetwork{network, subnet})
		}
	}
	return all, err
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

// observeNetwork is the inputs that describe a network as it is. What the user left to ArvanCloud stays left to it.
func observeNetwork(args NetworkArgs, network privateNetwork, imported bool, id resource.Identity) NetworkArgs {
	subnet := network.subnet
	args.Zone, args.Name, args.CIDR = id.Place, network.Name, subnet.CIDR
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
