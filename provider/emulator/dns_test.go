package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

const records = cdn + "/domains/iransre.ir/dns-records"

func TestRecordLifecycle(t *testing.T) {
	a := open(t, emulator.Options{})
	body := map[string]any{"type": "A", "name": "demo", "ttl": 120, "cloud": true, "value": []any{map[string]any{"ip": "192.0.2.1"}}}
	made := a.call(201, "POST", records, body).object()
	assert.Equal(t, made["type"], "a")
	assert.Equal(t, made["name"], "demo")
	assert.DeepEqual(t, made["value"], []any{map[string]any{"ip": "192.0.2.1", "port": nil, "weight": nil, "country": nil}})
	path := records + "/" + made["id"].(string)

	duplicate := a.call(422, "POST", records, body)
	assert.Equal(t, *duplicate.body.Status, false)
	assert.Assert(t, strings.Contains(string(duplicate.body.Errors), "duplicate"))

	body["value"] = []any{map[string]any{"ip": "192.0.2.1", "weight": 10}, map[string]any{"ip": "192.0.2.2", "weight": 20}}
	body["ttl"] = 600
	assert.Equal(t, a.call(200, "PUT", path, body).object()["ttl"], 600.0)
	a.call(200, "PUT", path+"/cloud", map[string]any{"cloud": false})
	got := a.call(200, "GET", path, nil).object()
	assert.Equal(t, got["cloud"], false)
	assert.Equal(t, len(got["value"].([]any)), 2)
	a.call(200, "DELETE", path, nil)
	a.call(404, "DELETE", path, nil)
	gone := a.call(404, "GET", path, nil)
	assert.Equal(t, *gone.body.Status, false)
}

func TestRecordValues(t *testing.T) {
	a := open(t, emulator.Options{})
	for _, test := range []struct {
		kind, wrong string // the field that is wrong; empty = accepted
		value       any
	}{
		{"a", "", []any{map[string]any{"ip": "192.0.2.1"}}},
		{"a", "value", map[string]any{"ip": "192.0.2.1"}},
		{"a", "value", []any{}},
		{"a", "value.0.ip", []any{map[string]any{"ip": "2001:db8::1"}}},
		{"a", "value.0.weight", []any{map[string]any{"ip": "192.0.2.9", "weight": 1001}}},
		{"aaaa", "", []any{map[string]any{"ip": "2001:db8::1"}}},
		{"cname", "", map[string]any{"host": "example.com", "host_header": "source"}},
		{"cname", "value.host_header", map[string]any{"host": "example.com"}},
		{"aname", "", map[string]any{"location": "example.com", "host_header": "dest"}},
		{"mx", "", map[string]any{"host": "mail.example.com", "priority": 0}},
		{"mx", "value.priority", map[string]any{"host": "mail.example.com"}},
		{"ns", "", map[string]any{"host": "ns.example.com"}},
		{"srv", "", map[string]any{"target": "example.com", "port": 443}},
		{"txt", "", map[string]any{"text": "v=1"}},
		{"txt", "value.text", map[string]any{"text": strings.Repeat("x", 501)}},
		{"txt", "value", []any{map[string]any{"text": "v=1"}}},
		{"caa", "", map[string]any{"tag": "issue", "value": "letsencrypt.org"}},
		{"caa", "value.tag", map[string]any{"tag": "other", "value": "letsencrypt.org"}},
		{"tlsa", "value.certificate", map[string]any{"usage": "3", "selector": "1", "matching_type": "1"}},
		{"spam", "type", map[string]any{}},
	} {
		t.Run(test.kind+" "+test.wrong, func(t *testing.T) {
			a := a.in(t)
			body := map[string]any{"type": test.kind, "name": "name", "ttl": 300, "value": test.value}
			if test.wrong == "" {
				a.call(201, "POST", records, body)
				return
			}
			errors := string(a.call(422, "POST", records, body).body.Errors)
			assert.Assert(t, strings.Contains(errors, `"`+test.wrong+`"`), errors)
		})
	}
	for field, value := range map[string]any{"ttl": 60, "name": "no spaces", "upstream_https": "tls", "ip_filter_mode": map[string]any{"count": "two"}} {
		body := map[string]any{"type": "ns", "name": "x", "value": map[string]any{"host": "ns.example.com"}}
		body[field] = value
		errors := string(a.call(422, "POST", records, body).body.Errors)
		assert.Assert(t, strings.Contains(errors, field), errors)
	}
}

// Lists come in pages, filter by type, and the search does not find underscores.
func TestRecordList(t *testing.T) {
	a := open(t, emulator.Options{})
	for i := range 30 {
		a.call(201, "POST", records, map[string]any{
			"type": "a", "name": fmt.Sprintf("host-%02d", i), "ttl": 120, "value": []any{map[string]any{"ip": "192.0.2.1"}},
		})
	}
	a.call(201, "POST", records, map[string]any{"type": "txt", "name": "_acme-challenge", "ttl": 120, "value": map[string]any{"text": "x"}})
	first := a.call(200, "GET", records+"?per_page=10", nil)
	assert.Equal(t, len(first.list()), 10)
	assert.Equal(t, first.body.Meta["total"], 31.0)
	assert.Equal(t, first.body.Meta["last_page"], 4.0)
	assert.Assert(t, first.body.Links["prev"] == nil && first.body.Links["next"] != nil)
	last := a.call(200, "GET", records+"?per_page=10&page=4", nil)
	assert.Equal(t, len(last.list()), 1)
	assert.Assert(t, last.body.Links["next"] == nil)
	assert.Equal(t, len(a.call(200, "GET", records+"?page=9", nil).list()), 0)
	assert.Equal(t, len(a.call(200, "GET", records+"?type=TXT,mx", nil).list()), 1)
	assert.Equal(t, len(a.call(200, "GET", records+"?search=host-2", nil).list()), 10)
	assert.Equal(t, len(a.call(200, "GET", records+"?search=_acme", nil).list()), 0)
	assert.Equal(t, len(a.call(200, "GET", records+"?search=acme-challenge", nil).list()), 1)
}

// A domain waits for its name servers; its deletion wants its id.
func TestDomains(t *testing.T) {
	a := open(t, emulator.Options{})
	assert.Equal(t, a.call(200, "GET", cdn+"/domains/iransre.ir", nil).object()["status"], "active")
	made := a.call(201, "POST", cdn+"/domains/dns-service", map[string]any{"domain": "example.com"}).object()
	assert.Equal(t, made["status"], "initializing")
	a.call(422, "POST", cdn+"/domains/dns-service", map[string]any{"domain": "example.com"})
	a.call(422, "POST", cdn+"/domains/dns-service", map[string]any{"domain": "nodots", "domain_type": "half", "plan_level": 5})
	for made["status"] != "pending" {
		made = a.call(200, "GET", cdn+"/domains/"+made["id"].(string), nil).object()
	}
	assert.Equal(t, a.call(200, "GET", cdn+"/domains", nil).body.Meta["total"], 2.0)
	a.call(422, "DELETE", cdn+"/domains/example.com", nil)
	a.call(200, "DELETE", cdn+"/domains/example.com?id="+made["id"].(string), nil)
	a.call(404, "GET", cdn+"/domains/example.com", nil)
}
