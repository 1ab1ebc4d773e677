package client

import (
	"context"
	"net/http"
)

// Snapshot is the content of a volume, or of a server's root disk, at one time.
type Snapshot struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Size        Integer `json:"size"` // GB
	Status      string  `json:"status"`
	VolumeID    string  `json:"volume_id"`
	ServerID    string  `json:"server_id"`
}

// Snapshots lists a zone's snapshots.
func (c *Client) Snapshots(ctx context.Context, zone string) ([]Snapshot, error) {
	return get[[]Snapshot](ctx, c, zonal(zone, "snapshots"))
}

// SnapshotVolume keeps the content of a volume. The API does not tell the snapshot's id.
func (c *Client) SnapshotVolume(ctx context.Context, zone, volumeID, name, description string) error {
	return c.snapshot(ctx, zonal(zone, "snapshots", "volumes", volumeID)+"/", name, description)
}

// SnapshotServer keeps the content of a server's root disk. The API does not tell the snapshot's id.
func (c *Client) SnapshotServer(ctx context.Context, zone, serverID, name, description string) error {
	return c.snapshot(ctx, zonal(zone, "snapshots", "servers", serverID)+"/", name, description)
}

func (c *Client) snapshot(ctx context.Context, path, name, description string) error {
	return c.do(ctx, call{method: http.MethodPost, path: path, body: map[string]string{"name": name, "description": description}}, nil)
}

// UpdateSnapshot changes a snapshot's name and description.
func (c *Client) UpdateSnapshot(ctx context.Context, zone, id, name, description string) error {
	return c.do(ctx, call{method: http.MethodPut, path: zonal(zone, "snapshots", id),
		body: map[string]string{"name": name, "description": description}}, nil)
}

// DeleteSnapshot removes a snapshot.
func (c *Client) DeleteSnapshot(ctx context.Context, zone, id string) error {
	return c.delete(ctx, zonal(zone, "snapshots", id))
}
