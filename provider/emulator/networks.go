package emulator

import (
	"net/http"
	"net/netip"
	"time"
)

// network is a network with its one subnet. A zone has one public network; private ones are made as subnets.
type network struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Public  bool      `json:"public"`
	Subnet  subnet    `json:"subnet"`
	MTU     int       `json:"mtu"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	Version int       `json:"version"`
}

func (n *network) key() string { return n.ID }

func newPublicNetwork(zone string, now time.Time, pool addressPool) *network {
	prefix := pool.subnet()
	return &network{
		ID: stableID("public network", zone), Name: catalogue.place(zone).PublicNetwork, Public: true, MTU: 1500, Created: now, Updated: now,
		Subnet: subnet{
			ID: stableID("public subnet", zone), Name: "subnet-" + catalogue.place(zone).PublicNetwork,
			CIDR: prefix.String(), Gateway: prefix.Addr().Next().String(), DHCP: true,
		},
	}
}

func (z *zone) publicNetwork() *network {
	for _, n := range z.Networks {
		if n.Public {
			return n
		}
	}
	return nil
}

func (z *zone) privateNetworks() []*network {
	var private []*network
	for _, n := range z.Networks {
		if !n.Public {
			private = append(private, n)
		}
	}
	return private
}

func networkRoutes(r *router) {
	r.handle("GET /networks", listNetworks)
	r.handle("GET /networks/{id}", readNetwork)
	r.handle("PATCH /networks/{id}/attach", attachNetwork)
	r.handle("PATCH /networks/{id}/detach", detachNetwork)
}

func listNetworks(c *call) reply {
	networks := []map[string]any{}
	for _, n := range c.zone.Networks {
		networks = append(networks, c.networkView(n))
	}
	return withData(http.StatusOK, networks)
}

func readNetwork(c *call) reply {
	n, ok := find(c.zone.Networks, c.param("id"))
	if !ok || c.emulator.options.Variants.ListsOnly {
		return notFound("Network")
	}
	view := c.networkView(n)
	view["available_ips"] = c.freeAddresses(n)
	return withData(http.StatusOK, view)
}

// freeAddresses counts what a network can still give out.
func (c *call) freeAddresses(n *network) int {
	total := len(c.emulator.pool)
	if !n.Public {
		total = 0
		for _, pool := range n.Subnet.pools() {
			first, last := pool.Start.As4(), pool.End.As4()
			total += int(number(last)-number(first)) + 1
		}
	}
	return total - len(c.zone.portsOf(func(p *port) bool { return p.NetworkID == n.ID }))
}

func number(b [4]byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// attachNetwork gives a server a port on a private network. The reply holds the port.
func attachNetwork(c *call) reply {
	var body struct {
		ServerID     string `json:"server_id"`
		IP           string `json:"ip"`
		SubnetID     string `json:"subnet_id"`
		PortSecurity *bool  `json:"enablePortSecurity"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	n, ok := find(c.zone.Networks, c.param("id"))
	if !ok {
		return notFound("Network")
	}
	s, ok := c.zone.liveServer(body.ServerID)
	if !ok {
		return notFound("Server")
	}
	if n.Public {
		return failure(http.StatusForbidden, "A server cannot be attached to a public network.")
	}
	if body.SubnetID != "" && body.SubnetID != n.Subnet.ID {
		return notFound("Subnet")
	}
	if len(c.zone.portsOf(func(p *port) bool { return p.ServerID == s.ID && p.NetworkID == n.ID })) > 0 {
		return failure(http.StatusConflict, "The server is already attached to this network.")
	}
	p, refusal, ok := c.newPrivatePort(n, s, body.IP)
	if !ok {
		return refusal
	}
	if body.PortSecurity != nil {
		p.Security = *body.PortSecurity
	}
	c.changed()
	c.emulator.machineChanged(c.zone, s)
	return withDataAndMessage(http.StatusOK, p.attachView(), "Server attached to the network.")
}

// detachNetwork takes the port's id in the path; the newer descriptions call it the network's id, which also works here.
func detachNetwork(c *call) reply {
	var body struct {
		ServerID string `json:"server_id"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	id := c.param("id")
	matches := c.zone.portsOf(func(p *port) bool {
		byNetwork := p.NetworkID == id && !c.emulator.options.Variants.DetachByPortOnly
		return p.ServerID == body.ServerID && (p.ID == id || byNetwork)
	})
	if len(matches) == 0 {
		return notFound("Port")
	}
	c.zone.removePort(matches[0])
	c.changed()
	if s, ok := c.zone.liveServer(body.ServerID); ok {
		c.emulator.machineChanged(c.zone, s)
	}
	return withMessage(http.StatusOK, "Server detached from the network.")
}

// networkView is the network on the wire, with its subnet and the servers on it.
func (c *call) networkView(n *network) map[string]any {
	servers := c.zone.serversOn(n)
	return map[string]any{
		"id": n.ID, "name": n.Name, "description": n.Subnet.Description, "status": "ACTIVE", "admin_state_up": true,
		"shared": n.Public, "router:external": n.Public, "subnets": []map[string]any{c.subnetView(n)}, "servers": servers,
		"tenant_id": stableID("tenant"), "dhcp_ip": "", "mtu": n.MTU, "port_security_enabled": true, "qos_policy_id": "",
		"ipv4_address_scope": nil, "ipv6_address_scope": nil, "availability_zones": []string{"nova"},
		"availability_zone_hints": []string{}, "tags": c.tagNames(n.ID), "revision_number": n.Version, "read_only": n.Public,
		"created_at": timestamp(n.Created), "updated_at": timestamp(n.Updated),
	}
}

// contains says whether an address can be on the network.
func (n *network) contains(address netip.Addr) bool {
	prefix, err := netip.ParsePrefix(n.Subnet.CIDR)
	return err == nil && prefix.Contains(address)
}
