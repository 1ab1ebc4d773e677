package emulator_test

import (
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// Actions take reads; until they are done the server refuses others.
func TestPowerAndReboot(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(nil)
	path := zone + "/servers/" + id
	a.call(409, "POST", path+"/power-off", nil)
	a.await(id, "ACTIVE")
	a.call(200, "POST", path+"/power-off", nil)
	assert.Equal(t, a.call(200, "GET", path, nil).object()["task_state"], "powering-off")
	a.await(id, "SHUTOFF")
	a.call(409, "POST", path+"/reboot", nil)
	a.call(200, "POST", path+"/power-on", nil)
	a.await(id, "ACTIVE")
	a.call(202, "POST", path+"/reboot", nil)
	a.call(409, "POST", path+"/hard-reboot", nil)
	assert.Equal(t, a.call(200, "GET", path, nil).object()["status"], "REBOOT")
	a.await(id, "ACTIVE")
	a.call(202, "POST", path+"/hard-reboot", nil)
	a.await(id, "ACTIVE")
	var actions []string
	for _, action := range a.call(202, "GET", path+"/actions", nil).list() {
		actions = append(actions, action["action"].(string))
	}
	assert.DeepEqual(t, actions, []string{"create", "power-off", "power-on", "reboot", "reboot"})
}

// A server is resized while it is off, stays off, and never gets a smaller disk.
func TestResize(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(nil)
	path := zone + "/servers/" + id
	a.await(id, "ACTIVE")
	larger := map[string]any{"flavor_id": "g2-8-4-0", "disk_size": 40}
	a.call(409, "POST", path+"/resize", larger)
	a.call(200, "POST", path+"/power-off", nil)
	a.await(id, "SHUTOFF")
	a.call(422, "POST", path+"/resize", map[string]any{"flavor_id": "g2-8-4-0", "disk_size": 10})
	a.call(422, "POST", path+"/resize", map[string]any{"flavor_id": "nonsense"})
	a.call(202, "POST", path+"/resize", larger)
	flavor := a.await(id, "SHUTOFF")["flavor"].(map[string]any)
	assert.Equal(t, flavor["id"], "g2-8-4-0")
	assert.Equal(t, flavor["ram"], 8192.0)
	assert.Equal(t, flavor["disk"], 40.0)
	a.call(202, "PUT", path+"/resizeRoot", map[string]any{"new_size": 50})
	a.call(422, "PUT", path+"/resizeRoot", map[string]any{"new_size": 50})
	for _, plan := range a.call(200, "GET", zone+"/sizes/by-server/"+id, nil).list() {
		assert.Assert(t, plan["id"] != "g2-8-4-0")
	}
}

func TestRenameAndRebuild(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(nil)
	path := zone + "/servers/" + id
	a.await(id, "ACTIVE")
	a.call(202, "POST", path+"/rename", map[string]any{"name": "other"})
	a.call(422, "POST", path+"/rename", map[string]any{"name": ""})
	a.call(422, "POST", path+"/rebuild", map[string]any{"image_id": a.imageID("windows", "2022")}) // its disk is too small
	a.call(202, "POST", path+"/rebuild", map[string]any{"image_id": a.imageID("ubuntu", "24.04")})
	assert.Equal(t, a.call(200, "GET", path, nil).object()["status"], "REBUILD")
	server := a.await(id, "ACTIVE")
	assert.Equal(t, server["name"], "other")
	assert.Equal(t, server["image"].(map[string]any)["os_version"], "24.04")
	assert.Equal(t, server["image"].(map[string]any)["username"], "ubuntu")
}

// A terminated server stays, and starting it is refused with a status of its own.
func TestTerminateIsNotDelete(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(nil)
	a.await(id, "ACTIVE")
	a.call(202, "POST", zone+"/servers/"+id+"/terminate", nil)
	a.await(id, "SUSPENDED")
	a.call(419, "POST", zone+"/servers/"+id+"/power-on", nil)
}

// A public address that is added shows after a while, in several places, and goes with its port.
func TestAddPublicIP(t *testing.T) {
	a := open(t, emulator.Options{})
	network, _ := a.network("cluster", "10.60.0.0/24")
	id := a.create(map[string]any{"network_ids": []string{network}})
	public, _ := addresses(a.await(id, "ACTIVE"))
	assert.Equal(t, len(public), 0)
	path := zone + "/servers/" + id
	a.call(422, "POST", path+"/add-public-ip", map[string]any{"type": "ipv6"})
	assert.Equal(t, len(a.call(201, "POST", path+"/add-public-ip", map[string]any{"type": "ipv4"}).body.Data), 0)
	assert.Equal(t, a.call(200, "GET", zone+"/float-ips/ips", nil).list()[0]["has_public_ip"], false)
	address := a.awaitPublic(id)
	shown := a.call(200, "GET", zone+"/float-ips/ips", nil).list()[0]["ip_data"].([]any)
	assert.Equal(t, len(shown), 2)
	second := shown[1].(map[string]any)
	assert.Equal(t, second["address"], address)
	assert.Equal(t, second["type"], "public")
	a.call(200, "DELETE", zone+"/ports/"+second["port_id"].(string), nil)
	public, _ = addresses(a.await(id, "ACTIVE"))
	assert.Equal(t, len(public), 0)
}

// An asynchronous creation tells a task instead of an id; what failed is discarded by it.
func TestAsynchronousCreation(t *testing.T) {
	a := open(t, emulator.Options{})
	made := a.call(201, "POST", zone+"/servers?Async=true", a.orderOf(nil)).object()
	assert.Equal(t, made["id"], "")
	task := made["task_id"].(string)
	assert.Assert(t, task != "")
	a.call(409, "POST", zone+"/servers/discard/"+task, nil)
	server := a.call(200, "GET", zone+"/servers/inquiry/"+task, nil).object()
	assert.Assert(t, server["id"] != "")
	a.await(server["id"].(string), "ACTIVE")
	a.call(404, "GET", zone+"/servers/inquiry/unknown", nil)

	_, err := a.emulator.AddFault(emulator.Fault{Kind: emulator.BuildError, Path: "/servers", Times: 1})
	assert.NilError(t, err)
	task = a.call(201, "POST", zone+"/servers?Async=true", a.orderOf(nil)).object()["task_id"].(string)
	for server = map[string]any{}; server["status"] != "ERROR"; {
		server = a.call(200, "GET", zone+"/servers/inquiry/"+task, nil).object()
	}
	assert.Assert(t, server["error"] != "")
	a.call(200, "POST", zone+"/servers/discard/"+task, nil)
}

// A creation that refers to something that does not exist, or does not fit, names every field that is wrong.
func TestCreationIsChecked(t *testing.T) {
	a := open(t, emulator.Options{})
	for name, changes := range map[string]map[string]any{
		"name": {"name": ""}, "flavor_id": {"flavor_id": "g9"}, "image_id": {"image_id": "debian"}, "key_name": {"key_name": "nobody"},
		"network_ids": {"network_ids": []string{"x"}}, "disk_size": {"image_id": a.imageID("windows", "2022"), "flavor_id": "g2-8-4-0"},
		"server_group_id": {"server_group_id": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			got := a.in(t).call(422, "POST", zone+"/servers", a.in(t).orderOf(changes))
			assert.Assert(t, len(got.body.Errors) > 0)
			assert.Assert(t, string(got.body.Errors)[:len(name)+3] == `{"`+name+`"`, string(got.body.Errors))
		})
	}
	assert.Equal(t, len(a.emulator.Contents()), 0)
}

// The statuses that the descriptions disagree on can be changed.
func TestVariants(t *testing.T) {
	a := open(t, emulator.Options{Variants: emulator.Variants{
		CreateServerStatus: 200, MissingServerStatus: 500, SubnetReplyWithoutData: true, GroupsWithEgress: true, ReadOnlyAsString: true,
		ResizeRunning: true,
	}})
	id := a.call(200, "POST", zone+"/servers", a.orderOf(nil)).object()["id"].(string)
	a.call(500, "GET", zone+"/servers/unknown", nil)
	assert.Equal(t, len(a.call(201, "POST", zone+"/subnets", map[string]any{"name": "n", "subnet_ip": "10.0.0.0/24"}).body.Data), 0)
	group := a.call(201, "POST", zone+"/securities", map[string]any{"name": "g", "description": ""}).object()
	assert.Equal(t, len(group["rules"].([]any)), 2)
	assert.Equal(t, group["readonly"], "")
	a.await(id, "ACTIVE")
	a.call(202, "POST", zone+"/servers/"+id+"/resize", map[string]any{"flavor_id": "g2-8-4-0"})
	a.await(id, "ACTIVE")
}
