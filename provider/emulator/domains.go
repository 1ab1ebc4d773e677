package emulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// domain is a DNS zone of the CDN.
type domain struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Type    string       `json:"type"`
	Plan    int          `json:"plan"`
	Status  string       `json:"status"`
	Wait    *wait        `json:"wait,omitempty"` // until it becomes pending
	Records []*dnsRecord `json:"records"`
	Created time.Time    `json:"created"`
	Updated time.Time    `json:"updated"`

	NameServers  []string              `json:"nameServers,omitempty"` // the domain's own; none means the usual ones
	Delegated    bool                  `json:"delegated"`             // the registry points at the name servers
	DNSSEC       bool                  `json:"dnssec"`
	Settings     map[string]document   `json:"settings,omitempty"` // by the path of their family
	Objects      map[string]*cdnObject `json:"objects,omitempty"`  // by the path of the collection, which their members are
	Certificates []*certificate        `json:"certificates,omitempty"`
	Orders       []*certificateOrder   `json:"orders,omitempty"`
}

// usualNameServers are those that domains get.
var usualNameServers = []string{"c.ns.arvancdn.ir", "w.ns.arvancdn.ir"}

func newDomain(name, kind string, plan int, now time.Time) *domain {
	return &domain{ID: stableID("domain", name), Name: name, Type: kind, Plan: plan, Status: "initializing", Created: now, Updated: now}
}

func domainRoutes(r *router) {
	r.handle("GET /domains", listDomains)
	r.handle("POST /domains/dns-service", createDomain)
	r.handle("POST /domains/{domain}", createDomain) // the human documentation's way
	onDomain(r, "GET", "", readDomain)
	onDomain(r, "DELETE", "", deleteDomain)
}

// domainOf finds the domain of the path; its id names it as well.
func (c *call) domainOf() (*domain, bool) {
	for _, d := range c.world.Domains {
		if name := c.param("domain"); strings.EqualFold(d.Name, name) || d.ID == name {
			return d, true
		}
	}
	return nil, false
}

// cdnFailure is the error envelope of the CDN.
func cdnFailure(status int, message string) reply {
	return reply{status, map[string]any{"status": false, "message": message}}
}

// cdnInvalid is the validation error envelope of the CDN.
func cdnInvalid(errors fieldErrors) reply {
	return reply{http.StatusUnprocessableEntity, map[string]any{
		"status": false, "message": "The given data was invalid.", "errors": errors,
	}}
}

func listDomains(c *call) reply {
	domains := []map[string]any{}
	for _, d := range c.world.Domains {
		if strings.Contains(d.Name, c.query.Get("search")) {
			domains = append(domains, d.view())
		}
	}
	return c.page(domains)
}

func createDomain(c *call) reply {
	var body struct {
		Name string `json:"domain"`
		Type string `json:"domain_type"`
		Plan *int   `json:"plan_level"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Name == "" {
		body.Name = c.param("domain")
	}
	errors, level := fieldErrors{}, 1
	if !validHostname(body.Name) || !strings.Contains(body.Name, ".") {
		errors.add("domain", "The domain format is invalid.")
	}
	if body.Type == "" {
		body.Type = "full"
	}
	if !slices.Contains([]string{"full", "partial"}, body.Type) {
		errors.add("domain_type", "The selected domain type is invalid.")
	}
	if body.Plan != nil {
		level = *body.Plan
	}
	if level < 0 || level > 4 {
		errors.add("plan_level", "The selected plan level is invalid.")
	}
	for _, d := range c.world.Domains {
		if d.Name == strings.ToLower(body.Name) {
			errors.add("domain", "The domain has already been taken.")
		}
	}
	if len(errors) > 0 {
		return cdnInvalid(errors)
	}
	d := newDomain(strings.ToLower(body.Name), body.Type, level, c.now)
	d.ID, d.Wait = newID(), c.emulator.options.Pace.Action.begin(c.now)
	c.world.Domains = append(c.world.Domains, d)
	c.changed()
	return withDataAndMessage(http.StatusCreated, d.view(), "Domain created successfully.")
}

// readDomain lets a new domain become pending: it waits there for its name servers to be changed at the registry.
func readDomain(c *call, d *domain) reply {
	if d.Wait != nil && d.Wait.over(c.now) {
		d.Wait, d.Status = nil, "pending"
		c.changed()
	} else if d.Wait != nil {
		d.Wait.read()
	}
	return withData(http.StatusOK, d.view())
}

// deleteDomain wants the id as a query parameter, as if to make sure.
func deleteDomain(c *call, d *domain) reply {
	if c.query.Get("id") != d.ID {
		return cdnInvalid(fieldErrors{"id": {"The id field is required and must be the id of the domain."}})
	}
	c.world.Domains = slices.DeleteFunc(c.world.Domains, func(other *domain) bool { return other == d })
	c.changed()
	return withMessage(http.StatusOK, "Domain deleted successfully.")
}

func (d *domain) view() map[string]any {
	servers, current := d.nameServers(), []string{}
	if d.Status == "active" {
		current = servers
	}
	return map[string]any{
		"id": d.ID, "user_id": stableID("account"), "domain": d.Name, "name": d.Name, "plan_level": d.Plan, "ns_keys": servers,
		"current_ns": current, "target_cname": strings.ReplaceAll(d.Name, ".", "-") + ".cdn.arvancloud.ir", "custom_cname": nil, "type": d.Type,
		"status": d.Status, "dns_cloud": true, "restriction": []any{}, "transfer": nil, "fingerprint_status": false,
		"created_at": cdnTimestamp(d.Created), "updated_at": cdnTimestamp(d.Updated),
	}
}

// cdnTimestamp is how the CDN writes a time.
func cdnTimestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05+00:00") }
