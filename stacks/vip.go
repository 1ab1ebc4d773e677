package stacks

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

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

// refuseTaken says whose the virtual address is already. Machines that the next update makes get others: it is not given out any more.
func (m *memory) refuseTaken(cfg *Config) []string {
	address := cfg.Edge.VirtualAddress()
	if !address.IsValid() {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(m.machines)) {
		if m.machines[name].PrivateAddress == address.String() {
			return []string{fmt.Sprintf("edge.vip.address %s is the machine %s's own in the private network: name one that no machine has (`pulumi stack output nodes`)", address, name)}
		}
	}
	return nil
}
