package client

import (
	"context"
	"net/http"
)

// SSHKey is a public key that servers of one zone can be booted with. Its name identifies it.
type SSHKey struct {
	Name        string `json:"name"`
	PublicKey   string `json:"public_key"`
	Fingerprint string `json:"fingerprint"`
}

// SSHKeys lists a zone's keys.
func (c *Client) SSHKeys(ctx context.Context, zone string) ([]SSHKey, error) {
	return get[[]SSHKey](ctx, c, zonal(zone, "ssh-keys"))
}

// CreateSSHKey makes a key. A second one of the same name is refused with status 409.
func (c *Client) CreateSSHKey(ctx context.Context, zone, name, publicKey string) error {
	return c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "ssh-keys"),
		body: map[string]string{"name": name, "public_key": publicKey}}, nil)
}

// DeleteSSHKey removes a key. The newest description of the API calls this POST, every known user of it DELETE.
func (c *Client) DeleteSSHKey(ctx context.Context, zone, name string) error {
	path := zonal(zone, "ssh-keys", name)
	return c.either(ctx, call{method: http.MethodDelete, path: path}, call{method: http.MethodPost, path: path})
}
