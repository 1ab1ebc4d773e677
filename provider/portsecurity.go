package provider

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// PortSecurity is the resource arvancloud:networking:PortSecurity.
type PortSecurity struct {
	kind[PortSecurityArgs, PortSecurityState, client.Port]
}

// PortSecurityArgs are the inputs of a PortSecurity.
type PortSecurityArgs struct {
	Zone      string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone. Default: the zone of the provider's configuration."`
	ServerID  string `pulumi:"serverId" provider:"replaceOnChanges" doc:"Id of the server."`
	NetworkID string `pulumi:"networkId" provider:"replaceOnChanges" doc:"Id of the private network that the server is attached to."`
	Enabled   bool   `pulumi:"enabled" doc:"Whether the port takes only traffic from and to its own addresses, by its security groups. false lets virtual addresses through."`
}

// PortSecurityState is what is known of a PortSecurity.
type PortSecurityState struct {
	PortSecurityArgs
	PortID string `pulumi:"portId" doc:"Id of the port."`
}

// Annotate describes the resource in the schema.
func (v *PortSecurity) Annotate(a infer.Annotator) {
	a.SetToken(moduleNetworking, "PortSecurity")
	a.Describe(&v, documented("Whether a server's port in a private network is guarded. Addresses that move between servers (MetalLB, Cilium, "+
		"keepalived) only work where it is not. Security groups do not apply there either. Deletion switches it on again.",
		formPortSecurity, "networking:PortSecurity", "serverId: ${server.serverId}\nnetworkId: ${network.networkId}\nenabled: false"))
}

// Annotate describes the inputs in the schema.
func (s *PortSecurityArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

// Annotate describes the outputs in the schema.
func (s *PortSecurityState) Annotate(a infer.Annotator) { describeFields(a, s) }

func newPortSecurity() *PortSecurity {
	set := func(ctx context.Context, s *session, args PortSecurityArgs) (client.Port, error) {
		port, err := s.portOf(ctx, args.Zone, args.ServerID, args.NetworkID)
		if err != nil {
			return port, err
		}
		return port, s.SetPortSecurity(ctx, args.Zone, port.ID, args.Enabled)
	}
	return &PortSecurity{kind[PortSecurityArgs, PortSecurityState, client.Port]{
		name: kindPortSecurity, form: formPortSecurity,
		place: func(args PortSecurityArgs) string { return args.Zone },
		list:  func(ctx context.Context, s *session, zone string) ([]client.Port, error) { return s.Ports(ctx, zone) },
		id:    func(port client.Port) string { return port.ServerID + "/" + port.NetworkID },
		check: func(ctx context.Context, c *checker, args *PortSecurityArgs) {
			c.zone(ctx, &args.Zone)
			c.given("serverId", args.ServerID)
			c.given("networkId", args.NetworkID)
		},
		make: set,
		state: func(args PortSecurityArgs, port client.Port, before PortSecurityState) PortSecurityState {
			return PortSecurityState{args, or(&port.ID, before.PortID)}
		},
		observe: func(_ PortSecurityArgs, port client.Port, _ bool, id identity) PortSecurityArgs {
			return PortSecurityArgs{id.place, port.ServerID, port.NetworkID, port.Security}
		},
		change: func(ctx context.Context, s *session, _ identity, _ PortSecurityState, args PortSecurityArgs) error {
			_, err := set(ctx, s, args)
			return err
		},
		remove: func(ctx context.Context, s *session, id identity, _ PortSecurityState) error {
			serverID, networkID, _ := strings.Cut(id.object, "/")
			ports, err := s.Ports(ctx, id.place)
			for _, port := range ports {
				if port.ServerID == serverID && port.NetworkID == networkID {
					return s.SetPortSecurity(ctx, id.place, port.ID, true)
				}
			}
			return err
		},
	}}
}
