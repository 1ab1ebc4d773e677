package emulator

import (
	"net/http"
	"slices"
)

// serverGroup keeps servers apart or together.
type serverGroup struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Policies []string `json:"policies"`
}

func (g *serverGroup) key() string { return g.ID }

// policies are Nova's; the API's description does not list them.
var policies = []string{"affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"}

func serverGroupRoutes(r *router) {
	r.handle("GET /server-groups", listServerGroups)
	r.handle("POST /server-groups", createServerGroup)
	r.handle("DELETE /server-groups/{id}", deleteServerGroup)
}

func listServerGroups(c *call) reply {
	groups := []map[string]any{}
	for _, g := range c.zone.ServerGroups {
		groups = append(groups, c.zone.serverGroupView(g))
	}
	return withData(http.StatusOK, groups)
}

func createServerGroup(c *call) reply {
	var body struct {
		Name     string   `json:"name"`
		Policies []string `json:"policies"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	errors := fieldErrors{}
	if body.Name == "" {
		errors.add("name", "The name field is required.")
	}
	if len(body.Policies) != 1 || !slices.Contains(policies, body.Policies[0]) {
		errors.add("policies", "The policies field must hold one known policy.")
	}
	if len(errors) > 0 {
		return invalid(errors)
	}
	if refusal, over := overQuota("server groups", len(c.zone.ServerGroups), 1, c.emulator.options.Quota.ServerGroups); over {
		return refusal
	}
	g := &serverGroup{ID: newID(), Name: body.Name, Policies: body.Policies}
	c.zone.ServerGroups = append(c.zone.ServerGroups, g)
	c.changed()
	return withDataAndMessage(http.StatusCreated, c.zone.serverGroupView(g), "Server group created successfully.")
}

// deleteServerGroup leaves its servers where they are.
func deleteServerGroup(c *call) reply {
	g, ok := find(c.zone.ServerGroups, c.param("id"))
	if !ok {
		return notFound("Server group")
	}
	c.zone.ServerGroups = without(c.zone.ServerGroups, g.ID)
	c.changed()
	return withMessage(http.StatusAccepted, "Server group deleted successfully.")
}

func (z *zone) serverGroupView(g *serverGroup) map[string]any {
	members := []string{}
	for _, s := range z.Servers {
		if s.ServerGroup == g.ID && !s.deleting() {
			members = append(members, s.ID)
		}
	}
	return map[string]any{"id": g.ID, "name": g.Name, "policies": g.Policies, "members": members}
}
