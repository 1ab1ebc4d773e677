package edge

import (
	"net/netip"
	"regexp"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// VIP is an address that belongs to no machine: one worker answers for it, and another one when that is gone.
type VIP struct {
	// Address is a free one of `network.cidr`, for example "10.20.0.250". The cloud gives it to no machine from then on.
	Address string `json:"address,omitempty"`
	// PublicAddress is where users come to, if something of yours hands on to Address what comes there (a load balancer, a VPN's
	// gateway), which no machine of the environment does: the names' records lead to it. Left out, they lead to Address, for users who reach the
	// private network.
	PublicAddress string `json:"publicAddress,omitempty"`
	// Interface is the workers' on the private network, for example "ens4". Left out, all of them are announced on; what the cloud's
	// public networks get of that they drop.
	Interface string `json:"interface,omitempty"`
}

// interfaceName is what Linux calls an interface: at most 15 letters.
var interfaceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$`)

// validateVIP checks the section for itself. Whether the address is the network's, package stacks says.
func (c *Config) validateVIP(path *field.Path) field.ErrorList {
	if c.Mode != Virtual {
		if c.VIP != (VIP{}) {
			return field.ErrorList{field.Forbidden(path, `is answered for with "mode: vip" only: take that mode, or leave this out`)}
		}
		return nil
	}
	var problems field.ErrorList
	if c.VIP.Address == "" {
		problems = append(problems, field.Required(path.Child("address"), `"mode: vip" needs one: name a free address of network.cidr, near its end, such as "10.20.0.250"`))
	} else {
		problems = append(problems, address(c.VIP.Address, path.Child("address"))...)
	}
	if c.VIP.PublicAddress != "" {
		problems = append(problems, address(c.VIP.PublicAddress, path.Child("publicAddress"))...)
	}
	if c.VIP.Interface != "" {
		problems = append(problems, settings.Matches(c.VIP.Interface, path.Child("interface"), interfaceName, "must be the name of an interface, such as \"ens4\": `ip link` on a worker lists them")...)
	}
	return problems
}

func address(text string, path *field.Path) field.ErrorList {
	if found, err := netip.ParseAddr(text); err != nil || !found.Is4() {
		return field.ErrorList{field.Invalid(path, text, `must be an IPv4 address, such as "10.20.0.250"`)}
	}
	return nil
}

// VirtualAddress is the one that workers answer for; not valid if there is none.
func (c *Config) VirtualAddress() netip.Addr {
	if c.Mode != Virtual {
		return netip.Addr{}
	}
	found, _ := netip.ParseAddr(c.VIP.Address) // what is none was refused
	return found
}
