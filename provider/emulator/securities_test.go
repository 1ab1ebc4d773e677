package emulator_test

import (
	"maps"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// Rules are sent with string ports and a list of addresses, and read back one by one with numbers; the reply tells no id.
func TestSecurityRules(t *testing.T) {
	a := open(t, emulator.Options{})
	group := a.call(201, "POST", zone+"/securities", map[string]any{"name": "web", "description": "d"}).object()["id"].(string)
	rules := zone + "/securities/security-rules/" + group
	made := a.call(201, "POST", rules, map[string]any{
		"direction": "ingress", "protocol": "tcp", "port_from": "80", "port_to": "443", "ips": []string{"10.0.0.0/8", "192.0.2.7"}, "description": "web",
	})
	assert.Equal(t, len(made.body.Data), 0)
	a.call(201, "POST", zone+"/securities/securitiy-rules/"+group, map[string]any{
		"direction": "ingress", "ether_type": "ipv4", "protocol": "udp", "port_from": "53", "port_to": "", "ips": []string{"any"}, "description": "",
	})
	a.call(201, "POST", rules, map[string]any{
		"direction": "egress", "ether_type": "ipv6", "protocol": "icmp", "port_from": "", "port_to": "", "ips": []string{"any"}, "description": "",
	})
	type rule struct{ direction, family, protocol, ip, from, to any }
	var got []rule
	read := a.call(200, "GET", rules, nil).object()
	for _, r := range read["rules"].([]any) {
		r := r.(map[string]any)
		got = append(got, rule{r["direction"], r["ether_type"], r["protocol"], r["ip"], r["port_start"], r["port_end"]})
		assert.Equal(t, r["group_id"], group)
	}
	assert.Equal(t, len(got), 4)
	assert.Equal(t, got[0], rule{"ingress", "IPv4", "tcp", "10.0.0.0/8", 80.0, 443.0})
	assert.Equal(t, got[1], rule{"ingress", "IPv4", "tcp", "192.0.2.7/32", 80.0, 443.0})
	assert.Equal(t, got[2], rule{"ingress", "IPv4", "udp", "", 53.0, 53.0})
	assert.Equal(t, got[3], rule{"egress", "IPv6", "icmp", "", 0.0, 0.0})

	id := read["rules"].([]any)[0].(map[string]any)["id"].(string)
	a.call(200, "DELETE", zone+"/securities/security-rules/"+id, nil)
	a.call(404, "DELETE", zone+"/securities/security-rules/"+id, nil)
}

// Bad rules are 500, the same rule again is 409, and neither leaves anything.
func TestBadSecurityRules(t *testing.T) {
	a := open(t, emulator.Options{})
	group := a.call(201, "POST", zone+"/securities", map[string]any{"name": "web", "description": "d"}).object()["id"].(string)
	rules := zone + "/securities/security-rules/" + group
	good := map[string]any{"direction": "ingress", "protocol": "tcp", "port_from": "80", "port_to": "80", "ips": []string{"any"}, "description": ""}
	for name, changes := range map[string]map[string]any{
		"direction": {"direction": "in"}, "protocol": {"protocol": "gre"}, "port is a number": {"port_from": 80}, "port too high": {"port_to": "65536"},
		"ports reversed": {"port_from": "90"}, "address": {"ips": []string{"10.0.0.0/33"}}, "no description": {"description": nil},
		"family": {"ether_type": "ipv6", "ips": []string{"10.0.0.0/8"}}, "second address": {"ips": []string{"10.0.0.0/8", "x"}},
	} {
		bad := map[string]any{}
		maps.Copy(bad, good)
		maps.Copy(bad, changes)
		t.Run(name, func(t *testing.T) { a.in(t).call(500, "POST", rules, bad) })
	}
	a.call(404, "POST", zone+"/securities/security-rules/unknown", good)
	assert.Equal(t, len(a.call(200, "GET", rules, nil).object()["rules"].([]any)), 0)
	a.call(201, "POST", rules, good)
	a.call(409, "POST", rules, good)
}

// The default group is called default and really arDefault; it lets everything in and cannot be deleted, nor can a group in use.
func TestGroups(t *testing.T) {
	a := open(t, emulator.Options{})
	standard := a.call(200, "GET", zone+"/securities", nil).list()[0]
	assert.Equal(t, standard["name"], "default")
	assert.Equal(t, standard["real_name"], "arDefault")
	assert.Equal(t, standard["readonly"], false)
	assert.Equal(t, len(standard["rules"].([]any)), 5)
	a.call(403, "DELETE", zone+"/securities/"+standard["id"].(string), nil)

	id := a.create(nil)
	server := a.await(id, "ACTIVE")
	assert.Equal(t, server["security_groups"].([]any)[0].(map[string]any)["real_name"], "arDefault", "what a server gets without asking")
	group := a.call(201, "POST", zone+"/securities", map[string]any{"name": "web", "description": "d"}).object()["id"].(string)
	link := map[string]any{"security_group_id": group}
	a.call(202, "POST", zone+"/servers/"+id+"/add-security-group", link)
	a.call(409, "DELETE", zone+"/securities/"+group, nil)
	assert.Equal(t, len(a.await(id, "ACTIVE")["security_groups"].([]any)), 2)
	a.call(202, "POST", zone+"/servers/"+id+"/remove-security-group", link)
	a.call(404, "POST", zone+"/servers/"+id+"/remove-security-group", link)
	a.call(200, "DELETE", zone+"/securities/"+group, nil)
	a.call(404, "DELETE", zone+"/securities/"+group, nil)

	a.call(201, "POST", zone+"/securities/security-rules/cdn", nil)
	a.call(409, "POST", zone+"/securities/security-rules/cdn", nil)
}
