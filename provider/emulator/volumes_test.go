package emulator_test

import (
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// A volume takes reads to be made, attached, detached and removed, and refuses what does not fit its state.
func TestVolumeLifecycle(t *testing.T) {
	a := open(t, emulator.Options{})
	server := a.create(nil)
	a.await(server, "ACTIVE")
	a.call(422, "POST", zone+"/volumes", map[string]any{"size": 0, "type": "tape"})
	made := a.call(201, "POST", zone+"/volumes", map[string]any{"name": "data", "size": 50, "type": "ssd", "description": "d"}).object()
	assert.Equal(t, made["status"], "creating")
	path := zone + "/volumes/" + made["id"].(string)
	await := func(status string) map[string]any {
		for {
			if volumes := a.call(200, "GET", zone+"/volumes", nil).list(); volumes[0]["status"] == status {
				return volumes[0]
			}
		}
	}
	await("available")
	pair := map[string]any{"server_id": server, "volume_id": made["id"]}
	a.call(409, "PATCH", zone+"/volumes/detach", pair)
	a.call(200, "PATCH", zone+"/volumes/attach", pair)
	attachment := await("in-use")["attachments"].([]any)[0].(map[string]any)
	assert.Equal(t, attachment["server_id"], server)
	assert.Equal(t, attachment["device"], "/dev/vdb")
	a.call(409, "DELETE", path, nil)
	a.call(200, "PATCH", path, map[string]any{"name": "renamed"})
	assert.Equal(t, await("in-use")["name"], "renamed")
	a.call(200, "PATCH", zone+"/volumes/detach", pair)
	assert.Equal(t, len(await("available")["attachments"].([]any)), 0)
	a.call(202, "DELETE", path, nil)
	for len(a.call(200, "GET", zone+"/volumes", nil).list()) > 0 {
		continue
	}
	a.call(404, "DELETE", path, nil)
}

// A volume gets larger in the panel alone, and never smaller.
func TestAVolumeGrowsInThePanel(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(201, "POST", zone+"/volumes", map[string]any{"name": "data", "size": 50})
	assert.Assert(t, a.emulator.GrowVolume("data", 80) && !a.emulator.GrowVolume("data", 70) && !a.emulator.GrowVolume("other", 90))
	assert.Equal(t, a.call(200, "GET", zone+"/volumes", nil).list()[0]["size"], 80.0)
}

// A volume outlives the server it was attached to.
func TestVolumeOutlivesServer(t *testing.T) {
	a := open(t, emulator.Options{})
	server := a.create(map[string]any{"server_volumes": []any{map[string]any{"name": "data", "size": 10}}})
	assert.Equal(t, a.call(200, "GET", zone+"/volumes", nil).list()[0]["status"], "in-use")
	a.call(202, "DELETE", zone+"/servers/"+server, nil)
	assert.Equal(t, a.call(200, "GET", zone+"/volumes", nil).list()[0]["status"], "available")
}

// A floating address moves between ports of private networks, by both documented ways.
func TestFloatingIP(t *testing.T) {
	a := open(t, emulator.Options{})
	network, subnet := a.network("cluster", "10.90.0.0/24")
	server := a.create(map[string]any{"network_ids": []string{network}})
	a.await(server, "ACTIVE")
	port := a.call(200, "GET", zone+"/ports", nil).list()[0]["id"]
	a.call(422, "POST", zone+"/float-ips", map[string]any{})
	made := a.call(201, "POST", zone+"/float-ips", map[string]any{"description": "api"}).object()
	path := zone + "/float-ips/" + made["id"].(string)
	where := map[string]any{"server_id": server, "subnet_id": subnet, "port_id": port}
	a.call(404, "PATCH", path+"/attach", map[string]any{"server_id": server, "subnet_id": subnet, "port_id": "x"})
	a.call(422, "PATCH", path+"/attach", map[string]any{"server_id": server, "subnet_id": "x", "port_id": port})
	a.call(201, "PATCH", path+"/attach", where)
	a.call(409, "PATCH", path+"/attach", where)
	shown := a.call(200, "GET", zone+"/float-ips", nil).list()[0]
	assert.Equal(t, shown["status"], "ACTIVE")
	assert.Equal(t, shown["server"].(map[string]any)["id"], server)
	assert.Equal(t, a.awaitPublic(server), shown["floating_ip_address"])
	a.call(200, "PATCH", zone+"/float-ips/detach", map[string]any{"port_id": port})
	a.call(404, "PATCH", path+"/detach", nil)
	a.call(201, "PATCH", path+"/attach", where)
	a.call(200, "PATCH", path+"/detach", nil)
	a.call(200, "DELETE", path, nil)
	a.call(404, "DELETE", path, nil)
}

func TestServerGroups(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(422, "POST", zone+"/server-groups", map[string]any{"name": "g", "policies": []string{"apart"}})
	group := a.call(201, "POST", zone+"/server-groups", map[string]any{"name": "g", "policies": []string{"anti-affinity"}}).object()["id"].(string)
	server := a.create(map[string]any{"server_group_id": group})
	assert.DeepEqual(t, a.call(200, "GET", zone+"/server-groups", nil).list()[0]["members"], []any{server})
	a.call(202, "DELETE", zone+"/server-groups/"+group, nil)
	a.call(404, "DELETE", zone+"/server-groups/"+group, nil)
}

// Tags tell no id when they are made, attach by both verbs, and cannot be deleted while attached.
func TestTags(t *testing.T) {
	a := open(t, emulator.Options{})
	server := a.create(nil)
	assert.Equal(t, len(a.call(201, "POST", zone+"/tags", map[string]any{"tag_name": "demo"}).body.Data), 0)
	a.call(409, "POST", zone+"/tags", map[string]any{"tag_name": "demo"})
	id := a.call(200, "GET", zone+"/tags", nil).list()[0]["id"].(string)
	path := zone + "/tags/" + id
	on := map[string]any{"instance_id": server, "instance_type": "server"}
	a.call(404, "PUT", path+"/attach", map[string]any{"instance_id": server, "instance_type": "network"})
	a.call(200, "PUT", path+"/attach", on)
	a.call(200, "POST", path+"/attach", on)
	a.call(200, "PUT", path, map[string]any{"tag_name": "prod"})
	tags := a.await(server, "ACTIVE")["tags"].([]any)
	assert.Equal(t, len(tags), 1)
	assert.Equal(t, tags[0].(map[string]any)["name"], "prod")
	a.call(409, "DELETE", path, nil)
	a.call(200, "POST", zone+"/tags/batch", map[string]any{"instance_list": []string{server}, "tag_list": []string{}, "instance_type": "server"})
	a.call(200, "DELETE", path, nil)
}
