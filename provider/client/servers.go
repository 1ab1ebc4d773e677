package client

import (
	"context"
	"net/http"
)

// Statuses of a server that the provider acts on.
const (
	StatusActive      = "ACTIVE"
	StatusShutoff     = "SHUTOFF"
	StatusError       = "ERROR"
	StatusDeleted     = "DELETED"
	StatusSoftDeleted = "SOFT_DELETED"
)

// Server is a virtual machine.
type Server struct {
	ID             string                     `json:"id"`
	Name           string                     `json:"name"`
	Status         string                     `json:"status"`
	TaskState      *string                    `json:"task_state"`
	Error          Text                       `json:"error"`
	KeyName        Text                       `json:"key_name"`
	Flavor         ServerFlavor               `json:"flavor"`
	Image          ServerImage                `json:"image"`
	SecurityGroups []SecurityGroup            `json:"security_groups"`
	Addresses      map[string][]ServerAddress `json:"addresses"`
	Tags           []Tag                      `json:"tags"`
	Password       string                     `json:"password"` // of root; only in the answer to the creation, and only without a key
}

// ServerFlavor is the plan a server runs on.
type ServerFlavor struct {
	ID   string  `json:"id"`
	Disk Integer `json:"disk"` // GB
}

// ServerImage is the image a server was booted from.
type ServerImage struct {
	ID string `json:"id"`
}

// ServerAddress is an address of a server in one of its networks.
type ServerAddress struct {
	Address string `json:"addr"`
	Version Text   `json:"version"`
	Public  bool   `json:"is_public"`
	Type    string `json:"type"`
}

// addressFloating is the type of addresses that lead to a server from outside of it; they are no address of its own.
const addressFloating = "floating"

// Busy tells whether the server is in the middle of a task.
func (s Server) Busy() bool { return s.TaskState != nil && *s.TaskState != "" }

// PublicIPv4 is the server's own public address, or empty.
func (s Server) PublicIPv4() string {
	for _, addresses := range s.Addresses {
		for _, address := range addresses {
			if address.Public && address.Version != "6" && address.Type != addressFloating {
				return address.Address
			}
		}
	}
	return ""
}

// ServerRequest is what a server is made with.
type ServerRequest struct {
	Name             string
	PlanID           string
	ImageID          string
	NetworkIDs       []string
	SecurityGroupIDs []string
	KeyName          string // empty: the API makes a password instead
	DiskSize         int    // GB
	InitScript       string
	PublicIPv4       bool
	ServerGroupID    string
}

// Servers lists a zone's servers.
func (c *Client) Servers(ctx context.Context, zone string) ([]Server, error) {
	return get[[]Server](ctx, c, zonal(zone, "servers"))
}

// Server reads one server. Whether it exists is not always told by a 404, so any refusal is checked against the list.
func (c *Client) Server(ctx context.Context, zone, id string) (server Server, found bool, err error) {
	server, err = get[Server](ctx, c, zonal(zone, "servers", id))
	if err == nil && server.ID == id {
		return server, true, nil
	}
	if HasStatus(err, http.StatusUnauthorized) || ctx.Err() != nil {
		return server, false, err
	}
	servers, err := c.Servers(ctx, zone)
	if err != nil {
		return server, false, err
	}
	for _, server := range servers {
		if server.ID == id {
			return server, true, nil
		}
	}
	return server, false, nil
}

// CreateServer makes and starts a server. It comes back while it is still being built.
func (c *Client) CreateServer(ctx context.Context, zone string, request ServerRequest) (Server, error) {
	groups := make([]map[string]string, len(request.SecurityGroupIDs))
	for i, id := range request.SecurityGroupIDs {
		// The field is called name, but takes the id.
		groups[i] = map[string]string{"name": id}
	}
	body := map[string]any{
		"name":            request.Name,
		"flavor_id":       request.PlanID,
		"image_id":        request.ImageID,
		"network_ids":     request.NetworkIDs,
		"security_groups": groups,
		"ssh_key":         request.KeyName != "",
		"key_name":        request.KeyName,
		"count":           1,
		"disk_size":       request.DiskSize,
		"init_script":     request.InitScript,
		"enable_ipv4":     request.PublicIPv4,
	}
	if len(request.NetworkIDs) > 0 {
		body["network_id"] = request.NetworkIDs[0]
	}
	if request.ServerGroupID != "" {
		body["server_group_id"] = request.ServerGroupID
	}
	if request.KeyName == "" {
		body["key_name"] = 0
	}
	var server Server
	err := c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "servers"), body: body}, &server)
	return server, err
}

// DeleteServer removes a server. It stays in the list for a while.
func (c *Client) DeleteServer(ctx context.Context, zone, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: zonal(zone, "servers", id) + "?forceDelete=true"}, nil)
}

// RenameServer gives a server another name.
func (c *Client) RenameServer(ctx context.Context, zone, id, name string) error {
	return c.serverAction(ctx, zone, id, "rename", map[string]any{"name": name})
}

// StopServer switches a server off.
func (c *Client) StopServer(ctx context.Context, zone, id string) error {
	return c.serverAction(ctx, zone, id, "power-off", nil)
}

// StartServer switches a server on.
func (c *Client) StartServer(ctx context.Context, zone, id string) error {
	return c.serverAction(ctx, zone, id, "power-on", nil)
}

// ResizeServer moves a server to another plan.
func (c *Client) ResizeServer(ctx context.Context, zone, id, planID string) error {
	return c.serverAction(ctx, zone, id, "resize", map[string]any{"flavor_id": planID})
}

// GrowDisk makes a server's root disk larger. size is in GB. A second call with the same size is refused.
func (c *Client) GrowDisk(ctx context.Context, zone, id string, size int) error {
	return c.do(ctx, call{method: http.MethodPut, path: zonal(zone, "servers", id, "resizeRoot"),
		body: map[string]any{"new_size": size}, counted: true}, nil)
}

// AddSecurityGroup puts a server into a group.
func (c *Client) AddSecurityGroup(ctx context.Context, zone, id, groupID string) error {
	return c.serverAction(ctx, zone, id, "add-security-group", map[string]any{"security_group_id": groupID})
}

// RemoveSecurityGroup takes a server out of a group.
func (c *Client) RemoveSecurityGroup(ctx context.Context, zone, id, groupID string) error {
	return c.serverAction(ctx, zone, id, "remove-security-group", map[string]any{"security_group_id": groupID})
}

// AddPublicIPv4 gives a server a public address. It is not told which: it shows up later.
func (c *Client) AddPublicIPv4(ctx context.Context, zone, id string, securityGroupIDs []string) error {
	return c.serverAction(ctx, zone, id, "add-public-ip", map[string]any{"type": "ipv4", "security_groups": securityGroupIDs})
}

func (c *Client) serverAction(ctx context.Context, zone, id, action string, body any) error {
	return c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "servers", id, action), body: body}, nil)
}
