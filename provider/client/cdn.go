package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// Document is a JSON object of the CDN: settings, a rule, a load balancer.
type Document map[string]any

// Text is a text of the document, or empty.
func (d Document) Text(field string) string {
	text, _ := d[field].(string)
	return text
}

// Domain is a domain on the CDN.
type Domain struct {
	ID          string   `json:"id"`
	Name        string   `json:"domain"`
	Type        string   `json:"type"`
	Plan        Integer  `json:"plan_level"`
	Status      string   `json:"status"`
	NameServers []string `json:"ns_keys"`
	Current     []string `json:"current_ns"` // what the registry points at
	Target      string   `json:"target_cname"`
}

// DomainInitializing is the status of a domain that cannot be used yet.
const DomainInitializing = "initializing"

// onDomain is the path of something of a domain.
func onDomain(domain string, segments ...string) string {
	return joined(cdnBase+"/domains", append([]string{domain}, segments...)...)
}

// Domain reads a domain.
func (c *Client) Domain(ctx context.Context, name string) (Domain, error) {
	return get[Domain](ctx, c, onDomain(name))
}

// CreateDomain adds a domain to the CDN. kind is full or partial.
func (c *Client) CreateDomain(ctx context.Context, name, kind string, plan int) (Domain, error) {
	return post[Domain](ctx, c, cdnBase+"/domains/dns-service", map[string]any{"domain": name, "domain_type": kind, "plan_level": plan})
}

// SetDomainPlan moves a domain to another plan.
func (c *Client) SetDomainPlan(ctx context.Context, name string, plan int) error {
	return c.do(ctx, call{method: http.MethodPut, path: onDomain(name, "plan"), body: map[string]int{"plan_level": plan}}, nil)
}

// DeleteDomain takes a domain off the CDN, with its records and settings. The API wants its id as if to make sure.
func (c *Client) DeleteDomain(ctx context.Context, name, id string) error {
	return c.delete(ctx, onDomain(name)+"?id="+url.QueryEscape(id))
}

// Settings reads a family of a domain's settings, for example "caching" or "waf", "settings".
func (c *Client) Settings(ctx context.Context, domain string, family ...string) (Document, error) {
	return get[Document](ctx, c, onDomain(domain, family...))
}

// ChangeSettings changes those of a family's settings that are in the document.
func (c *Client) ChangeSettings(ctx context.Context, domain string, changes Document, family ...string) error {
	return c.do(ctx, call{method: http.MethodPatch, path: onDomain(domain, family...), body: changes}, nil)
}

// Objects lists a domain's objects of a kind, for example "firewall", "rules", over all pages.
func (c *Client) Objects(ctx context.Context, domain string, kind ...string) ([]Document, error) {
	const perPage = 100
	all := []Document{}
	for number := 1; ; number++ {
		var objects page[Document]
		path := fmt.Sprintf("%s?page=%d&per_page=%d", onDomain(domain, kind...), number, perPage)
		if err := c.do(ctx, call{method: http.MethodGet, path: path}, &objects); err != nil {
			return nil, err
		}
		all = append(all, objects.Data...)
		if number >= int(objects.Meta.LastPage) {
			return all, nil
		}
	}
}

// CreateObject makes an object.
func (c *Client) CreateObject(ctx context.Context, domain string, object Document, kind ...string) (Document, error) {
	return post[Document](ctx, c, onDomain(domain, kind...), object)
}

// ChangeObject changes what the document holds of an object. The path ends in the object's id.
func (c *Client) ChangeObject(ctx context.Context, domain string, changes Document, path ...string) error {
	return c.do(ctx, call{method: http.MethodPatch, path: onDomain(domain, path...), body: changes}, nil)
}

// ReplaceObject changes an object to what the document holds, and nothing else. The path ends in the object's id.
func (c *Client) ReplaceObject(ctx context.Context, domain string, object Document, path ...string) error {
	return c.do(ctx, call{method: http.MethodPut, path: onDomain(domain, path...), body: object}, nil)
}

// DeleteObject removes an object. The path ends in its id.
func (c *Client) DeleteObject(ctx context.Context, domain string, path ...string) error {
	return c.delete(ctx, onDomain(domain, path...))
}
