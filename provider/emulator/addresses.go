package emulator

import (
	"fmt"
	"net/netip"
	"strings"
)

// addressPool is the public addresses of the account, given out in order.
type addressPool []netip.Addr

// defaultPool is where public addresses come from when nobody says: a range reserved for benchmarks, routed nowhere.
var defaultPool = netip.MustParsePrefix("198.18.0.0/20")

func newAddressPool(addresses []netip.Addr) (addressPool, error) {
	if len(addresses) == 0 {
		for address := defaultPool.Addr().Next().Next(); defaultPool.Contains(address); address = address.Next() {
			addresses = append(addresses, address)
		}
	}
	for _, address := range addresses {
		if !address.Is4() {
			return nil, fmt.Errorf("emulator: public address %s is not IPv4: the pool holds IPv4 addresses only", address)
		}
	}
	return addresses, nil
}

// subnet is the network the pool lies in.
func (p addressPool) subnet() netip.Prefix {
	for bits := 24; bits > 0; bits-- {
		prefix, _ := p[0].Prefix(bits)
		if prefix.Contains(p[len(p)-1]) {
			return prefix
		}
	}
	return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
}

// takePublic returns the first address of the pool that no port and no floating address of any zone has.
func (w *world) takePublic(pool addressPool) (netip.Addr, bool) {
	used := map[string]bool{}
	for _, z := range w.Zones {
		for _, p := range z.Ports {
			used[p.IP] = true
		}
		for _, f := range z.FloatingIPs {
			used[f.Address] = true
		}
	}
	for _, address := range pool {
		if !used[address.String()] {
			return address, true
		}
	}
	return netip.Addr{}, false
}

// takePrivate returns the first free address of a private subnet: of its DHCP ranges, if it has any.
func (z *zone) takePrivate(n *network) (netip.Addr, bool) {
	used := map[netip.Addr]bool{}
	for _, p := range z.Ports {
		if p.NetworkID == n.ID {
			used[netip.MustParseAddr(p.IP)] = true
		}
	}
	for _, pool := range n.Subnet.pools() {
		for address := pool.Start; address.Compare(pool.End) <= 0; address = address.Next() {
			if !used[address] && address.String() != n.Subnet.Gateway {
				return address, true
			}
		}
	}
	return netip.Addr{}, false
}

// addressRange is a range of addresses, both ends included.
type addressRange struct {
	Start netip.Addr `json:"start"`
	End   netip.Addr `json:"end"`
}

// hosts is the range of the addresses of a prefix without its first (the network) and last (broadcast).
func hosts(prefix netip.Prefix) addressRange {
	last := prefix.Masked().Addr().As4()
	for bit := prefix.Bits(); bit < 32; bit++ {
		last[bit/8] |= 1 << (7 - bit%8)
	}
	return addressRange{Start: prefix.Masked().Addr().Next(), End: netip.AddrFrom4(last).Prev()}
}

// parseRanges reads the dhcp field of a subnet: "start,end" per line.
func parseRanges(text string, within netip.Prefix) ([]addressRange, error) {
	var ranges []addressRange
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		first, second, _ := strings.Cut(line, ",")
		start, errStart := netip.ParseAddr(strings.TrimSpace(first))
		end, errEnd := netip.ParseAddr(strings.TrimSpace(second))
		if errStart != nil || errEnd != nil {
			return nil, fmt.Errorf("one \"start,end\" range per line is wanted, not %q", line)
		}
		if start.Compare(end) > 0 || !within.Contains(start) || !within.Contains(end) {
			return nil, fmt.Errorf("the range %s is not inside of %s", line, within)
		}
		ranges = append(ranges, addressRange{start, end})
	}
	return ranges, nil
}
