package emulator

import (
	"net/http"
	"slices"
)

// domainPlans are the names of the plan levels.
var domainPlans = []string{"Traffic", "Basic", "Growth", "Professional", "Enterprise"}

func domainPlanRoutes(r *router) {
	r.handle("GET /plans", listPlans)
	onDomain(r, "GET", "/plans", func(c *call, _ *domain) reply { return listPlans(c) })
	onDomain(r, "PUT", "/plan", changePlan)
}

func listPlans(*call) reply {
	plans := []map[string]any{}
	for level, name := range domainPlans {
		plans = append(plans, map[string]any{"level": level, "name": name})
	}
	return withData(http.StatusOK, plans)
}

func changePlan(c *call, d *domain) reply {
	var body struct {
		Level *int `json:"plan_level"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Level == nil || *body.Level < 0 || *body.Level >= len(domainPlans) {
		return cdnInvalid(fieldErrors{"plan_level": {"The plan level must be between 0 and 4."}})
	}
	d.Plan, d.Updated = *body.Level, c.now
	c.changed()
	return withMessage(http.StatusOK, "Plan updated successfully.")
}

func nameServerRoutes(r *router) {
	onDomain(r, "PUT", "/ns-keys", setNameServers)
	onDomain(r, "DELETE", "/ns-keys", resetNameServers)
	onDomain(r, "GET", "/ns-keys/check", checkNameServers)
	onDomain(r, "PUT", "/dns-service/check-ns", checkNameServers) // the older way
}

func (d *domain) nameServers() []string {
	if len(d.NameServers) > 0 {
		return d.NameServers
	}
	return usualNameServers
}

func setNameServers(c *call, d *domain) reply {
	var body struct {
		NameServers []string `json:"ns_keys"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if len(body.NameServers) < 2 || slices.ContainsFunc(body.NameServers, func(name string) bool { return !validHostname(name) }) {
		return cdnInvalid(fieldErrors{"ns_keys": {"The ns keys must be at least two host names."}})
	}
	d.NameServers, d.Updated = body.NameServers, c.now
	c.changed()
	return withDataAndMessage(http.StatusOK, map[string]any{"ns_keys": d.nameServers()}, "NS keys updated successfully.")
}

func resetNameServers(c *call, d *domain) reply {
	d.NameServers, d.Updated = nil, c.now
	c.changed()
	return withDataAndMessage(http.StatusOK, map[string]any{"ns_keys": d.nameServers()}, "NS keys reset successfully.")
}

// checkNameServers looks whether the registry points at the domain's name servers, which makes a pending domain active. Whether it
// does is told by Delegate, or by Variants.DelegatedDomains for all domains.
func checkNameServers(c *call, d *domain) reply {
	if d.Status == "pending" && (d.Delegated || c.emulator.options.Variants.DelegatedDomains) {
		d.Status = "active"
		c.changed()
	}
	view := d.view()
	view["ns_status"] = d.Status == "active"
	return withDataAndMessage(http.StatusOK, view, "NS records are checked.")
}

// Delegate lets the registry of a domain point at its name servers, as the domain's owner would; the next check of its name servers
// finds that. It says whether there is such a domain.
func (e *Emulator) Delegate(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, d := range e.world.Domains {
		if d.Name == name || d.ID == name {
			d.Delegated, e.dirty = true, true
			return true
		}
	}
	return false
}

func dnssecRoutes(r *router) {
	onDomain(r, "GET", "/dns-records/dnssec", readDNSSEC)
	onDomain(r, "PUT", "/dns-records/dnssec/actions", changeDNSSEC)
}

func readDNSSEC(_ *call, d *domain) reply {
	var key any
	if d.DNSSEC {
		key = d.Name + ". 3600 IN DS 2371 13 2 " + stableID("ds", d.Name)
	}
	return withData(http.StatusOK, map[string]any{"enabled": d.DNSSEC, "ds": key})
}

func changeDNSSEC(c *call, d *domain) reply {
	var body struct {
		Enable *bool `json:"enable"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Enable == nil {
		return cdnInvalid(fieldErrors{"enable": {"The enable field is required."}})
	}
	d.DNSSEC = *body.Enable
	c.changed()
	return readDNSSEC(c, d)
}

func purgeRoutes(r *router) {
	onDomain(r, "POST", "/caching/purge", purgeCache)
	onDomain(r, "DELETE", "/caching", purgeCacheByQuery) // the older way
}

// purge says what of a cache is to be thrown away.
type purge struct {
	What string   `json:"purge"`
	URLs []string `json:"purge_urls"`
	Tags []string `json:"purge_tags"`
}

func (p purge) answer(status int) reply {
	switch {
	case p.What == "individual" && len(p.URLs) == 0:
		return cdnInvalid(fieldErrors{"purge_urls": {"The purge urls field is required when purge is individual."}})
	case p.What == "tags" && len(p.Tags) == 0:
		return cdnInvalid(fieldErrors{"purge_tags": {"The purge tags field is required when purge is tags."}})
	case !slices.Contains([]string{"all", "individual", "tags"}, p.What):
		return cdnInvalid(fieldErrors{"purge": {"The selected purge is invalid."}})
	}
	return withMessage(status, "The cache is being purged.")
}

func purgeCache(c *call, _ *domain) reply {
	var body purge
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	return body.answer(http.StatusCreated)
}

func purgeCacheByQuery(c *call, _ *domain) reply {
	list := func(name string) []string { return append(c.query[name], c.query[name+"[]"]...) }
	return purge{c.query.Get("purge"), list("purge_urls"), list("purge_tags")}.answer(http.StatusOK)
}
