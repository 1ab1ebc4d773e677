package provider

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// FloatingIP is the resource arvancloud:networking:FloatingIp: a public address that outlives servers.
type FloatingIP struct {
	kind[FloatingIPArgs, FloatingIPState, client.FloatingIP]
}

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

// Annotate describes the resource in the schema.
func (f *FloatingIP) Annotate(a infer.Annotator) {
	a.SetToken(moduleNetworking, "FloatingIp")
	a.Describe(&f, documented("A public address that can be moved from one server to another; see FloatingIpAttachment.", formFloatingIP,
		"networking:FloatingIp", "description: web of the exchange"))
}

// Annotate describes the inputs in the schema.
func (s *FloatingIPArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

// Annotate describes the outputs in the schema.
func (s *FloatingIPState) Annotate(a infer.Annotator) { describeFields(a, s) }

func newFloatingIP() *FloatingIP {
	return &FloatingIP{kind[FloatingIPArgs, FloatingIPState, client.FloatingIP]{
		name: kindFloatingIP, form: formFloatingIP,
		place: func(args FloatingIPArgs) string { return args.Zone },
		list: func(ctx context.Context, s *session, zone string) ([]client.FloatingIP, error) {
			return s.FloatingIPs(ctx, zone)
		},
		id: func(address client.FloatingIP) string { return address.ID },
		check: func(ctx context.Context, c *checker, args *FloatingIPArgs) {
			c.zone(ctx, &args.Zone)
			c.given("description", args.Description)
			c.takes(ctx, kindFloatingIP, "description", args.Zone, quotaFloatingIPs)
		},
		same: func(args FloatingIPArgs, address client.FloatingIP) bool {
			return address.Description == args.Description && address.PortID == ""
		},
		make: func(ctx context.Context, s *session, args FloatingIPArgs) (client.FloatingIP, error) {
			return s.CreateFloatingIP(ctx, args.Zone, args.Description)
		},
		state: func(args FloatingIPArgs, address client.FloatingIP, before FloatingIPState) FloatingIPState {
			state := before
			state.FloatingIPArgs = args
			state.FloatingIPID, state.Address = or(&address.ID, before.FloatingIPID), or(&address.Address, before.Address)
			return state
		},
		price: func(ctx context.Context, _ *session, _ FloatingIPArgs, state *FloatingIPState) {
			state.PricePerHour = infer.GetConfig[Config](ctx).addressPrice()
			state.PricePerMonth = state.PricePerHour * hoursPerMonth
		},
		observe: func(_ FloatingIPArgs, address client.FloatingIP, _ bool, id identity) FloatingIPArgs {
			return FloatingIPArgs{id.place, address.Description}
		},
		remove: func(ctx context.Context, s *session, id identity, _ FloatingIPState) error {
			return s.DeleteFloatingIP(ctx, id.place, id.object)
		},
	}}
}
