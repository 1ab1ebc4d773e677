package emulator_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

const demo = cdn + "/domains/iransre.ir"

// Every family of settings is read whole, changed field by field, and refuses values in the form of the CDN.
func TestSettings(t *testing.T) {
	for _, test := range []struct {
		path, method, field string
		initial, value, bad any
	}{
		{"/caching", "PATCH", "cache_status", "uri", "off", false},
		{"/caching", "PATCH", "cache_page_200", "30m", "12h", "2h"},
		{"/ssl", "PATCH", "tls_version", "TLSv1.2", "TLSv1.3", "TLSv2"},
		{"/ssl", "PATCH", "https_redirect", false, true, "on"},
		{"/ssl", "PATCH", "certificate", "managed", nil, "00000000-0000-0000-0000-000000000000"},
		{"/settings/www-redirect", "PUT", "f_redirect_to_www", "off", "www", false},
		{"/firewall/settings", "PATCH", "default_action", "allow", "challenge", "ask"},
		{"/waf/settings", "PATCH", "mode", "off", "detect", false},
		{"/waf", "PATCH", "mode", "off", "protect", "on"},
		{"/ddos/settings", "PATCH", "protection_mode", "off", "captcha", false},
		{"/ddos/settings", "PATCH", "ttl", 3600.0, 60.0, 1.5},
		{"/rate-limit/settings", "PATCH", "exclude_sources", []any{}, []any{"192.0.2.0/24"}, []any{"everybody"}},
		{"/load-balancers/settings", "PATCH", "keepalive", "off", "on", true},
		{"/load-balancers/settings", "PATCH", "max_fails", 0.0, 3.0, -1},
		{"/load-balancers/settings", "PATCH", "fail_timeout", "10s", "45s", "soon"},
	} {
		t.Run(test.path+" "+test.field, func(t *testing.T) {
			a := open(t, emulator.Options{})
			before := a.call(200, "GET", demo+test.path, nil).object()
			assert.DeepEqual(t, before[test.field], test.initial)
			if test.value != nil {
				a.call(200, test.method, demo+test.path, map[string]any{test.field: test.value, "unknown": 1})
				before[test.field] = test.value
			}
			refused := a.call(422, test.method, demo+test.path, map[string]any{test.field: test.bad})
			assert.Equal(t, *refused.body.Status, false)
			var errors map[string][]string
			assert.NilError(t, json.Unmarshal(refused.body.Errors, &errors))
			assert.Equal(t, len(errors), 1)
			after := a.call(200, "GET", demo+test.path, nil).object()
			delete(before, "is_enabled")
			delete(after, "is_enabled")
			assert.DeepEqual(t, after, before)
		})
	}
	open(t, emulator.Options{}).call(404, "GET", cdn+"/domains/other.ir/caching", nil)
}

// What is said of the modes is also said by is_enabled, which cannot be set.
func TestEnabledFollowsMode(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(200, "PATCH", demo+"/waf/settings", map[string]any{"is_enabled": true})
	assert.Equal(t, a.call(200, "GET", demo+"/waf/settings", nil).object()["is_enabled"], false)
	assert.Equal(t, a.call(200, "PATCH", demo+"/waf/settings", map[string]any{"mode": "protect"}).object()["is_enabled"], true)
}

// Plans can be changed, and are enforced if wanted.
func TestPlans(t *testing.T) {
	a := open(t, emulator.Options{Variants: emulator.Variants{PlanGates: true}})
	refused := a.call(405, "PATCH", demo+"/waf/settings", map[string]any{"mode": "detect"})
	assert.Assert(t, json.Valid(refused.raw))
	var body map[string]any
	assert.NilError(t, json.Unmarshal(refused.raw, &body))
	assert.Equal(t, body["required_plan"], 2.0)
	a.call(200, "GET", demo+"/waf/settings", nil)
	a.call(422, "PUT", demo+"/plan", map[string]any{"plan_level": 5})
	a.call(200, "PUT", demo+"/plan", map[string]any{"plan_level": 2})
	assert.Equal(t, a.call(200, "GET", demo, nil).object()["plan_level"], 2.0)
	a.call(200, "PATCH", demo+"/waf/settings", map[string]any{"mode": "detect"})
	assert.Equal(t, len(a.call(200, "GET", cdn+"/plans", nil).list()), 5)
}

// A pending domain becomes active when the registry points at its name servers and somebody looks.
func TestNameServers(t *testing.T) {
	a := open(t, emulator.Options{})
	made := a.call(201, "POST", cdn+"/domains/dns-service", map[string]any{"domain": "example.com"}).object()
	path := cdn + "/domains/example.com"
	for made["status"] != "pending" {
		made = a.call(200, "GET", path, nil).object()
	}
	a.call(422, "PUT", path+"/ns-keys", map[string]any{"ns_keys": []string{"one.example.com"}})
	own := []string{"ns1.example.com", "ns2.example.com"}
	assert.DeepEqual(t, a.call(200, "PUT", path+"/ns-keys", map[string]any{"ns_keys": own}).object()["ns_keys"], []any{own[0], own[1]})
	assert.Equal(t, a.call(200, "GET", path+"/ns-keys/check", nil).object()["ns_status"], false)
	assert.Assert(t, a.emulator.Delegate("example.com") && !a.emulator.Delegate("example.org"))
	assert.Equal(t, a.call(200, "GET", path+"/ns-keys/check", nil).object()["ns_status"], true)
	active := a.call(200, "GET", path, nil).object()
	assert.Equal(t, active["status"], "active")
	assert.DeepEqual(t, active["current_ns"], []any{own[0], own[1]})
	a.call(200, "DELETE", path+"/ns-keys", nil)
	assert.DeepEqual(t, a.call(200, "GET", path, nil).object()["ns_keys"], made["ns_keys"])
	a.call(422, "PUT", path+"/dns-records/dnssec/actions", map[string]any{})
	a.call(200, "PUT", path+"/dns-records/dnssec/actions", map[string]any{"enable": true})
	assert.Equal(t, a.call(200, "GET", path+"/dns-records/dnssec", nil).object()["enabled"], true)
}

func TestPurge(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(201, "POST", demo+"/caching/purge", map[string]any{"purge": "all"})
	a.call(201, "POST", demo+"/caching/purge", map[string]any{"purge": "individual", "purge_urls": []string{"https://iransre.ir/x"}})
	a.call(422, "POST", demo+"/caching/purge", map[string]any{"purge": "individual"})
	a.call(422, "POST", demo+"/caching/purge", map[string]any{"purge": "tags"})
	a.call(422, "POST", demo+"/caching/purge", map[string]any{"purge": "some"})
	a.call(200, "DELETE", demo+"/caching?purge=tags&purge_tags[]=a", nil)
	a.call(422, "DELETE", demo+"/caching", nil)
}

// Settings and rules survive a restart.
func TestSettingsSurviveRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	a := open(t, emulator.Options{StateFile: file})
	a.call(200, "PATCH", demo+"/caching", map[string]any{"cache_status": "off"})
	a.call(201, "POST", demo+"/load-balancers", balancerBody)
	before := a.emulator.Contents()
	assert.NilError(t, a.emulator.Close())
	b := open(t, emulator.Options{StateFile: file})
	assert.Equal(t, b.call(200, "GET", demo+"/caching", nil).object()["cache_status"], "off")
	assert.DeepEqual(t, b.emulator.Contents(), before)
	assert.Assert(t, slices.ContainsFunc(before, func(i emulator.Item) bool { return i.Kind == "load-balancer" && i.Name == "web" }))
}
