// Package network joins machines: each hangs on a link, answers on the addresses of its own, and finds others by private
// addresses that exist on no interface.
package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Identity is what a machine is called and reached by.
type Identity struct {
	Name             string // its cloud's
	Hostname         string
	PublicAddress    string            // empty for none
	PrivateAddresses map[string]string // by network
}

// Source is what others see the machine connect from.
func (i Identity) Source() string {
	for _, address := range i.PrivateAddresses {
		return address
	}
	return i.PublicAddress
}

// Machine is one that others connect to.
type Machine interface {
	Identity() Identity
	// Service returns who answers on a port, or nil when nobody of the sandbox does. A machine that is off gives an error.
	Service(port int) (Handler, error)
}

// Route finds who answers when a machine connects to host and port: itself, another of all machines by a private address of a
// shared network or by its public one, or an address of the world outside.
func Route(ctx context.Context, from Machine, all []Machine, host string, port int) (Handler, error) {
	target, err := neighbour(from, all, host)
	if err != nil {
		return nil, err
	}
	if target == nil {
		return Dial(ctx, net.JoinHostPort(host, strconv.Itoa(port)))
	}
	answer, err := target.Service(port)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: no route to host: %w", host, err)
	}
	if answer != nil {
		return answer, nil
	}
	if public := target.Identity().PublicAddress; public != "" {
		return Dial(ctx, net.JoinHostPort(public, strconv.Itoa(port)))
	}
	return nil, fmt.Errorf("connect to %s port %d: connection refused", host, port)
}

// ownLoopback is what a machine means by itself; the rest of 127.0.0.0/8 stands for public addresses.
var ownLoopback = netip.MustParsePrefix("127.0.0.0/16")

// neighbour returns the machine behind a host name or address, or nil for one of the world outside.
func neighbour(from Machine, all []Machine, host string) (Machine, error) {
	own := from.Identity()
	address, err := netip.ParseAddr(host)
	named := err != nil
	for _, other := range all {
		identity := other.Identity()
		if host == identity.PublicAddress {
			return other, nil
		}
		if other == from && named && host == identity.Hostname {
			return from, nil
		}
		for network, private := range identity.PrivateAddresses {
			if _, shared := own.PrivateAddresses[network]; !shared {
				continue
			}
			if host == private || named && (host == identity.Hostname || host == identity.Name) {
				return other, nil
			}
		}
	}
	if host == "localhost" || !named && (address == netip.IPv6Loopback() || ownLoopback.Contains(address)) {
		return from, nil
	}
	if !named && address.IsPrivate() {
		return nil, fmt.Errorf("connect to %s: no route to host: no machine on the networks of %s has this address", host, own.Name)
	}
	return nil, nil
}
