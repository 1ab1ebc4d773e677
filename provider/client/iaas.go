package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Bases of the two products' paths.
const (
	iaasBase = "/ecc/v1"
	cdnBase  = "/cdn/4.0"
)

// Zone is an availability zone as the API lists it.
type Zone struct {
	Code    string `json:"code"`
	Name    string `json:"dc"`
	City    string `json:"city"`
	Country string `json:"country"`
	Create  bool   `json:"create"`
	Visible bool   `json:"visible"`
}

// Zones lists the availability zones.
func (c *Client) Zones(ctx context.Context) ([]Zone, error) {
	var zones []Zone
	err := c.do(ctx, call{method: http.MethodGet, path: iaasBase + "/regions"}, &zones)
	return zones, err
}

// zonal is the path of something in a zone. Its segments are escaped: names come from users.
func zonal(zone string, segments ...string) string {
	return joined(iaasBase+"/regions", append([]string{zone}, segments...)...)
}

// joined appends escaped segments to a path.
func joined(base string, segments ...string) string {
	var path strings.Builder
	path.WriteString(base)
	for _, segment := range segments {
		path.WriteString("/" + url.PathEscape(segment))
	}
	return path.String()
}

// get reads a zone's list or object.
func get[T any](ctx context.Context, c *Client, path string) (T, error) {
	var answer T
	err := c.do(ctx, call{method: http.MethodGet, path: path}, &answer)
	return answer, err
}

// post makes an object and decodes what the API tells of it.
func post[T any](ctx context.Context, c *Client, path string, body any) (T, error) {
	var answer T
	err := c.do(ctx, call{method: http.MethodPost, path: path, body: body}, &answer)
	return answer, err
}

// delete removes what is at a path.
func (c *Client) delete(ctx context.Context, path string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: path}, nil)
}

// Image is a distribution's image in one zone.
type Image struct {
	ID           string  `json:"id"`
	Name         string  `json:"name"` // the version: "24.04"
	Distribution string  `json:"distribution_name"`
	Disk         Integer `json:"disk"`
	MinDisk      Integer `json:"min_disk"` // what private images have instead of disk
}

// ImageGroup is the images of one distribution.
type ImageGroup struct {
	Name   string  `json:"name"`
	Images []Image `json:"images"`
}

// Images lists a zone's distribution images.
func (c *Client) Images(ctx context.Context, zone string) ([]ImageGroup, error) {
	return get[[]ImageGroup](ctx, c, zonal(zone, "images")+"?type=distributions")
}

// PrivateImages lists the images that the account made itself, snapshots of servers among them.
func (c *Client) PrivateImages(ctx context.Context, zone string) ([]Image, error) {
	return get[[]Image](ctx, c, zonal(zone, "images")+"?type=private")
}

// Plan is a size of servers.
type Plan struct {
	ID            string  `json:"id"`
	Name          string  `json:"name"`
	CPUs          Integer `json:"cpu_count"`
	Memory        Number  `json:"memory"` // GB
	Disk          Integer `json:"disk"`   // GB
	PricePerHour  Number  `json:"price_per_hour"`
	PricePerMonth Number  `json:"price_per_month"`
}

// Plans lists a zone's plans.
func (c *Client) Plans(ctx context.Context, zone string) ([]Plan, error) {
	return get[[]Plan](ctx, c, zonal(zone, "sizes"))
}

// PublicNetwork is the id of the zone's public network, which gives servers their public address.
func (c *Client) PublicNetwork(ctx context.Context, zone string) (string, error) {
	options, err := get[struct {
		NetworkID string `json:"network_id"`
	}](ctx, c, zonal(zone, "servers", "options"))
	return options.NetworkID, err
}
