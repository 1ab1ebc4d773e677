package networking

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// FloatingIPAttachmentArgs are the inputs of a FloatingIPAttachment.
type FloatingIPAttachmentArgs struct {
	Zone         string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone of all of them. Default: the zone of the provider's configuration."`
	FloatingIPID string `pulumi:"floatingIpId" provider:"replaceOnChanges" doc:"Id of the address (output floatingIpId of a FloatingIp)."`
	ServerID     string `pulumi:"serverId" doc:"Id of the server that the address leads to. A change moves the address."`
	NetworkID    string `pulumi:"networkId" doc:"Id of the private network, one with a gateway, in which the server gets the traffic."`
}

// FloatingIPAttachmentState is what is known of a FloatingIPAttachment.
type FloatingIPAttachmentState struct {
	FloatingIPAttachmentArgs
	Address string `pulumi:"address" doc:"The floating address."`
}

// attachedAddress is a floating address with the port that it leads to.
type attachedAddress struct {
	client.FloatingIP
	port client.Port
}

// FloatingIPAttachment is the resource arvancloud:networking:FloatingIpAttachment: which server a floating address leads to.
var FloatingIPAttachment = &resource.Kind[FloatingIPAttachmentArgs, FloatingIPAttachmentState, attachedAddress]{
	Type:        "networking:FloatingIpAttachment",
	Name:        "attachment of a floating address",
	IDs:         "<zone>/<floating IP id>",
	About:       "A floating address that leads to a server's port in a private network. To another server it moves in place.",
	Example:     "floatingIpId: ${address.floatingIpId}\nserverId: ${server.serverId}\nnetworkId: ${network.networkId}",
	Replacement: resource.DeletesFirst,

	Place: func(args FloatingIPAttachmentArgs) string { return args.Zone },
	List:  attachedAddresses,
	ID:    func(attached attachedAddress) string { return attached.ID },
	Check: func(ctx context.Context, c *resource.Checker, args *FloatingIPAttachmentArgs) {
		c.Zone(ctx, &args.Zone)
		c.Given("floatingIpId", args.FloatingIPID)
		c.Given("serverId", args.ServerID)
		c.Given("networkId", args.NetworkID)
	},
	Same: func(args FloatingIPAttachmentArgs, attached attachedAddress) bool {
		return attached.ID == args.FloatingIPID && attached.port.ServerID == args.ServerID && attached.port.NetworkID == args.NetworkID
	},
	Make: func(ctx context.Context, s *resource.Session, args FloatingIPAttachmentArgs) (attachedAddress, error) {
		return attachedAddress{FloatingIP: client.FloatingIP{ID: args.FloatingIPID}}, attachAddress(ctx, s, args)
	},
	State: func(
		args FloatingIPAttachmentArgs, attached attachedAddress, before FloatingIPAttachmentState,
	) FloatingIPAttachmentState {
		return FloatingIPAttachmentState{args, cmp.Or(attached.Address, before.Address)}
	},
	Observe: func(_ FloatingIPAttachmentArgs, attached attachedAddress, _ bool, id resource.Identity) FloatingIPAttachmentArgs {
		return FloatingIPAttachmentArgs{id.Place, attached.ID, attached.port.ServerID, attached.port.NetworkID}
	},
	Change: func(ctx context.Context, s *resource.Session, id resource.Identity, _ FloatingIPAttachmentState, args FloatingIPAttachmentArgs) error {
		if err := detachAddress(ctx, s, id); err != nil {
			return err
		}
		return attachAddress(ctx, s, args)
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ FloatingIPAttachmentState) error {
		return detachAddress(ctx, s, id)
	},
}

// attachedAddresses lists a zone's floating addresses that lead somewhere.
func attachedAddresses(ctx context.Context, s *resource.Session, zoneName string) ([]attachedAddress, error) {
	addresses, err := s.FloatingIPs(ctx, zoneName)
	if err != nil {
		return nil, err
	}
	ports, err := zone.Ports.Get(ctx, s, zoneName)
	var attached []attachedAddress
	for _, address := range addresses {
		for _, port := range ports {
			if port.ID == address.PortID {
				attached = append(attached, attachedAddress{address, port})
			}
		}
	}
	return attached, err
}

// attachAddress points the address at the server's port in the network.
func attachAddress(ctx context.Context, s *resource.Session, args FloatingIPAttachmentArgs) error {
	port, err := portOf(ctx, s, args.Zone, args.ServerID, args.NetworkID)
	if err != nil {
		return err
	}
	networks, err := s.Networks(ctx, args.Zone)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(networks, func(network client.Network) bool {
		return network.ID == args.NetworkID && len(network.Subnets) > 0
	})
	if i < 0 {
		return fmt.Errorf("the network %s does not exist in zone %s", args.NetworkID, args.Zone)
	}
	err = s.AttachFloatingIP(ctx, args.Zone, args.FloatingIPID, args.ServerID, networks[i].Subnets[0].ID, port.ID)
	if client.HasStatus(err, 409) {
		// Perhaps because an attempt in doubt was applied.
		attached, lookErr := attachedAddresses(ctx, s, args.Zone)
		if lookErr == nil && slices.ContainsFunc(attached, func(a attachedAddress) bool {
			return a.ID == args.FloatingIPID && a.port.ID == port.ID
		}) {
			return nil
		}
	}
	return err
}

// detachAddress points the address at nothing, if it is not already.
func detachAddress(ctx context.Context, s *resource.Session, id resource.Identity) error {
	addresses, err := s.FloatingIPs(ctx, id.Place)
	for _, address := range addresses {
		if address.ID == id.Object && address.PortID != "" {
			return s.DetachFloatingIP(ctx, id.Place, address.ID, address.PortID)
		}
	}
	return err
}

// portOf is the port by which a server is plugged into a network.
func portOf(ctx context.Context, s *resource.Session, zone, serverID, networkID string) (client.Port, error) {
	ports, err := s.Ports(ctx, zone)
	if err != nil {
		return client.Port{}, err
	}
	i := slices.IndexFunc(ports, func(port client.Port) bool { return port.ServerID == serverID && port.NetworkID == networkID })
	if i < 0 {
		return client.Port{}, fmt.Errorf("the server %s is not attached to the network %s", serverID, networkID)
	}
	return ports[i], nil
}
