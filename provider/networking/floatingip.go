package networking

import (
	"cmp"
	"context"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// FloatingIPArgs are the inputs of a FloatingIP.
type FloatingIPArgs struct {
	Zone        string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Description string `pulumi:"description" provider:"replaceOnChanges" doc:"What the address is for. It stands in for a name, which addresses do not have: make it unique."`
}

// FloatingIPState is what is known of a FloatingIP.
type FloatingIPState struct {
	FloatingIPArgs
	FloatingIPID  string  `pulumi:"floatingIpId" doc:"Id of the address."`
	Address       string  `pulumi:"address" doc:"The address."`
	PricePerHour  float64 `pulumi:"pricePerHour" preview:"known" doc:"Price of an hour in rials, as configured with arvancloud:addressPricePerHour: no operation of the API tells it. 0 when not told."`
	PricePerMonth float64 `pulumi:"pricePerMonth" preview:"known" doc:"Price of a month in rials; 0 when not told."`
}

// FloatingIP is the resource arvancloud:networking:FloatingIp: a public address that outlives servers.
var FloatingIP = &resource.Kind[FloatingIPArgs, FloatingIPState, client.FloatingIP]{
	Type:    "networking:FloatingIp",
	Name:    "floating address",
	IDs:     "<zone>/<floating IP id>",
	About:   "A public address that can be moved from one server to another; see FloatingIpAttachment.",
	Example: "description: web of the exchange",

	Place: func(args FloatingIPArgs) string { return args.Zone },
	List: func(ctx context.Context, s *resource.Session, zone string) ([]client.FloatingIP, error) {
		return s.FloatingIPs(ctx, zone)
	},
	ID: func(address client.FloatingIP) string { return address.ID },
	Check: func(ctx context.Context, c *resource.Checker, args *FloatingIPArgs) {
		c.Zone(ctx, &args.Zone)
		c.Given("description", args.Description)
		zone.Takes(ctx, c, "description", args.Zone, zone.QuotaFloatingIPs)
	},
	Same: func(args FloatingIPArgs, address client.FloatingIP) bool {
		return address.Description == args.Description && address.PortID == ""
	},
	Make: func(ctx context.Context, s *resource.Session, args FloatingIPArgs) (client.FloatingIP, error) {
		return s.CreateFloatingIP(ctx, args.Zone, args.Description)
	},
	State: func(args FloatingIPArgs, address client.FloatingIP, before FloatingIPState) FloatingIPState {
		state := before
		state.FloatingIPArgs = args
		state.FloatingIPID, state.Address = cmp.Or(address.ID, before.FloatingIPID), cmp.Or(address.Address, before.Address)
		return state
	},
	Price: func(ctx context.Context, _ *resource.Session, _ FloatingIPArgs, state *FloatingIPState) {
		state.PricePerHour = resource.AddressPrice(ctx)
		state.PricePerMonth = state.PricePerHour * zone.HoursPerMonth
	},
	Observe: func(_ FloatingIPArgs, address client.FloatingIP, _ bool, id resource.Identity) FloatingIPArgs {
		return FloatingIPArgs{id.Place, address.Description}
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ FloatingIPState) error {
		return s.DeleteFloatingIP(ctx, id.Place, id.Object)
	},
}
