package real

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
)

// Dial connects to a machine from the Internet, as it were: to a public address, on any port. from is who asks, which need not be an
// address of this machine; what a machine answers comes back here.
func (h *Hosts) Dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	for _, m := range h.machines.All() {
		if m.state.Get().Machine.PublicAddress != to.Addr().String() {
			continue
		}
		if _, err := m.live(); err != nil {
			return nil, err
		}
		address, err := translate(to.Addr().String())
		if err != nil {
			return nil, err
		}
		return h.networks.dialPublic(ctx, from, netip.AddrPortFrom(address, to.Port()))
	}
	return nil, fmt.Errorf("no machine has the public address %s", to.Addr())
}

// DialPrivately connects to an address of a private network, whoever answers for it there: from a place on that network which is no machine,
// with the highest address that is free.
func (h *Hosts) DialPrivately(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	taken := map[netip.Addr]bool{to.Addr(): true}
	network, subnet := public, netip.Prefix{}
	for _, m := range h.machines.All() {
		addresses, err := m.addresses()
		if err != nil {
			return nil, err
		}
		for id, address := range addresses {
			taken[address.Addr()] = true
			if id != public && address.Masked().Contains(to.Addr()) {
				network, subnet = id, address.Masked()
			}
		}
	}
	if network == public {
		return nil, fmt.Errorf("%s is in no private network that has a machine", to.Addr())
	}
	s, err := h.networks.segment(network)
	if err != nil {
		return nil, err
	}
	from := highestFree(subnet, taken)
	if err := s.Configure(fmt.Sprintf("addr replace %s/32 dev bridge", from)); err != nil {
		return nil, err
	}
	return s.DialFrom(ctx, from, to)
}

// highestFree is the last address of a network of IPv4 before its broadcast address that nobody has.
func highestFree(network netip.Prefix, taken map[netip.Addr]bool) netip.Addr {
	bytes := network.Masked().Addr().As4()
	last := binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(bytes[:])|(1<<(32-network.Bits())-1))
	free, _ := netip.AddrFromSlice(last)
	for free = free.Prev(); taken[free]; free = free.Prev() {
	}
	return free
}

// dialPublic connects to an address on the public side.
func (n *networks) dialPublic(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	s, err := n.segment(public)
	if err != nil {
		return nil, err
	}
	if err := s.Configure(fmt.Sprintf("addr replace %s/32 dev bridge", from)); err != nil {
		return nil, err
	}
	return s.DialFrom(ctx, from, to)
}

// ReadFile reads a file of a running machine, given by its name.
func (h *Hosts) ReadFile(machine, name string) ([]byte, error) {
	m, err := h.machines.Find(machine)
	if err != nil {
		return nil, err
	}
	run, err := m.live()
	if err != nil {
		return nil, err
	}
	return run.process.readFile(name)
}
