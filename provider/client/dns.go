package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// DNSRecord is a record of a domain on the CDN. The shape of Value depends on Type.
type DNSRecord struct {
	ID            string          `json:"id,omitempty"`
	Type          string          `json:"type"`
	Name          string          `json:"name"`
	TTL           Integer         `json:"ttl"`
	Cloud         bool            `json:"cloud"`
	UpstreamHTTPS string          `json:"upstream_https,omitempty"`
	IPFilterMode  *IPFilterMode   `json:"ip_filter_mode,omitempty"`
	Value         json.RawMessage `json:"value"`
}

// IPFilterMode tells which of the addresses of a record are answered.
type IPFilterMode struct {
	Count     string `json:"count,omitempty"`
	Order     string `json:"order,omitempty"`
	GeoFilter string `json:"geo_filter,omitempty"`
}

// dnsRecords is the path of a domain's records.
func dnsRecords(domain string, segments ...string) string {
	return joined(cdnBase+"/domains", append([]string{domain, "dns-records"}, segments...)...)
}

// DNSRecords lists a domain's records of one type.
func (c *Client) DNSRecords(ctx context.Context, domain, recordType string) ([]DNSRecord, error) {
	const perPage = 100
	var all []DNSRecord
	for number := 1; ; number++ {
		query := url.Values{"type": {recordType}, "page": {fmt.Sprint(number)}, "per_page": {fmt.Sprint(perPage)}}
		var records page[DNSRecord]
		if err := c.do(ctx, call{method: http.MethodGet, path: dnsRecords(domain) + "?" + query.Encode()}, &records); err != nil {
			return nil, err
		}
		all = append(all, records.Data...)
		if number >= int(records.Meta.LastPage) {
			return all, nil
		}
	}
}

// CreateDNSRecord makes a record.
func (c *Client) CreateDNSRecord(ctx context.Context, domain string, record DNSRecord) (DNSRecord, error) {
	var made DNSRecord
	err := c.do(ctx, call{method: http.MethodPost, path: dnsRecords(domain), body: record}, &made)
	return made, err
}

// UpdateDNSRecord replaces a record's content.
func (c *Client) UpdateDNSRecord(ctx context.Context, domain, id string, record DNSRecord) error {
	record.ID = ""
	return c.do(ctx, call{method: http.MethodPut, path: dnsRecords(domain, id), body: record}, nil)
}

// DeleteDNSRecord removes a record.
func (c *Client) DeleteDNSRecord(ctx context.Context, domain, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: dnsRecords(domain, id)}, nil)
}
