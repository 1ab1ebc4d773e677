package client

import (
	"context"
	"net/http"
)

// Statuses of a volume that the provider acts on. The others are on the way to one of them.
const (
	VolumeAvailable = "available"
	VolumeInUse     = "in-use"
	VolumeError     = "error"
)

// Volume is a disk that lives apart from servers.
type Volume struct {
	ID          string             `json:"id"`
	Name        string             `json:"name"`
	Description string             `json:"description"`
	Size        Integer            `json:"size"` // GB
	Type        string             `json:"volume_type_name"`
	Status      string             `json:"status"`
	Attachments []VolumeAttachment `json:"attachments"`
}

// VolumeAttachment is where a volume is plugged in.
type VolumeAttachment struct {
	ServerID string `json:"server_id"`
	Device   string `json:"device"`
}

// VolumeRequest is what a volume is made with.
type VolumeRequest struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Size        int    `json:"size"`
	Type        string `json:"type,omitempty"` // ssd or hdd
}

// Volumes lists a zone's volumes.
func (c *Client) Volumes(ctx context.Context, zone string) ([]Volume, error) {
	return get[[]Volume](ctx, c, zonal(zone, "volumes"))
}

// CreateVolume makes a volume.
func (c *Client) CreateVolume(ctx context.Context, zone string, request VolumeRequest) (Volume, error) {
	return post[Volume](ctx, c, zonal(zone, "volumes"), request)
}

// UpdateVolume changes a volume's name and description; the API changes nothing else of one.
func (c *Client) UpdateVolume(ctx context.Context, zone, id, name, description string) error {
	return c.do(ctx, call{method: http.MethodPatch, path: zonal(zone, "volumes", id),
		body: map[string]string{"name": name, "description": description}}, nil)
}

// DeleteVolume removes a volume that is not attached.
func (c *Client) DeleteVolume(ctx context.Context, zone, id string) error {
	return c.delete(ctx, zonal(zone, "volumes", id))
}

// AttachVolume plugs a volume into a server.
func (c *Client) AttachVolume(ctx context.Context, zone, volumeID, serverID string) error {
	return c.do(ctx, call{method: http.MethodPatch, path: zonal(zone, "volumes", "attach"), body: volumeAndServer(volumeID, serverID)}, nil)
}

// DetachVolume unplugs a volume from a server.
func (c *Client) DetachVolume(ctx context.Context, zone, volumeID, serverID string) error {
	return c.do(ctx, call{method: http.MethodPatch, path: zonal(zone, "volumes", "detach"), body: volumeAndServer(volumeID, serverID)}, nil)
}

func volumeAndServer(volumeID, serverID string) map[string]string {
	return map[string]string{"volume_id": volumeID, "server_id": serverID}
}
