package client

import "context"

// ServerGroup keeps its servers on different machines, or together, by its policies.
type ServerGroup struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Policies []string `json:"policies"`
	Members  []string `json:"members"` // ids of servers
}

// ServerGroups lists a zone's server groups.
func (c *Client) ServerGroups(ctx context.Context, zone string) ([]ServerGroup, error) {
	return get[[]ServerGroup](ctx, c, zonal(zone, "server-groups"))
}

// CreateServerGroup makes a server group. Servers can only be put into it when they are made.
func (c *Client) CreateServerGroup(ctx context.Context, zone, name, policy string) (ServerGroup, error) {
	return post[ServerGroup](ctx, c, zonal(zone, "server-groups"), map[string]any{"name": name, "policies": []string{policy}})
}

// DeleteServerGroup removes a server group, not its servers.
func (c *Client) DeleteServerGroup(ctx context.Context, zone, id string) error {
	return c.delete(ctx, zonal(zone, "server-groups", id))
}
