package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// FloatingIPAttachment is the resource arvancloud:networking:FloatingIpAttachment: which server a floating address leads to.
type FloatingIPAttachment struct {
	kind[FloatingIPAttachmentArgs, FloatingIPAttachmentState, attachedAddress]
}

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

// Annotate describes the resource in the schema.
func (f *FloatingIPAttachment) Annotate(a infer.Annotator) {
	a.SetToken(moduleNetworking, "FloatingIpAttachment")
	a.Describe(&f, documented("A floating address that leads to a server's port in a private network. To another server it moves in place.",
		formFloatingIPAttachment, "networking:FloatingIpAttachment",
		"floatingIpId: ${address.floatingIpId}\nserverId: ${server.serverId}\nnetworkId: ${network.networkId}"))
}

// Annotate describes the inputs in the schema.
func (s *FloatingIPAttachmentArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

// Annotate describes the outputs in the schema.
func (s *FloatingIPAttachmentState) Annotate(a infer.Annotator) { describeFields(a, s) }

func newFloatingIPAttachment() *FloatingIPAttachment {
	return &FloatingIPAttachment{kind[FloatingIPAttachmentArgs, FloatingIPAttachmentState, attachedAddress]{
		name: kindFloatingIPAttachment, form: formFloatingIPAttachment,
		place: func(args FloatingIPAttachmentArgs) string { return args.Zone },
		list:  attachedAddresses,
		id:    func(attached attachedAddress) string { return attached.ID },
		check: func(ctx context.Context, c *checker, args *FloatingIPAttachmentArgs) {
			c.zone(ctx, &args.Zone)
			c.given("floatingIpId", args.FloatingIPID)
			c.given("serverId", args.ServerID)
			c.given("networkId", args.NetworkID)
		},
		same: func(args FloatingIPAttachmentArgs, attached attachedAddress) bool {
			return attached.ID == args.FloatingIPID && attached.port.ServerID == args.ServerID && attached.port.NetworkID == args.NetworkID
		},
		make: func(ctx context.Context, s *session, args FloatingIPAttachmentArgs) (attachedAddress, error) {
			return attachedAddress{FloatingIP: client.FloatingIP{ID: args.FloatingIPID}}, s.attachAddress(ctx, args)
		},
		state: func(
			args FloatingIPAttachmentArgs, attached attachedAddress, before FloatingIPAttachmentState,
		) FloatingIPAttachmentState {
			return FloatingIPAttachmentState{args, or(&attached.Address, before.Address)}
		},
		observe: func(_ FloatingIPAttachmentArgs, attached attachedAddress, _ bool, id identity) FloatingIPAttachmentArgs {
			return FloatingIPAttachmentArgs{id.place, attached.ID, attached.port.ServerID, attached.port.NetworkID}
		},
		change: func(ctx context.Context, s *session, id identity, _ FloatingIPAttachmentState, args FloatingIPAttachmentArgs) error {
			if err := s.detachAddress(ctx, id); err != nil {
				return err
			}
			return s.attachAddress(ctx, args)
		},
		remove: func(ctx context.Context, s *session, id identity, _ FloatingIPAttachmentState) error {
			return s.detachAddress(ctx, id)
		},
	}}
}

// attachedAddresses lists a zone's floating addresses that lead somewhere.
func attachedAddresses(ctx context.Context, s *session, zone string) ([]attachedAddress, error) {
	addresses, err := s.FloatingIPs(ctx, zone)
	if err != nil {
		return nil, err
	}
	ports, err := s.ports.get(ctx, s, zone, s.Ports)
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
func (s *session) attachAddress(ctx context.Context, args FloatingIPAttachmentArgs) error {
	port, err := s.portOf(ctx, args.Zone, args.ServerID, args.NetworkID)
	if err != nil {
		return err
	}
	networks, err := s.Networks(ctx, args.Zone)
	if err != nil {
		return err
	}
	_, subnet, found := findSubnet(networks, func(network client.Network, _ client.Subnet) bool { return network.ID == args.NetworkID })
	if !found {
		return fmt.Errorf("the network %s does not exist in zone %s", args.NetworkID, args.Zone)
	}
	err = s.AttachFloatingIP(ctx, args.Zone, args.FloatingIPID, args.ServerID, subnet.ID, port.ID)
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
func (s *session) detachAddress(ctx context.Context, id identity) error {
	addresses, err := s.FloatingIPs(ctx, id.place)
	for _, address := range addresses {
		if address.ID == id.object && address.PortID != "" {
			return s.DetachFloatingIP(ctx, id.place, address.ID, address.PortID)
		}
	}
	return err
}

// portOf is the port by which a server is plugged into a network.
func (s *session) portOf(ctx context.Context, zone, serverID, networkID string) (client.Port, error) {
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
