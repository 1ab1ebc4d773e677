package emulator

import (
	"net/http"
	"net/netip"
	"strings"
)

// subnet is the part of a network that has addresses.
type subnet struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	CIDR        string         `json:"cidr"`
	Gateway     string         `json:"gateway"` // empty without one
	DHCP        bool           `json:"dhcp"`
	Ranges      []addressRange `json:"ranges"`
	DNSServers  []string       `json:"dnsServers"`
	Routes      []staticRoute  `json:"routes"`
}

type staticRoute struct {
	Destination string `json:"destination"`
	NextHop     string `json:"nextHop"`
}

// pools are the ranges that addresses are taken from.
func (s subnet) pools() []addressRange {
	if len(s.Ranges) > 0 {
		return s.Ranges
	}
	return []addressRange{hosts(netip.MustParsePrefix(s.CIDR))}
}

func subnetRoutes(r *router) {
	r.handle("POST /subnets", createSubnet)
	r.handle("PATCH /subnets", updateSubnet)
	r.handle("PATCH /subnets/{id}", updateSubnet)
	r.handle("GET /subnets/{id}", readSubnet)
	r.handle("DELETE /subnets/{id}", deleteSubnet)
}

// subnetBody is what creation and update send. Fields that are nil are left as they are.
type subnetBody struct {
	SubnetID      string  `json:"subnet_id"`
	NetworkID     string  `json:"network_id"`
	Name          *string `json:"name"`
	CIDR          string  `json:"subnet_ip"`
	EnableGateway *bool   `json:"enable_gateway"`
	Gateway       *string `json:"subnet_gateway"`
	EnableDHCP    *bool   `json:"enable_dhcp"`
	DHCP          *string `json:"dhcp"`
	DNSServers    *string `json:"dns_servers"`
	Description   *string `json:"description"`
	MTU           *int    `json:"mtu"`
	Routes        []struct {
		Destination string `json:"destination"`
		NextHop     string `json:"next_hop"`
	} `json:"static_routes"`
}

// createSubnet makes a private network: there is no other way to make one.
func createSubnet(c *call) reply {
	var body subnetBody
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	errors := fieldErrors{}
	if body.Name == nil || *body.Name == "" {
		errors.add("name", "The name field is required.")
	}
	prefix, err := netip.ParsePrefix(body.CIDR)
	if err != nil || !prefix.Addr().Is4() || prefix.Bits() > 30 || prefix.Masked() != prefix {
		errors.add("subnet_ip", "The subnet ip must be an IPv4 network in CIDR notation.")
	}
	if len(errors) > 0 {
		return invalid(errors)
	}
	if refusal, over := overQuota("networks", len(c.zone.privateNetworks()), 1, c.emulator.options.Quota.Networks); over {
		return refusal
	}
	n := &network{
		ID: newID(), Name: *body.Name, MTU: 1500, Created: c.now, Updated: c.now,
		Subnet: subnet{ID: newID(), Name: *body.Name, CIDR: prefix.String(), DHCP: true},
	}
	if body.EnableGateway == nil {
		enabled := body.Gateway != nil && *body.Gateway != ""
		body.EnableGateway = &enabled
	}
	if errors := body.apply(n); len(errors) > 0 {
		return invalid(errors)
	}
	c.zone.Networks = append(c.zone.Networks, n)
	c.changed()
	if c.emulator.options.Variants.SubnetReplyWithoutData {
		return withMessage(http.StatusCreated, "Private network created successfully.")
	}
	return withDataAndMessage(http.StatusCreated, c.subnetView(n), "Private network created successfully.")
}

func updateSubnet(c *call) reply {
	var body subnetBody
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	id := c.param("id")
	if id == "" {
		id = body.SubnetID
	}
	n, ok := c.zone.networkOfSubnet(id)
	if !ok || body.NetworkID != "" && body.NetworkID != n.ID {
		return notFound("Subnet")
	}
	if n.Public {
		return failure(http.StatusForbidden, "A public network cannot be changed.")
	}
	if body.CIDR != "" && body.CIDR != n.Subnet.CIDR {
		return invalid(fieldErrors{"subnet_ip": {"The subnet ip cannot be changed."}})
	}
	changed := *n
	if errors := body.apply(&changed); len(errors) > 0 {
		return invalid(errors)
	}
	changed.Updated, changed.Version = c.now, n.Version+1
	*n = changed
	c.changed()
	return withDataAndMessage(http.StatusOK, c.subnetView(n), "Private network updated successfully.")
}

// apply writes the fields that were sent, or says what is wrong with them.
func (b subnetBody) apply(n *network) fieldErrors {
	errors, prefix := fieldErrors{}, netip.MustParsePrefix(n.Subnet.CIDR)
	set := func(field *string, value *string) {
		if value != nil {
			*field = *value
		}
	}
	set(&n.Name, b.Name)
	set(&n.Subnet.Name, b.Name)
	set(&n.Subnet.Description, b.Description)
	if b.MTU != nil {
		n.MTU = *b.MTU
	}
	if b.EnableDHCP != nil {
		n.Subnet.DHCP = *b.EnableDHCP
	}
	b.applyGateway(n, prefix, errors)
	if b.DHCP != nil {
		ranges, err := parseRanges(*b.DHCP, prefix)
		if err != nil {
			errors.add("dhcp", "The dhcp field is invalid: "+err.Error()+".")
		}
		n.Subnet.Ranges = ranges
	}
	if b.DNSServers != nil {
		n.Subnet.DNSServers = nil
		for server := range strings.FieldsSeq(*b.DNSServers) {
			if _, err := netip.ParseAddr(server); err != nil {
				errors.add("dns_servers", "The dns servers must be IP addresses, one per line.")
				break
			}
			n.Subnet.DNSServers = append(n.Subnet.DNSServers, server)
		}
	}
	if b.Routes != nil {
		n.Subnet.Routes = nil
		for _, r := range b.Routes {
			n.Subnet.Routes = append(n.Subnet.Routes, staticRoute(r))
		}
	}
	return errors
}

// applyGateway sets the gateway that was asked for; enabled without an address it is the first of the subnet.
func (b subnetBody) applyGateway(n *network, prefix netip.Prefix, errors fieldErrors) {
	if b.EnableGateway != nil && !*b.EnableGateway {
		n.Subnet.Gateway = ""
		return
	}
	if b.Gateway != nil && *b.Gateway != "" {
		gateway, err := netip.ParseAddr(*b.Gateway)
		if err != nil || !prefix.Contains(gateway) {
			errors.add("subnet_gateway", "The subnet gateway must be an address of the subnet.")
			return
		}
		n.Subnet.Gateway = gateway.String()
	} else if b.EnableGateway != nil && n.Subnet.Gateway == "" {
		n.Subnet.Gateway = prefix.Addr().Next().String()
	}
}

func readSubnet(c *call) reply {
	n, ok := c.zone.networkOfSubnet(c.param("id"))
	if !ok {
		return notFound("Subnet")
	}
	return withData(http.StatusOK, c.subnetView(n))
}

// deleteSubnet removes the network with its subnet. Neutron refuses that while servers are on it.
func deleteSubnet(c *call) reply {
	n, ok := c.zone.networkOfSubnet(c.param("id"))
	if !ok {
		return notFound("Subnet")
	}
	if n.Public {
		return failure(http.StatusForbidden, "A public network cannot be deleted.")
	}
	if len(c.zone.portsOf(func(p *port) bool { return p.NetworkID == n.ID })) > 0 {
		return failure(http.StatusConflict, "The network is in use by one or more servers.")
	}
	c.zone.Networks = without(c.zone.Networks, n.ID)
	c.changed()
	return withMessage(http.StatusOK, "Private network deleted successfully.")
}

// networkOfSubnet finds the network that has the subnet; the subnet's id and the network's both name it.
func (z *zone) networkOfSubnet(id string) (*network, bool) {
	for _, n := range z.Networks {
		if n.Subnet.ID == id || n.ID == id {
			return n, true
		}
	}
	return nil, false
}

// subnetView is the subnet on the wire.
func (c *call) subnetView(n *network) map[string]any {
	var version any = "4"
	if c.emulator.options.Variants.IPVersionAsNumber {
		version = 4
	}
	pools := []map[string]any{}
	for _, pool := range n.Subnet.pools() {
		pools = append(pools, map[string]any{"start": pool.Start.String(), "end": pool.End.String()})
	}
	routes := []map[string]any{}
	for _, r := range n.Subnet.Routes {
		routes = append(routes, map[string]any{"destination": r.Destination, "nexthop": r.NextHop})
	}
	dns := n.Subnet.DNSServers
	if dns == nil {
		dns = []string{}
	}
	return map[string]any{
		"id": n.Subnet.ID, "network_id": n.ID, "name": n.Subnet.Name, "description": n.Subnet.Description, "ip_version": version,
		"cidr": n.Subnet.CIDR, "gateway_ip": n.Subnet.Gateway, "dns_nameservers": dns, "allocation_pools": pools,
		"static_routes": routes, "host_routes": routes, "enable_dhcp": n.Subnet.DHCP, "tenant_id": stableID("tenant"),
		"project_id": stableID("tenant"), "ipv6_address_mode": "", "ipv6_ra_mode": "", "subnetpool_id": "", "service_types": []any{},
		"tags": []any{}, "revision_number": n.Version, "mtu": n.MTU, "read_only": n.Public, "servers": c.zone.serversOn(n),
	}
}
