package networking

import (
	"cmp"
	"context"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

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

// PortSecurity is the resource arvancloud:networking:PortSecurity.
var PortSecurity = &resource.Kind[PortSecurityArgs, PortSecurityState, client.Port]{
	Type: "networking:PortSecurity",
	Name: "port",
	IDs:  "<zone>/<server id>/<network id>",
	About: "Whether a server's port in a private network is guarded. Addresses that move between servers (MetalLB, Cilium, " +
		"keepalived) only work where it is not. Security groups do not apply there either. Deletion switches it on again.",
	Example:     "serverId: ${server.serverId}\nnetworkId: ${network.networkId}\nenabled: false",
	Replacement: resource.DeletesFirst,

	Place: func(args PortSecurityArgs) string { return args.Zone },
	List: func(ctx context.Context, s *resource.Session, zone string) ([]client.Port, error) {
		return s.Ports(ctx, zone)
	},
	ID: func(port client.Port) string { return port.ServerID + "/" + port.NetworkID },
	Check: func(ctx context.Context, c *resource.Checker, args *PortSecurityArgs) {
		c.Zone(ctx, &args.Zone)
		c.Given("serverId", args.ServerID)
		c.Given("networkId", args.NetworkID)
	},
	Make: setPortSecurity,
	State: func(args PortSecurityArgs, port client.Port, before PortSecurityState) PortSecurityState {
		return PortSecurityState{args, cmp.Or(port.ID, before.PortID)}
	},
	Observe: func(_ PortSecurityArgs, port client.Port, _ bool, id resource.Identity) PortSecurityArgs {
		return PortSecurityArgs{id.Place, port.ServerID, port.NetworkID, port.Security}
	},
	Change: func(ctx context.Context, s *resource.Session, _ resource.Identity, _ PortSecurityState, args PortSecurityArgs) error {
		_, err := setPortSecurity(ctx, s, args)
		return err
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ PortSecurityState) error {
		serverID, networkID, _ := strings.Cut(id.Object, "/")
		ports, err := s.Ports(ctx, id.Place)
		for _, port := range ports {
			if port.ServerID == serverID && port.NetworkID == networkID {
				return s.SetPortSecurity(ctx, id.Place, port.ID, true)
			}
		}
		return err
	},
}

// setPortSecurity guards the port or does not.
func setPortSecurity(ctx context.Context, s *resource.Session, args PortSecurityArgs) (client.Port, error) {
	port, err := portOf(ctx, s, args.Zone, args.ServerID, args.NetworkID)
	if err != nil {
		return port, err
	}
	return port, s.SetPortSecurity(ctx, args.Zone, port.ID, args.Enabled)
}
