package real

import (
	"context"
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
