package emulator

import (
	"net/http"
	"strconv"
	"time"
)

// floatingIP is a public address that can be moved between ports of private networks.
type floatingIP struct {
	ID          string    `json:"id"`
	Address     string    `json:"address"`
	Description string    `json:"description"`
	PortID      string    `json:"portId,omitempty"`
	Revision    int       `json:"revision"`
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
}

func (f *floatingIP) key() string { return f.ID }

func floatingIPRoutes(r *router) {
	r.handle("GET /float-ips", listFloatingIPs)
	r.handle("POST /float-ips", createFloatingIP)
	r.handle("GET /float-ips/ips", listAttachable)
	r.handle("DELETE /float-ips/{id}", deleteFloatingIP)
	r.handle("PATCH /float-ips/{id}/attach", attachFloatingIP)
	r.handle("PATCH /float-ips/detach", func(c *call) reply { return detachFloatingIP(c, "port") })
	r.handle("PATCH /float-ips/{id}/detach", func(c *call) reply { return detachFloatingIP(c, "id") }) // the official command line's way
}

func listFloatingIPs(c *call) reply {
	list := []map[string]any{}
	for _, f := range c.zone.FloatingIPs {
		list = append(list, c.floatingView(f))
	}
	return withData(http.StatusOK, list)
}

func createFloatingIP(c *call) reply {
	var body struct {
		Description *string `json:"description"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Description == nil {
		return invalid(fieldErrors{"description": {"The description field is required."}})
	}
	if refusal, over := overQuota("floating IPs", len(c.zone.FloatingIPs), 1, c.emulator.options.Quota.FloatingIPs); over {
		return refusal
	}
	address, ok := c.world.takePublic(c.emulator.pool)
	if !ok {
		return failure(http.StatusConflict, "No more IP addresses available on network "+c.zone.publicNetwork().Name+".")
	}
	f := &floatingIP{ID: newID(), Address: address.String(), Description: *body.Description, Created: c.now, Updated: c.now}
	c.zone.FloatingIPs = append(c.zone.FloatingIPs, f)
	c.changed()
	return withDataAndMessage(http.StatusCreated, c.floatingView(f), "Floating IP created successfully.")
}

func deleteFloatingIP(c *call) reply {
	f, ok := find(c.zone.FloatingIPs, c.param("id"))
	if !ok {
		return notFound("Floating IP")
	}
	c.zone.FloatingIPs = without(c.zone.FloatingIPs, f.ID)
	c.zone.PTRs = without(c.zone.PTRs, f.Address)
	c.floatingMoved(f.PortID)
	return withMessage(http.StatusOK, "Floating IP deleted successfully.")
}

// attachFloatingIP needs a port on a private network that has a gateway.
func attachFloatingIP(c *call) reply {
	var body struct {
		ServerID string `json:"server_id"`
		SubnetID string `json:"subnet_id"`
		PortID   string `json:"port_id"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	f, ok := find(c.zone.FloatingIPs, c.param("id"))
	if !ok {
		return notFound("Floating IP")
	}
	p, ok := find(c.zone.Ports, body.PortID)
	if !ok || p.ServerID != body.ServerID {
		return notFound("Port")
	}
	n, _ := find(c.zone.Networks, p.NetworkID)
	if n.Public || n.Subnet.Gateway == "" || body.SubnetID != n.Subnet.ID {
		return invalid(fieldErrors{"subnet_id": {"The subnet must be that of the port, private, and have a gateway."}})
	}
	if _, taken := c.zone.floatingOf(p.ID); taken || f.PortID != "" {
		return failure(http.StatusConflict, "The floating IP or the port is already attached.")
	}
	f.PortID, f.Updated, f.Revision = p.ID, c.now, f.Revision+1
	c.floatingMoved(p.ID)
	return withMessage(http.StatusCreated, "Floating IP attached successfully.")
}

// detachFloatingIP finds the address by the port of the body, or by the id in the path.
func detachFloatingIP(c *call, way string) reply {
	if only := c.emulator.options.Variants.FloatingIPDetach; only != "" && way != only {
		return failure(http.StatusNotFound, "Not Found")
	}
	var body struct {
		PortID string `json:"port_id"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	f, ok := find(c.zone.FloatingIPs, c.param("id"))
	if !ok && body.PortID != "" {
		f, ok = c.zone.floatingOf(body.PortID)
	}
	if !ok || f.PortID == "" {
		return notFound("Floating IP")
	}
	portID := f.PortID
	f.detach()
	f.Updated, f.Revision = c.now, f.Revision+1
	c.floatingMoved(portID)
	return withMessage(http.StatusOK, "Floating IP detached successfully.")
}

// floatingMoved tells the machine behind a port that its public address may be another.
func (c *call) floatingMoved(portID string) {
	c.changed()
	if p, ok := find(c.zone.Ports, portID); ok {
		if s, ok := c.zone.liveServer(p.ServerID); ok {
			c.emulator.machineChanged(c.zone, s)
		}
	}
}

// listAttachable lists the servers with their addresses and ports: what a floating address can be attached to, and where an
// address that was added to a server shows first.
func listAttachable(c *call) reply {
	c.readServers()
	list := []map[string]any{}
	for _, s := range c.zone.Servers {
		public, addresses := false, []map[string]any{}
		for _, p := range c.zone.portsOfServer(s.ID) {
			if !c.zone.addressShows(p) {
				continue
			}
			n, _ := find(c.zone.Networks, p.NetworkID)
			kind := "private"
			if p.Public {
				kind, public = "public", true
			}
			addresses = append(addresses, map[string]any{
				"address": p.IP, "gateway_address": n.Subnet.Gateway, "port_id": p.ID, "subnet_id": n.Subnet.ID, "type": kind,
			})
		}
		list = append(list, map[string]any{
			"id": s.ID, "name": s.Name, "status": s.Status, "creation_date": timestamp(s.Created), "has_public_ip": public, "ip_data": addresses,
		})
	}
	return withData(http.StatusOK, list)
}

func (f *floatingIP) detach() { f.PortID = "" }

func (f *floatingIP) status() string {
	if f.PortID == "" {
		return "DOWN"
	}
	return "ACTIVE"
}

// floatingOf finds the floating address of a port.
func (z *zone) floatingOf(portID string) (*floatingIP, bool) {
	for _, f := range z.FloatingIPs {
		if portID != "" && f.PortID == portID {
			return f, true
		}
	}
	return nil, false
}

func (z *zone) floatingReference(portID string) any {
	f, ok := z.floatingOf(portID)
	if !ok {
		return nil
	}
	return map[string]any{"id": f.ID, "floating_ip_address": f.Address}
}

func (c *call) floatingView(f *floatingIP) map[string]any {
	fixed, on := "", map[string]any{}
	if p, ok := find(c.zone.Ports, f.PortID); ok {
		fixed = p.IP
		if s, ok := c.zone.server(p.ServerID); ok {
			on = c.serverView(s)
		}
	}
	return map[string]any{
		"id": f.ID, "status": f.status(), "floating_network_id": c.zone.publicNetwork().ID, "router_id": "", "fixed_ip_address": fixed,
		"floating_ip_address": f.Address, "port_id": f.PortID, "description": f.Description, "created_at": timestamp(f.Created),
		"updated_at": timestamp(f.Updated), "revision_number": strconv.Itoa(f.Revision), "server": on, "tags": c.tagNames(f.ID),
	}
}
