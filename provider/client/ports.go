package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// Port is where a server is plugged into a network.
type Port struct {
	ID        string        `json:"id"`
	ServerID  string        `json:"instance_id"`
	NetworkID string        `json:"network_id"`
	Addresses []PortAddress `json:"ips"`
	Security  bool          `json:"port_security_enabled"`
}

// PortAddress is an address of a port.
type PortAddress string

// UnmarshalJSON takes the address alone or an object around it: the API's description shows both.
func (a *PortAddress) UnmarshalJSON(content []byte) error {
	if len(content) > 0 && content[0] == '{' {
		var object struct {
			IP      string `json:"ip"`
			Address string `json:"address"`
		}
		err := json.Unmarshal(content, &object)
		*a = PortAddress(object.IP + object.Address)
		return err
	}
	return json.Unmarshal(content, (*string)(a))
}

// Ports lists a zone's ports.
func (c *Client) Ports(ctx context.Context, zone string) ([]Port, error) {
	return get[[]Port](ctx, c, zonal(zone, "ports"))
}

// Attach plugs a server into a private network, with that address, or one the API picks when it is empty.
func (c *Client) Attach(ctx context.Context, zone, networkID, serverID, address string) error {
	body := map[string]any{"server_id": serverID}
	if address != "" {
		body["ip"] = address
	}
	return c.do(ctx, call{method: http.MethodPatch, path: zonal(zone, "networks", networkID, "attach"), body: body}, nil)
}

// Detach unplugs a server. The path takes the id of the port, though the newest description says the network's.
func (c *Client) Detach(ctx context.Context, zone, portID, serverID string) error {
	return c.do(ctx, call{method: http.MethodPatch, path: zonal(zone, "networks", portID, "detach"),
		body: map[string]any{"server_id": serverID}}, nil)
}

// DeletePort unplugs a port from its server. A public address on it is given back.
func (c *Client) DeletePort(ctx context.Context, zone, portID string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: zonal(zone, "ports", portID)}, nil)
}

// SetPortSecurity switches on or off that a port takes only traffic from and to its own addresses, by its security groups.
func (c *Client) SetPortSecurity(ctx context.Context, zone, portID string, enabled bool) error {
	action := "disablePortSecurity"
	if enabled {
		action = "enablePortSecurity"
	}
	return c.do(ctx, call{method: http.MethodPatch, path: zonal(zone, "ports", portID, action)}, nil)
}
