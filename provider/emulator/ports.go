package emulator

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
)

// port is a server's place on a network.
type port struct {
	ID        string   `json:"id"`
	NetworkID string   `json:"networkId"`
	ServerID  string   `json:"serverId"`
	IP        string   `json:"ip"`
	MAC       string   `json:"mac"`
	Public    bool     `json:"public"`
	Security  bool     `json:"security"`
	Disabled  bool     `json:"disabled"`
	Groups    []string `json:"groups"`
	Hidden    *wait    `json:"hidden,omitempty"` // a public address that came late does not show before this is over
}

func (p *port) key() string { return p.ID }

func portRoutes(r *router) {
	r.handle("GET /ports", listPorts)
	r.handle("DELETE /ports/{id}", deletePort)
	for _, action := range []string{"enable", "disable", "enablePortSecurity", "disablePortSecurity"} {
		r.handle("PATCH /ports/{id}/"+action, func(c *call) reply { return changePort(c, action) })
	}
}

func listPorts(c *call) reply {
	c.readServers()
	ports := []map[string]any{}
	for _, p := range c.zone.Ports {
		if c.zone.addressShows(p) {
			ports = append(ports, p.view())
		}
	}
	return withData(http.StatusOK, ports)
}

// deletePort takes the server off the network and gives a public address back.
func deletePort(c *call) reply {
	p, ok := find(c.zone.Ports, c.param("id"))
	if !ok {
		return notFound("Port")
	}
	c.zone.removePort(p)
	c.changed()
	if s, ok := c.zone.liveServer(p.ServerID); ok {
		c.emulator.machineChanged(c.zone, s)
	}
	return withMessage(http.StatusOK, "Port deleted successfully.")
}

func changePort(c *call, action string) reply {
	p, ok := find(c.zone.Ports, c.param("id"))
	if !ok {
		return notFound("Port")
	}
	if p.Public {
		return failure(http.StatusForbidden, "Ports of external networks cannot be changed.")
	}
	switch action {
	case "enable", "disable":
		p.Disabled = action == "disable"
	default:
		p.Security = action == "enablePortSecurity"
	}
	c.changed()
	return withMessage(http.StatusAccepted, "The request is accepted.")
}

// newPrivatePort puts a server on a private network, at the address that was asked for if any.
func (c *call) newPrivatePort(n *network, s *server, ip string) (*port, reply, bool) {
	var address netip.Addr
	if ip == "" {
		free, ok := c.zone.takePrivate(n)
		if !ok {
			return nil, failure(http.StatusConflict, "No more IP addresses available on network "+n.Name+"."), false
		}
		address = free
	} else {
		wanted, err := netip.ParseAddr(ip)
		if err != nil || !n.contains(wanted) {
			return nil, invalid(fieldErrors{"ip": {"The ip must be an address of the network."}}), false
		}
		taken := c.zone.portsOf(func(p *port) bool { return p.NetworkID == n.ID && p.IP == wanted.String() })
		if wanted.String() == n.Subnet.Gateway || len(taken) > 0 {
			return nil, failure(http.StatusConflict, "The IP address "+ip+" is the gateway or already in use."), false
		}
		address = wanted
	}
	return c.addPort(n, s, address), reply{}, true
}

// newPublicPort gives a server a public address.
func (c *call) newPublicPort(s *server) (*port, reply, bool) {
	address, ok := c.world.takePublic(c.emulator.pool)
	if !ok {
		return nil, failure(http.StatusConflict, "No more IP addresses available on network "+c.zone.publicNetwork().Name+"."), false
	}
	return c.addPort(c.zone.publicNetwork(), s, address), reply{}, true
}

func (c *call) addPort(n *network, s *server, address netip.Addr) *port {
	c.world.Sequence++
	p := &port{
		ID: newID(), NetworkID: n.ID, ServerID: s.ID, IP: address.String(), Public: n.Public, Security: true,
		MAC:    fmt.Sprintf("fa:16:3e:%02x:%02x:%02x", c.world.Sequence>>16&0xff, c.world.Sequence>>8&0xff, c.world.Sequence&0xff),
		Groups: slices.Clone(s.Groups),
	}
	c.zone.addPort(p)
	return p
}

func (z *zone) portsOf(matches func(*port) bool) []*port {
	var ports []*port
	for _, p := range z.Ports {
		if matches(p) {
			ports = append(ports, p)
		}
	}
	return ports
}

// removePort also leaves floating addresses without a port, and forgets the reverse name of an address that is given back.
func (z *zone) removePort(p *port) {
	z.PTRs = without(z.PTRs, p.IP)
	z.Ports, z.index = without(z.Ports, p.ID), nil
	for _, f := range z.FloatingIPs {
		if f.PortID == p.ID {
			f.detach()
		}
	}
}

func (p *port) status() string {
	if p.Disabled {
		return "DOWN"
	}
	return "ACTIVE"
}

// view is the port in the list of ports.
func (p *port) view() map[string]any {
	groups := p.Groups
	if groups == nil {
		groups = []string{}
	}
	return map[string]any{
		"id": p.ID, "instance_id": p.ServerID, "network_id": p.NetworkID, "mac_address": p.MAC, "ips": []string{p.IP},
		"port_security_enabled": p.Security, "security_group_ids": groups, "status": p.status(),
	}
}

// attachView is the port as the attach operation answers it.
func (p *port) attachView() map[string]any {
	return map[string]any{
		"id": p.ID, "status": p.status(), "mac_address": p.MAC, "ip_address": p.IP, "network_id": p.NetworkID, "device_id": p.ServerID,
		"subnet_id": "", "admin_state_up": !p.Disabled,
	}
}
