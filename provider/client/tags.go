package client

import (
	"context"
	"net/http"
)

// Tag is a label for things in one zone.
type Tag struct {
	ID   Text   `json:"id"` // a number in the API's first versions
	Name string `json:"name"`
}

// instanceServer is what the API calls servers where tags are attached.
const instanceServer = "server"

// Tags lists a zone's tags.
func (c *Client) Tags(ctx context.Context, zone string) ([]Tag, error) {
	return get[[]Tag](ctx, c, zonal(zone, "tags"))
}

// CreateTag makes a tag. The API does not tell its id.
func (c *Client) CreateTag(ctx context.Context, zone, name string) error {
	return c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "tags"), body: map[string]string{"tag_name": name}}, nil)
}

// RenameTag gives a tag another name.
func (c *Client) RenameTag(ctx context.Context, zone, id, name string) error {
	return c.do(ctx, call{method: http.MethodPut, path: zonal(zone, "tags", id), body: map[string]string{"tag_name": name}}, nil)
}

// DeleteTag removes a tag that nothing carries.
func (c *Client) DeleteTag(ctx context.Context, zone, id string) error {
	return c.delete(ctx, zonal(zone, "tags", id))
}

// TagServer puts a tag on a server. The method is PUT in the API's newer descriptions, POST in the older ones.
func (c *Client) TagServer(ctx context.Context, zone, id, serverID string) error {
	path, body := zonal(zone, "tags", id, "attach"), taggedServer(serverID)
	return c.either(ctx, call{method: http.MethodPut, path: path, body: body}, call{method: http.MethodPost, path: path, body: body})
}

// UntagServer takes a tag off a server.
func (c *Client) UntagServer(ctx context.Context, zone, id, serverID string) error {
	return c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "tags", id, "detach"), body: taggedServer(serverID)}, nil)
}

func taggedServer(id string) map[string]string {
	return map[string]string{"instance_id": id, "instance_type": instanceServer}
}
