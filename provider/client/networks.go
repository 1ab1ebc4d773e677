package client

import (
	"context"
	"net/http"
	"strings"
)

// Network is a public or private network with its subnets.
type Network struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	MTU     Integer  `json:"mtu"`
	Public  bool     `json:"router:external"`
	Subnets []Subnet `json:"subnets"`
}

// Subnet is the address range of a private network.
type Subnet struct {
	ID              string           `json:"id"`
	NetworkID       string           `json:"network_id"`
	Name            string           `json:"name"`
	Description     string           `json:"description"`
	CIDR            string           `json:"cidr"`
	GatewayIP       string           `json:"gateway_ip"`
	EnableDHCP      bool             `json:"enable_dhcp"`
	DNSServers      []string         `json:"dns_nameservers"`
	AllocationPools []AllocationPool `json:"allocation_pools"`
	MTU             Integer          `json:"mtu"`
	Servers         []SubnetServer   `json:"servers"`
}

// SubnetServer is a server as its subnet tells of it.
type SubnetServer struct {
	ID        string          `json:"id"`
	Addresses []SubnetAddress `json:"ips"`
}

// SubnetAddress is an address of a server in a subnet. Domain is its reverse name, if it has one.
type SubnetAddress struct {
	IP     string `json:"ip"`
	Domain Text   `json:"ptr"`
}

// AllocationPool is a range of addresses that DHCP gives out.
type AllocationPool struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// SubnetRequest is what a private network is made or changed with.
type SubnetRequest struct {
	Name          string
	Description   string
	CIDR          string
	EnableGateway bool
	Gateway       string
	EnableDHCP    bool
	DHCPRanges    []AllocationPool
	DNSServers    []string
	MTU           int
}

// wire is the request as the API takes it: ranges and name servers are texts with a line for each.
func (r SubnetRequest) wire() map[string]any {
	ranges := make([]string, len(r.DHCPRanges))
	for i, pool := range r.DHCPRanges {
		ranges[i] = pool.Start + "," + pool.End
	}
	body := map[string]any{
		"name":           r.Name,
		"description":    r.Description,
		"subnet_ip":      r.CIDR,
		"enable_gateway": r.EnableGateway,
		"enable_dhcp":    r.EnableDHCP,
		"dhcp":           strings.Join(ranges, "\n"),
		"dns_servers":    strings.Join(r.DNSServers, "\n"),
	}
	if r.Gateway != "" {
		body["subnet_gateway"] = r.Gateway
	}
	if r.MTU != 0 {
		body["mtu"] = r.MTU
	}
	return body
}

// Networks lists a zone's networks, public ones too.
func (c *Client) Networks(ctx context.Context, zone string) ([]Network, error) {
	return get[[]Network](ctx, c, zonal(zone, "networks"))
}

// CreateSubnet makes a private network: it comes with its subnet. The subnet may come back empty, because not every version
// of the API tells it.
func (c *Client) CreateSubnet(ctx context.Context, zone string, request SubnetRequest) (Subnet, error) {
	var subnet Subnet
	err := c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "subnets"), body: request.wire()}, &subnet)
	return subnet, err
}

// UpdateSubnet changes a private network.
func (c *Client) UpdateSubnet(ctx context.Context, zone, networkID, subnetID string, request SubnetRequest) error {
	body := request.wire()
	body["network_id"] = networkID
	body["subnet_id"] = subnetID
	return c.do(ctx, call{method: http.MethodPatch, path: zonal(zone, "subnets"), body: body}, nil)
}

// DeleteSubnet removes a private network with its subnet.
func (c *Client) DeleteSubnet(ctx context.Context, zone, subnetID string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: zonal(zone, "subnets", subnetID)}, nil)
}
