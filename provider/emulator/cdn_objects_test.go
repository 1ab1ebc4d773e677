package emulator_test

import (
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

var (
	balancerBody = map[string]any{"name": "web", "status": true, "method": "cluster_rr"}
	originBody   = map[string]any{"address": "192.0.2.1", "port": 443, "weight": 100, "protocol": "https", "status": true}
)

func poolBody(name string, origins ...any) map[string]any {
	return map[string]any{
		"name": name, "status": true, "method": "cluster_rr", "keepalive": "on", "next_upstream_tcp": "off", "regions": []string{"THR"},
		"origins": origins,
	}
}

// with is a body changed in one field.
func with(body map[string]any, field string, value any) map[string]any {
	changed := map[string]any{field: value}
	for name, old := range body {
		if name != field {
			changed[name] = old
		}
	}
	return changed
}

// Rules of every kind are made, read back whole, changed field by field, listed in pages and deleted.
func TestRules(t *testing.T) {
	pathRule := map[string]any{"url_pattern": "/api/**", "action": "passthrough", "sources": []any{"192.0.2.0/24"}}
	for _, test := range []struct {
		path       string
		body       map[string]any
		field      string
		value, bad any
	}{
		{"/firewall/rules", map[string]any{"name": "iran only", "filter_expr": `ip.geoip.country ne "IR"`, "action": "deny"}, "action", "allow", "drop"},
		{"/firewall/rules", map[string]any{
			"name": "challenge", "filter_expr": "true", "action": "challenge", "action_details": map[string]any{"mode": 1.0, "ttl": 60.0},
		}, "action_details", map[string]any{"mode": 2.0}, map[string]any{"mode": 4}},
		{"/firewall/rules", map[string]any{"name": "x", "filter_expr": "true", "action": "deny"}, "filter_expr", "ssl", strings.Repeat("x", 5001)},
		{"/waf/rules", pathRule, "action", "protect", "block"},
		{"/ddos/rules", pathRule, "sources", []any{}, []any{"300.0.0.1"}},
		{"/rate-limit/rules", map[string]any{"url_pattern": "/**", "rate": 100.0, "time_duration": 60.0}, "rate", 200.0, 0},
	} {
		t.Run(test.path+" "+test.field, func(t *testing.T) {
			a := open(t, emulator.Options{})
			list := demo + test.path
			a.call(422, "POST", list, with(test.body, test.field, test.bad))
			a.call(422, "POST", list, map[string]any{})
			made := a.call(201, "POST", list, test.body).object()
			for field, value := range test.body {
				assert.DeepEqual(t, made[field], value)
			}
			assert.Equal(t, made["is_enabled"], true)
			one := list + "/" + made["id"].(string)
			a.call(422, "PATCH", one, map[string]any{test.field: test.bad})
			changed := a.call(200, "PATCH", one, map[string]any{test.field: test.value}).object()
			assert.DeepEqual(t, changed[test.field], test.value)
			made[test.field], made["updated_at"] = test.value, changed["updated_at"]
			assert.DeepEqual(t, a.call(200, "GET", one, nil).object(), made)
			assert.Equal(t, a.call(200, "GET", list, nil).body.Meta["total"], 1.0)
			assert.Equal(t, a.call(200, "GET", list+"?search=nothing-like-it", nil).body.Meta["total"], 0.0)
			a.call(200, "DELETE", one, nil)
			assert.Equal(t, *a.call(404, "DELETE", one, nil).body.Status, false)
			a.call(404, "GET", one, nil)
		})
	}
}

// names are those of a list, in its order.
func names(list []map[string]any, field string) string {
	all := []string{}
	for _, item := range list {
		all = append(all, item[field].(string))
	}
	return strings.Join(all, " ")
}

// Rules keep their order, and are moved by naming a neighbour.
func TestReprioritize(t *testing.T) {
	a := open(t, emulator.Options{})
	ids := map[string]any{}
	for _, name := range []string{"a", "b", "c"} {
		body := map[string]any{"name": name, "filter_expr": "true", "action": "deny"}
		ids[name] = a.call(201, "POST", demo+"/firewall/rules", body).object()["id"]
	}
	move := func(status int, body map[string]any) string {
		a.call(status, "POST", demo+"/firewall/actions/reprioritize", body)
		return names(a.call(200, "GET", demo+"/firewall/rules", nil).list(), "name")
	}
	assert.Equal(t, move(200, map[string]any{"rule_id": ids["c"], "before_rule_id": ids["a"]}), "c a b")
	assert.Equal(t, move(200, map[string]any{"rule_id": ids["c"], "after_rule_id": ids["b"]}), "a b c")
	assert.Equal(t, move(422, map[string]any{"rule_id": ids["c"]}), "a b c")
	assert.Equal(t, move(422, map[string]any{"rule_id": "x", "after_rule_id": ids["b"]}), "a b c")
	assert.Equal(t, move(422, map[string]any{"rule_id": ids["c"], "after_rule_id": ids["c"]}), "a b c")
}

// A load balancer shows its pools, a pool its origins; each can be changed alone, a pool also with its origins.
func TestLoadBalancer(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(422, "POST", demo+"/load-balancers", with(balancerBody, "name", "no spaces"))
	balancer := a.call(201, "POST", demo+"/load-balancers", balancerBody).object()
	a.call(422, "POST", demo+"/load-balancers", balancerBody)
	path := demo + "/load-balancers/" + balancer["id"].(string)
	assert.Equal(t, a.call(200, "PATCH", path, map[string]any{"method": "failover"}).object()["method"], "failover")

	errors := string(a.call(422, "POST", path+"/pools", poolBody("one", with(originBody, "port", 70000))).body.Errors)
	assert.Assert(t, strings.Contains(errors, `"origins.0.port"`), errors)
	a.call(422, "POST", path+"/pools", with(poolBody("one"), "keepalive", true))
	one := a.call(201, "POST", path+"/pools", poolBody("one", originBody)).object()
	two := a.call(201, "POST", path+"/pools", poolBody("two")).object()
	assert.Equal(t, one["priority"], 1.0)
	pool := path + "/pools/" + one["id"].(string)
	made := a.call(201, "POST", pool+"/origins", with(originBody, "address", "192.0.2.2")).object()
	origin := pool + "/origins/" + made["id"].(string)
	assert.Equal(t, a.call(200, "PATCH", origin, map[string]any{"weight": 7}).object()["weight"], 7.0)
	assert.Equal(t, len(a.call(200, "GET", pool+"/origins", nil).list()), 2)
	a.call(200, "PATCH", pool, map[string]any{"next_upstream_tcp": "on", "origins": []any{}})
	read := a.call(200, "GET", pool, nil).object()
	assert.Equal(t, read["next_upstream_tcp"], "on")
	assert.Equal(t, len(read["origins"].([]any)), 2, "PATCH leaves the origins alone")
	replaced := a.call(200, "PUT", pool, poolBody("first", originBody)).object()
	assert.Equal(t, len(replaced["origins"].([]any)), 1)
	assert.Equal(t, replaced["priority"], 1.0)
	a.call(404, "GET", origin, nil)

	a.call(200, "POST", path+"/prioritize", map[string]any{"pool_id": two["id"], "before_pool_id": one["id"]})
	assert.Equal(t, names(a.call(200, "GET", path+"/pools", nil).list(), "name"), "two first")
	assert.Equal(t, len(a.call(200, "GET", path, nil).object()["pools"].([]any)), 2)
	assert.Assert(t, len(a.call(200, "GET", cdn+"/load-balancers/regions", nil).list()) > 0)
	a.call(200, "DELETE", path, nil)
	a.call(404, "GET", pool, nil)
	a.call(404, "POST", path+"/pools", poolBody("late"))
}

// Page rules are replaced by PUT, switched by PATCH, and sorted by their place.
func TestPageRules(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(422, "POST", demo+"/page-rules", map[string]any{"url": "x", "cache_level": false})
	first := a.call(201, "POST", demo+"/page-rules", map[string]any{"url": "iransre.ir/static/**", "cache_level": "uri"}).object()
	a.call(201, "POST", demo+"/page-rules", map[string]any{"url": "iransre.ir/api/**", "cache_level": "off", "seq": 0})
	assert.Equal(t, names(a.call(200, "GET", demo+"/page-rules", nil).list(), "url"), "iransre.ir/api/** iransre.ir/static/**")
	path := demo + "/page-rules/" + first["id"].(string)
	off := a.call(200, "PATCH", path, map[string]any{"status": false, "cache_level": "off"}).object()
	assert.Equal(t, off["status"], false)
	assert.Equal(t, off["cache_level"], "uri")
	replaced := a.call(200, "PUT", path, map[string]any{"url": "iransre.ir/media/**"}).object()
	assert.Equal(t, replaced["cache_level"], "query_string")
	assert.Equal(t, replaced["seq"], first["seq"])
	a.call(200, "DELETE", path, nil)
}
