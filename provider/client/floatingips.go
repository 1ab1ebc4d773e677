package client

import (
	"context"
	"net/http"
)

// FloatingIP is a public address that can be moved from one server to another.
type FloatingIP struct {
	ID          string `json:"id"`
	Address     string `json:"floating_ip_address"`
	Description string `json:"description"`
	PortID      string `json:"port_id"` // empty while it is attached to nothing
}

// FloatingIPs lists a zone's floating addresses.
func (c *Client) FloatingIPs(ctx context.Context, zone string) ([]FloatingIP, error) {
	return get[[]FloatingIP](ctx, c, zonal(zone, "float-ips"))
}

// CreateFloatingIP reserves an address.
func (c *Client) CreateFloatingIP(ctx context.Context, zone, description string) (FloatingIP, error) {
	return post[FloatingIP](ctx, c, zonal(zone, "float-ips"), map[string]string{"description": description})
}

// DeleteFloatingIP gives an address back.
func (c *Client) DeleteFloatingIP(ctx context.Context, zone, id string) error {
	return c.delete(ctx, zonal(zone, "float-ips", id))
}

// AttachFloatingIP points an address at a server's port in a private network.
func (c *Client) AttachFloatingIP(ctx context.Context, zone, id, serverID, subnetID, portID string) error {
	return c.do(ctx, call{method: http.MethodPatch, path: zonal(zone, "float-ips", id, "attach"),
		body: map[string]string{"server_id": serverID, "subnet_id": subnetID, "port_id": portID}}, nil)
}

// DetachFloatingIP points an address at nothing. The API's descriptions tell it by the port, the official command line by the address.
func (c *Client) DetachFloatingIP(ctx context.Context, zone, id, portID string) error {
	body := map[string]string{"port_id": portID}
	return c.either(ctx, call{method: http.MethodPatch, path: zonal(zone, "float-ips", "detach"), body: body},
		call{method: http.MethodPatch, path: zonal(zone, "float-ips", id, "detach"), body: body})
}
