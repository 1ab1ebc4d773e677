package emulator

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// dnsRecord is a record of a domain. Its value is what was sent, once it is found to have the shape of its type.
type dnsRecord struct {
	ID            string          `json:"id"`
	Type          string          `json:"type"`
	Name          string          `json:"name"`
	TTL           int             `json:"ttl"`
	Cloud         bool            `json:"cloud"`
	UpstreamHTTPS string          `json:"upstreamHttps"`
	IPFilterMode  json.RawMessage `json:"ipFilterMode"`
	Value         json.RawMessage `json:"value"`
	Created       time.Time       `json:"created"`
	Updated       time.Time       `json:"updated"`
}

func (r *dnsRecord) key() string { return r.ID }

func dnsRecordRoutes(r *router) {
	on := func(method, path string, h func(*call, *domain) reply) { onDomain(r, method, "/dns-records"+path, h) }
	on("GET", "", listRecords)
	on("POST", "", createRecord)
	on("GET", "/{id}", readRecord)
	on("PUT", "/{id}", updateRecord)
	on("DELETE", "/{id}", deleteRecord)
	on("PUT", "/{id}/cloud", setRecordCloud)
}

// listRecords filters by name and type. The search finds nothing when it has an underscore in it: it looks for the text in
// names without their underscores.
func listRecords(c *call, d *domain) reply {
	search, types := c.query.Get("search"), c.query.Get("type")
	records := []map[string]any{}
	for _, r := range d.Records {
		found := strings.Contains(strings.ReplaceAll(r.Name, "_", ""), search)
		if found && (types == "" || slices.Contains(strings.Split(strings.ToLower(types), ","), r.Type)) {
			records = append(records, r.view())
		}
	}
	return c.page(records)
}

func createRecord(c *call, d *domain) reply {
	r := &dnsRecord{ID: newID(), Created: c.now, UpstreamHTTPS: "default", TTL: 120}
	if refusal, ok := c.fillRecord(d, r); !ok {
		return refusal
	}
	d.Records = append(d.Records, r)
	c.changed()
	return withDataAndMessage(http.StatusCreated, r.view(), "DNS record created successfully.")
}

func readRecord(c *call, d *domain) reply {
	r, ok := find(d.Records, c.param("id"))
	if !ok {
		return cdnFailure(http.StatusNotFound, "DNS record not found.")
	}
	return withData(http.StatusOK, r.view())
}

func updateRecord(c *call, d *domain) reply {
	r, ok := find(d.Records, c.param("id"))
	if !ok {
		return cdnFailure(http.StatusNotFound, "DNS record not found.")
	}
	changed := *r
	if refusal, ok := c.fillRecord(d, &changed); !ok {
		return refusal
	}
	*r = changed
	c.changed()
	return withDataAndMessage(http.StatusOK, r.view(), "DNS record updated successfully.")
}

func deleteRecord(c *call, d *domain) reply {
	if _, ok := find(d.Records, c.param("id")); !ok {
		return cdnFailure(http.StatusNotFound, "DNS record not found.")
	}
	d.Records = without(d.Records, c.param("id"))
	c.changed()
	return withMessage(http.StatusOK, "DNS record deleted successfully.")
}

func setRecordCloud(c *call, d *domain) reply {
	r, ok := find(d.Records, c.param("id"))
	if !ok {
		return cdnFailure(http.StatusNotFound, "DNS record not found.")
	}
	var body struct {
		Cloud *bool `json:"cloud"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Cloud == nil {
		return cdnInvalid(fieldErrors{"cloud": {"The cloud field is required."}})
	}
	r.Cloud, r.Updated = *body.Cloud, c.now
	c.changed()
	return withDataAndMessage(http.StatusOK, r.view(), "DNS record updated successfully.")
}

// fillRecord writes the fields of the body into a record, or refuses them.
func (c *call) fillRecord(d *domain, r *dnsRecord) (reply, bool) {
	var body struct {
		Type          string          `json:"type"`
		Name          string          `json:"name"`
		TTL           *int            `json:"ttl"`
		Cloud         *bool           `json:"cloud"`
		UpstreamHTTPS *string         `json:"upstream_https"`
		IPFilterMode  json.RawMessage `json:"ip_filter_mode"`
		Value         json.RawMessage `json:"value"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal, false
	}
	errors := fieldErrors{}
	r.Type, r.Name, r.Value, r.Updated = strings.ToLower(body.Type), recordName(body.Name, d.Name), body.Value, c.now
	if body.TTL != nil {
		r.TTL = *body.TTL
	}
	if body.Cloud != nil {
		r.Cloud = *body.Cloud
	}
	if body.UpstreamHTTPS != nil {
		r.UpstreamHTTPS = *body.UpstreamHTTPS
	}
	if isPresent(body.IPFilterMode) {
		r.IPFilterMode = body.IPFilterMode
	}
	r.validate(errors)
	for _, other := range d.Records {
		if other.ID != r.ID && other.sameAs(r) {
			errors.add("value", "DNS Record Data is duplicate. Please choose another one.")
		}
	}
	if len(errors) > 0 {
		return cdnInvalid(errors), false
	}
	return reply{}, true
}

// recordName is the name relative to the domain; a full name is accepted and cut.
func recordName(name, domain string) string {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if name == domain {
		return "@"
	}
	return strings.TrimSuffix(name, "."+domain)
}

func (r *dnsRecord) sameAs(o *dnsRecord) bool {
	var mine, theirs any
	if r.Type != o.Type || r.Name != o.Name || json.Unmarshal(r.Value, &mine) != nil || json.Unmarshal(o.Value, &theirs) != nil {
		return false
	}
	return reflect.DeepEqual(mine, theirs)
}

// valueView is the value on the wire. Addresses come back with every field that they can have, as null if it was not sent.
func (r *dnsRecord) valueView() any {
	var addresses []addressValue
	if r.Type != "a" && r.Type != "aaaa" || json.Unmarshal(r.Value, &addresses) != nil {
		return r.Value
	}
	return addresses
}

func (r *dnsRecord) view() map[string]any {
	filter := any(map[string]any{"count": "single", "order": "none", "geo_filter": "none"})
	if isPresent(r.IPFilterMode) {
		filter = r.IPFilterMode
	}
	return map[string]any{
		"id": r.ID, "type": r.Type, "name": r.Name, "ttl": r.TTL, "cloud": r.Cloud, "upstream_https": r.UpstreamHTTPS, "ip_filter_mode": filter,
		"value": r.valueView(), "is_protected": false, "usage": []any{}, "can_delete": true, "health_check_status": false,
		"health_check_setting": nil, "created_at": cdnTimestamp(r.Created), "updated_at": cdnTimestamp(r.Updated),
	}
}
