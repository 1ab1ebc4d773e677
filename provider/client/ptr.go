package client

import (
	"context"
	"net/http"
)

// CreatePTR gives a public address a reverse name. An address that has one is refused with status 409.
func (c *Client) CreatePTR(ctx context.Context, zone, address, domain string) error {
	return c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "ptr") + "/",
		body: map[string]string{"ip": address, "domain": domain}}, nil)
}

// DeletePTR takes an address's reverse name away.
func (c *Client) DeletePTR(ctx context.Context, zone, address string) error {
	return c.delete(ctx, zonal(zone, "ptr", address))
}
