package emulator_test

import (
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// A server is rescued and brought back; its console opens while it runs; its password is reset without telling it.
func TestRescueAndConsole(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(nil)
	server := zone + "/servers/" + id
	a.call(400, "GET", server+"/vnc", nil)
	a.await(id, "ACTIVE")
	first := a.call(200, "GET", server+"/vnc", nil).object()["url"]
	assert.Assert(t, first != "" && first != a.call(200, "GET", server+"/vnc", nil).object()["url"])
	a.call(409, "POST", server+"/unrescue", nil)
	a.call(202, "POST", server+"/rescue", nil)
	a.await(id, "RESCUE")
	a.call(202, "POST", server+"/unrescue", nil)
	a.await(id, "ACTIVE")
	assert.Equal(t, len(a.call(200, "POST", server+"/reset-root-password", nil).body.Data), 0)
	read := a.call(200, "GET", server, nil).object()
	assert.Equal(t, read["status"], "PASSWORD")
	assert.Equal(t, read["password"], "")
	a.await(id, "ACTIVE")
	a.call(200, "POST", server+"/instance-ha/enable", nil)
	assert.Equal(t, a.await(id, "ACTIVE")["ha_enabled"], true)
	a.call(404, "POST", server+"/instance-ha/toggle", nil)
}

// The root disk of a server that is off can be taken away and given back, also to another server.
func TestRootVolume(t *testing.T) {
	h := &hosts{}
	a := open(t, emulator.Options{Machines: h})
	one, two := a.create(nil), a.create(map[string]any{"name": "two", "image_id": a.imageID("ubuntu", "24.04"), "disk_size": 30})
	a.call(400, "PUT", zone+"/servers/"+one+"/detachRoot", nil)
	for _, id := range []string{one, two} {
		a.await(id, "ACTIVE")
		a.call(200, "POST", zone+"/servers/"+id+"/power-off", nil)
		a.await(id, "SHUTOFF")
		a.call(200, "PUT", zone+"/servers/"+id+"/detachRoot", nil)
	}
	a.call(400, "POST", zone+"/servers/"+one+"/power-on", nil)
	a.call(400, "PUT", zone+"/servers/"+one+"/detachRoot", nil)
	a.awaitListed(zone+"/volumes/os-volumes", "available")
	volumes := a.call(200, "GET", zone+"/volumes", nil).list()
	other := volumes[1]["id"]
	a.call(404, "PUT", zone+"/servers/"+one+"/attachRoot", map[string]any{"volume_id": "x"})
	a.call(200, "PUT", zone+"/servers/"+one+"/attachRoot", map[string]any{"volume_id": other})
	a.call(400, "PUT", zone+"/servers/"+two+"/attachRoot", map[string]any{"volume_id": other})
	a.call(200, "POST", zone+"/servers/"+one+"/power-on", nil)
	server := a.await(one, "ACTIVE")
	assert.Equal(t, server["image"].(map[string]any)["os"], "ubuntu")
	assert.Equal(t, h.machine(one).Image, "ubuntu/24.04")
	a.call(200, "POST", zone+"/servers/"+one+"/power-off", nil)
	a.await(one, "SHUTOFF")
	a.call(200, "PUT", zone+"/servers/"+one+"/detachRoot", nil)
	assert.Equal(t, len(a.call(200, "GET", zone+"/volumes/os-volumes", nil).list()), 2)
}

func TestReports(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(nil)
	charts := a.call(200, "GET", zone+"/reports/"+id+"?period=1h", nil).object()["charts"].(map[string]any)
	for _, metric := range []string{"cpu", "ram", "disk", "network"} {
		chart := charts[metric].(map[string]any)
		line := chart["series"].([]any)[0].(map[string]any)
		assert.Equal(t, len(line["data"].([]any)), len(chart["categories"].([]any)))
	}
	one := a.call(200, "GET", zone+"/reports/"+id+"/cpu", nil).object()["charts"].(map[string]any)
	assert.Assert(t, one["cpu"] != nil && one["disk"] == nil)
	a.call(404, "GET", zone+"/reports/"+id+"/weather", nil)
	a.call(422, "GET", zone+"/reports/"+id+"?period=ever", nil)
	a.call(404, "GET", zone+"/reports/x", nil)
}
