package arvan

import (
	"net/netip"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/providers"
)

// letThrough takes the guard off the workers' ports in the private network. ArvanCloud's API knows nothing finer: a port takes its own
// addresses only, or any. On public networks it refuses that.
func (m *Machines) letThrough(ctx *pulumi.Context, args *Args, network *providers.Network, child pulumi.ResourceOption) error {
	if !args.VirtualAddress.IsValid() {
		return nil
	}
	for _, node := range args.Nodes {
		if node.Role != Worker {
			continue
		}
		port, err := providers.NewPortSecurity(ctx, node.Name+"-port", &providers.PortSecurityArgs{
			ServerId: m.Machines[node.Name].ID, NetworkId: network.NetworkId, Enabled: pulumi.Bool(false), Zone: pulumi.String(args.Cloud.Zone),
		}, child)
		if err != nil {
			return err
		}
		m.LetThrough = append(m.LetThrough, port)
	}
	return nil
}

// dhcpRanges are what the cloud gives machines addresses from: with a virtual address all but that; none if it may give out all.
func (args *Args) dhcpRanges() []providers.AddressRange {
	if !args.VirtualAddress.IsValid() {
		return nil
	}
	first, last := Hosts(netip.MustParsePrefix(args.Network.CIDR))
	var ranges []providers.AddressRange
	for _, part := range [][2]netip.Addr{{first, args.VirtualAddress.Prev()}, {args.VirtualAddress.Next(), last}} {
		if part[0].Compare(part[1]) <= 0 {
			ranges = append(ranges, providers.AddressRange{Start: pulumi.String(part[0].String()), End: pulumi.String(part[1].String())})
		}
	}
	return ranges
}

// Hosts are the first and the last address of an IPv4 range that a machine can have: its very first is the network's name, its very
// last is everybody's.
func Hosts(cidr netip.Prefix) (first, last netip.Addr) {
	end := cidr.Masked().Addr().As4()
	for bit := cidr.Bits(); bit < 32; bit++ {
		end[bit/8] |= 1 << (7 - bit%8)
	}
	return cidr.Masked().Addr().Next(), netip.AddrFrom4(end).Prev()
}
