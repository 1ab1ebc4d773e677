package iaas

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// checkNetwork refuses ranges and addresses that do not fit together.
func checkNetwork(ctx context.Context, c *resource.Checker, args *NetworkArgs) {
	c.Zone(ctx, &args.Zone)
	c.Name("name", args.Name)
	if c.Known("mtu") && (args.MTU < 576 || args.MTU > 9000) {
		c.Fail("mtu", "%d is not an MTU: use 576 to 9000", args.MTU)
	}
	if c.Known("dnsServers") {
		for i, server := range args.DNSServers {
			c.Address(fmt.Sprintf("dnsServers[%d]", i), server)
		}
	}
	if !c.Known("cidr") {
		return
	}
	prefix, err := netip.ParsePrefix(args.CIDR)
	switch {
	case err != nil || !prefix.Addr().Is4():
		c.Fail("cidr", "%q is not an IPv4 range such as 10.10.0.0/24", args.CIDR)
		return
	case prefix != prefix.Masked():
		c.Fail("cidr", "%s has bits of an address in it; did you mean %s?", args.CIDR, prefix.Masked())
		return
	case prefix.Bits() > 30:
		c.Fail("cidr", "%s has no room for a gateway and a server: use /30 or larger", args.CIDR)
		return
	}
	inside := func(path, text string) {
		if address := c.Address(path, text); address.IsValid() && !prefix.Contains(address) {
			c.Fail(path, "%s is not in the network %s", address, prefix)
		}
	}
	if c.Known("gateway") && args.Gateway != "" {
		inside("gateway", args.Gateway)
		if args.EnableGateway != nil && !*args.EnableGateway && c.Known("enableGateway") {
			c.Fail("gateway", "a gateway is given although enableGateway is false")
		}
	}
	if c.Known("dhcpRanges") {
		for i, r := range args.DHCPRanges {
			inside(fmt.Sprintf("dhcpRanges[%d].start", i), r.Start)
			inside(fmt.Sprintf("dhcpRanges[%d].end", i), r.End)
		}
	}
	rangeIsFree(ctx, c, args, prefix)
}

// rangeIsFree checks that no other network of the stack, and none in the zone, has addresses of the range.
func rangeIsFree(ctx context.Context, c *resource.Checker, args *NetworkArgs, prefix netip.Prefix) {
	if c.Failed() || args.Zone == "" {
		return
	}
	s := resource.SessionOf(ctx)
	ranges := resource.Remembered[zone.Planned[netip.Prefix]](s, "ranges of networks")
	first := ranges.Add(args.Zone, c.Resource(), prefix)
	planned := ranges.Of(args.Zone)
	if !first || !c.Changed("cidr") {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(planned)) {
		if other := planned[name]; name != c.Resource() && other.Overlaps(prefix) {
			c.Fail("cidr", "%s has addresses in common with %s of the network %s in this stack", prefix, other, name)
			return
		}
	}
	var networks []client.Network
	if !s.Ask(ctx, func(ctx context.Context) (err error) {
		networks, err = zone.Networks.Get(ctx, s, args.Zone)
		return err
	}) {
		return
	}
	before := c.Old("name")
	for _, network := range networks {
		for _, subnet := range network.Subnets {
			there, err := netip.ParsePrefix(subnet.CIDR)
			// The network itself, before the change or left from an interrupted creation, is not another one.
			itself := network.Name == args.Name || before.IsString() && network.Name == before.AsString()
			if err != nil || network.Public || itself || !there.Overlaps(prefix) {
				continue
			}
			c.Fail("cidr", "%s has addresses in common with %s of the network %s (%s), which zone %s has already",
				prefix, there, network.Name, resource.Identity{Place: args.Zone, Object: subnet.ID}, args.Zone)
			return
		}
	}
}
