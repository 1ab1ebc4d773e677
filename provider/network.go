package provider

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Network is the resource arvancloud:iaas:Network: a private network with its one subnet, which the API makes together.
type Network struct{}

// NetworkArgs are the inputs of a Network.
type NetworkArgs struct {
	Zone          string         `pulumi:"zone,optional" provider:"replaceOnChanges"`
	Name          string         `pulumi:"name"`
	Description   string         `pulumi:"description,optional"`
	CIDR          string         `pulumi:"cidr" provider:"replaceOnChanges"`
	EnableGateway *bool          `pulumi:"enableGateway,optional"`
	Gateway       string         `pulumi:"gateway,optional"`
	EnableDHCP    *bool          `pulumi:"enableDhcp,optional"`
	DHCPRanges    []AddressRange `pulumi:"dhcpRanges,optional"`
	DNSServers    []string       `pulumi:"dnsServers,optional"`
	MTU           int            `pulumi:"mtu,optional"`
}

// NetworkState is what is known of a Network.
type NetworkState struct {
	NetworkArgs
	Zone      string `pulumi:"zone" provider:"replaceOnChanges"`
	Gateway   string `pulumi:"gateway"`
	MTU       int    `pulumi:"mtu"`
	NetworkID string `pulumi:"networkId"`
	SubnetID  string `pulumi:"subnetId"`
}

// AddressRange is a range of IP addresses, both ends included.
type AddressRange struct {
	Start string `pulumi:"start"`
	End   string `pulumi:"end"`
}

// Annotate describes the resource in the schema.
func (n *Network) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "Network")
	a.Describe(&n, documented("A private network with one subnet.", formNetwork, "iaas:Network", "name: cluster\ncidr: 10.10.0.0/24"))
}

// Annotate describes the inputs in the schema.
func (s *NetworkArgs) Annotate(a infer.Annotator) {
	a.Describe(&s.Zone, describeZone)
	a.Describe(&s.Name, "Name of the network.")
	a.Describe(&s.Description, "What the network is for.")
	a.Describe(&s.CIDR, "IPv4 range of the network, for example 10.10.0.0/24.")
	a.Describe(&s.EnableGateway, "Whether the network has a gateway to the outside. Default true.")
	a.Describe(&s.Gateway, "Address of the gateway. ArvanCloud picks one when it is not set.")
	a.Describe(&s.EnableDHCP, "Whether addresses are given out by DHCP. Default true.")
	a.Describe(&s.DHCPRanges, "Ranges that DHCP gives addresses from. Default: the whole network.")
	a.Describe(&s.DNSServers, "Addresses of the name servers that DHCP announces.")
	a.Describe(&s.MTU, "Largest packet in bytes. ArvanCloud picks it when it is not set.")
}

// Annotate describes the outputs in the schema.
func (s *NetworkState) Annotate(a infer.Annotator) {
	a.Describe(&s.NetworkID, "Id of the network, as servers are attached to it.")
	a.Describe(&s.SubnetID, "Id of the network's subnet.")
}

// Annotate describes the type in the schema.
func (r *AddressRange) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "AddressRange")
	a.Describe(&r.Start, "First address of the range.")
	a.Describe(&r.End, "Last address of the range.")
}
