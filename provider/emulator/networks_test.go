package emulator_test

import (
	"maps"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// A private network is made, changed and removed through its subnet.
func TestPrivateNetwork(t *testing.T) {
	a := open(t, emulator.Options{})
	made := a.call(201, "POST", zone+"/subnets", map[string]any{
		"name": "cluster", "subnet_ip": "10.20.0.0/24", "enable_gateway": true, "subnet_gateway": "10.20.0.254", "enable_dhcp": true,
		"dhcp": "10.20.0.10,10.20.0.19\n10.20.0.30,10.20.0.39", "dns_servers": "1.1.1.1\n8.8.8.8", "description": "d",
		"static_routes": []any{map[string]any{"destination": "10.99.0.0/16", "next_hop": "10.20.0.254"}},
	}).object()
	assert.Equal(t, made["cidr"], "10.20.0.0/24")
	assert.Equal(t, made["gateway_ip"], "10.20.0.254")
	assert.DeepEqual(t, made["dns_nameservers"], []any{"1.1.1.1", "8.8.8.8"})
	assert.DeepEqual(t, made["allocation_pools"], []any{
		map[string]any{"start": "10.20.0.10", "end": "10.20.0.19"}, map[string]any{"start": "10.20.0.30", "end": "10.20.0.39"},
	})
	assert.DeepEqual(t, made["static_routes"], []any{map[string]any{"destination": "10.99.0.0/16", "nexthop": "10.20.0.254"}})
	subnet := made["id"].(string)

	a.call(200, "PATCH", zone+"/subnets", map[string]any{
		"subnet_id": subnet, "network_id": made["network_id"], "name": "renamed", "enable_gateway": false,
	})
	got := a.call(200, "GET", zone+"/subnets/"+subnet, nil).object()
	assert.Equal(t, got["name"], "renamed")
	assert.Equal(t, got["gateway_ip"], "")
	assert.DeepEqual(t, got["dns_nameservers"], []any{"1.1.1.1", "8.8.8.8"})
	a.call(422, "PATCH", zone+"/subnets/"+subnet, map[string]any{"subnet_ip": "10.21.0.0/24"})

	networks := a.call(200, "GET", zone+"/networks", nil).list()
	assert.Equal(t, len(networks), 2)
	assert.Equal(t, networks[1]["name"], "renamed")
	assert.Equal(t, networks[1]["subnets"].([]any)[0].(map[string]any)["id"], subnet)
	assert.Equal(t, a.call(200, "GET", zone+"/networks/"+made["network_id"].(string), nil).object()["available_ips"], 20.0)

	a.call(200, "DELETE", zone+"/subnets/"+subnet, nil)
	a.call(404, "DELETE", zone+"/subnets/"+subnet, nil)
	a.call(403, "DELETE", zone+"/subnets/"+networks[0]["subnets"].([]any)[0].(map[string]any)["id"].(string), nil)
}

func TestPrivateNetworkIsChecked(t *testing.T) {
	a := open(t, emulator.Options{})
	for name, changes := range map[string]map[string]any{
		"no name":                  {"name": ""},
		"no CIDR":                  {"subnet_ip": "10.0.0.0"},
		"host bits":                {"subnet_ip": "10.0.0.1/24"},
		"gateway elsewhere":        {"subnet_gateway": "10.1.0.1"},
		"DHCP range elsewhere":     {"dhcp": "10.1.0.1,10.1.0.9"},
		"DHCP range in one line":   {"dhcp": "10.0.0.1-10.0.0.9"},
		"name server is no number": {"dns_servers": "dns.example"},
	} {
		body := map[string]any{"name": "n", "subnet_ip": "10.0.0.0/24", "enable_gateway": true}
		maps.Copy(body, changes)
		t.Run(name, func(t *testing.T) {
			assert.Assert(t, len(a.in(t).call(422, "POST", zone+"/subnets", body).body.Errors) > 2)
		})
	}
	assert.Equal(t, len(a.call(200, "GET", zone+"/networks", nil).list()), 1)
}

// Attaching answers with the port; detaching takes the port's id, and the network's, on which the descriptions disagree.
func TestAttachAndDetach(t *testing.T) {
	a := open(t, emulator.Options{})
	network, subnet := a.network("cluster", "10.30.0.0/24")
	id := a.create(nil)
	a.await(id, "ACTIVE")
	attach := zone + "/networks/" + network + "/attach"

	a.call(403, "PATCH", zone+"/networks/"+a.publicNetwork()+"/attach", map[string]any{"server_id": id})
	a.call(409, "PATCH", attach, map[string]any{"server_id": id, "ip": "10.30.0.1"}) // the gateway
	a.call(422, "PATCH", attach, map[string]any{"server_id": id, "ip": "10.31.0.5"})
	port := a.call(200, "PATCH", attach, map[string]any{"server_id": id, "ip": "10.30.0.5"}).object()
	assert.Equal(t, port["ip_address"], "10.30.0.5")
	assert.Equal(t, port["device_id"], id)
	a.call(409, "PATCH", attach, map[string]any{"server_id": id})
	_, private := addresses(a.await(id, "ACTIVE"))
	assert.DeepEqual(t, private, []string{"10.30.0.5"})
	a.call(409, "DELETE", zone+"/subnets/"+subnet, nil)

	a.call(200, "PATCH", zone+"/networks/"+port["id"].(string)+"/detach", map[string]any{"server_id": id})
	a.call(404, "PATCH", zone+"/networks/"+port["id"].(string)+"/detach", map[string]any{"server_id": id})
	a.call(200, "PATCH", attach, map[string]any{"server_id": id})
	a.emulator.SetSettings(emulator.Settings{Variants: emulator.Variants{DetachByPortOnly: true}})
	a.call(404, "PATCH", zone+"/networks/"+network+"/detach", map[string]any{"server_id": id})
	a.emulator.SetSettings(emulator.Settings{})
	a.call(200, "PATCH", zone+"/networks/"+network+"/detach", map[string]any{"server_id": id})
	assert.Equal(t, len(a.call(200, "GET", zone+"/ports", nil).list()), 1, "the public port is left")
}

// A full network refuses servers and leaves nothing of them.
func TestFullNetworkLeavesNothing(t *testing.T) {
	a := open(t, emulator.Options{})
	network, _ := a.network("tiny", "10.40.0.0/30")
	a.create(map[string]any{"network_ids": []string{network}})
	a.call(409, "POST", zone+"/servers", a.orderOf(map[string]any{"network_ids": []string{network}}))
	assert.Equal(t, len(a.call(200, "GET", zone+"/servers", nil).list()), 1)
}

// A reverse name lives as long as its address.
func TestPTR(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(nil)
	public := a.awaitPublic(id)
	a.call(201, "POST", zone+"/ptr/", map[string]any{"ip": public, "domain": "m1.example.com"})
	a.call(409, "POST", zone+"/ptr", map[string]any{"ip": public, "domain": "m1.example.com"})
	a.call(404, "POST", zone+"/ptr", map[string]any{"ip": "9.9.9.9", "domain": "m1.example.com"})
	a.call(400, "POST", zone+"/ptr", map[string]any{"ip": "nonsense", "domain": "m1.example.com"})
	a.call(200, "DELETE", zone+"/ptr/"+public, nil)
	a.call(404, "DELETE", zone+"/ptr/"+public, nil)
}
