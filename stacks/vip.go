package stacks

import (
	"fmt"
	"net/netip"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/internal/field"
)

// validateVirtualAddress asks for one that a machine of the private network could have.
func validateVirtualAddress(cfg *Config) field.ErrorList {
	address := cfg.Edge.VirtualAddress()
	network, err := netip.ParsePrefix(cfg.Network.CIDR)
	if !address.IsValid() || err != nil { // each refused by itself
		return nil
	}
	at := field.NewPath("edge", "vip", "address")
	first, last := arvan.Hosts(network)
	switch {
	case !network.Contains(address):
		return field.ErrorList{field.Invalid(at, address.String(), fmt.Sprintf(
			"is not in network.cidr, %s, on which the workers answer for it: name a free address of that, such as %q", network, last))}
	case address.Less(first) || last.Less(address):
		return field.ErrorList{field.Invalid(at, address.String(), fmt.Sprintf(
			"is the first or the last of network.cidr, %s, which nobody can have: name one between, such as %q", network, last))}
	}
	return nil
}

// refuseTaken says whose the virtual address is already, and whose the one that users come to: one machine's own leads nowhere without that. Machines
// that the next update makes get others: it is not given out any more.
func (m *memory) refuseTaken(cfg *Config) []string {
	if !cfg.Edge.VirtualAddress().IsValid() {
		return nil
	}
	var reasons []string
	for _, key := range []struct{ name, address, instead string }{
		{"address", cfg.Edge.VIP.Address, "name one that no machine has (`pulumi stack output nodes`)"},
		{"publicAddress", cfg.Edge.VIP.PublicAddress, "name that of something of yours before the machines, which hands on to edge.vip.address, or leave it out"},
	} {
		if owner := m.machines.Owner(key.address); owner != "" {
			reasons = append(reasons, fmt.Sprintf("edge.vip.%s %s is the machine %s's own: %s", key.name, key.address, owner, key.instead))
		}
	}
	return reasons
}
