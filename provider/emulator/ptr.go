package emulator

import (
	"net/http"
	"net/netip"
)

// ptrRecord is the reverse name of a public address. There is no list of them: they show on the addresses.
type ptrRecord struct {
	IP     string `json:"ip"`
	Domain string `json:"domain"`
}

func (p *ptrRecord) key() string { return p.IP }

func ptrRoutes(r *router) {
	r.handle("POST /ptr/", createPTR)
	r.handle("DELETE /ptr/{ip}", deletePTR)
}

func createPTR(c *call) reply {
	var body struct {
		IP     string `json:"ip"`
		Domain string `json:"domain"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if _, err := netip.ParseAddr(body.IP); err != nil || !validHostname(body.Domain) {
		return failure(http.StatusBadRequest, "The ip or the domain is not valid.")
	}
	if !c.zone.hasPublic(body.IP) {
		return notFound("IP")
	}
	if _, exists := find(c.zone.PTRs, body.IP); exists {
		return failure(http.StatusConflict, "The IP already has a PTR record.")
	}
	c.zone.PTRs = append(c.zone.PTRs, &ptrRecord{IP: body.IP, Domain: body.Domain})
	c.changed()
	return withMessage(http.StatusCreated, "PTR record created successfully.")
}

func deletePTR(c *call) reply {
	if _, ok := find(c.zone.PTRs, c.param("ip")); !ok {
		return notFound("PTR record")
	}
	c.zone.PTRs = without(c.zone.PTRs, c.param("ip"))
	c.changed()
	return withMessage(http.StatusOK, "PTR record deleted successfully.")
}

// hasPublic says whether a public address belongs to something of the zone.
func (z *zone) hasPublic(ip string) bool {
	for _, f := range z.FloatingIPs {
		if f.Address == ip {
			return true
		}
	}
	return len(z.portsOf(func(p *port) bool { return p.Public && p.IP == ip })) > 0
}

func (z *zone) ptrOf(ip string) any {
	if record, ok := find(z.PTRs, ip); ok {
		return record.Domain
	}
	return nil
}
