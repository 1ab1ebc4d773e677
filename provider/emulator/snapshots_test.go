package emulator_test

import (
	"slices"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// awaitListed reads a list until its first item has a status, and returns that item.
func (a *account) awaitListed(path, status string) map[string]any {
	a.t.Helper()
	for a.t.Context().Err() == nil {
		if list := a.call(200, "GET", path, nil).list(); len(list) > 0 && list[0]["status"] == status {
			return list[0]
		}
	}
	a.t.Fatalf("nothing in %s became %s", path, status)
	return nil
}

// awaitEmpty reads a list until nothing is in it.
func (a *account) awaitEmpty(path string) {
	a.t.Helper()
	for len(a.call(200, "GET", path, nil).list()) > 0 && a.t.Context().Err() == nil {
		continue
	}
}

// A snapshot of a server tells no id, is renamed, makes a volume and an image, puts the server back, and is deleted.
func TestServerSnapshot(t *testing.T) {
	a := open(t, emulator.Options{})
	server := a.create(nil)
	a.call(409, "POST", zone+"/snapshots/servers/"+server+"/", map[string]any{"name": "early"})
	a.await(server, "ACTIVE")
	a.call(404, "POST", zone+"/snapshots/servers/x/", map[string]any{"name": "before"})
	a.call(422, "POST", zone+"/snapshots/servers/"+server+"/", map[string]any{})
	assert.Equal(t, len(a.call(202, "POST", zone+"/snapshots/servers/"+server+"/", map[string]any{"name": "before"}).body.Data), 0)
	made := a.call(200, "GET", zone+"/snapshots", nil).list()[0]
	assert.Equal(t, made["status"], "creating")
	path := zone + "/snapshots/" + made["id"].(string)
	a.awaitListed(zone+"/snapshots", "available")
	a.call(202, "PUT", path, map[string]any{"name": "after", "description": "d"})
	shown := a.awaitListed(zone+"/snapshots", "available")
	assert.Equal(t, shown["name"], "after")
	assert.Equal(t, shown["type"], "server")
	assert.Equal(t, shown["server_name"], "web")
	assert.Equal(t, shown["reverted_on"], "")

	a.call(202, "PUT", path+"/revert", map[string]any{"snapshot_id": made["id"]})
	a.await(server, "ACTIVE")
	assert.Assert(t, a.awaitListed(zone+"/snapshots", "available")["reverted_on"] != "")
	a.call(200, "POST", path+"/volumes/", map[string]any{"name": "copy"})
	copied := a.awaitListed(zone+"/volumes", "available")
	assert.Equal(t, copied["snapshot_id"], made["id"])
	assert.Equal(t, copied["bootable"], "true")
	assert.Equal(t, len(a.call(200, "GET", zone+"/volumes/os-volumes", nil).list()), 1)
	a.call(202, "POST", path+"/images/", map[string]any{"name": "golden"})
	image := a.awaitListed(zone+"/images?type=private", "active")
	again := a.create(map[string]any{"name": "again", "image_id": image["id"]})
	assert.Equal(t, a.await(again, "ACTIVE")["image"].(map[string]any)["os"], "debian")

	a.call(200, "DELETE", path, nil)
	a.awaitEmpty(zone + "/snapshots")
	a.call(404, "DELETE", path, nil)
}

// A volume is put back to its snapshot while it is attached to nothing, if the account can do that at all.
func TestVolumeSnapshot(t *testing.T) {
	a := open(t, emulator.Options{Quota: emulator.Quota{Snapshots: 1}})
	volume := a.call(201, "POST", zone+"/volumes", map[string]any{"name": "data", "size": 10, "type": "hdd"}).object()["id"].(string)
	a.awaitListed(zone+"/volumes", "available")
	a.call(202, "POST", zone+"/snapshots/volumes/"+volume+"/", map[string]any{"name": "s"})
	a.call(406, "POST", zone+"/snapshots/volumes/"+volume+"/", map[string]any{"name": "one too many"})
	made := a.awaitListed(zone+"/volumes/snapshots", "available")
	assert.Equal(t, made["volume_name"], "data")
	a.call(202, "PUT", zone+"/volumes/"+volume+"/snapshot/revert", map[string]any{"snapshot_id": made["id"]})
	assert.Equal(t, a.call(200, "GET", zone+"/volumes", nil).list()[0]["status"], "restoring-backup")
	a.awaitListed(zone+"/volumes", "available")
	a.emulator.SetSettings(emulator.Settings{Variants: emulator.Variants{NoVolumeRevert: true}})
	a.call(400, "PUT", zone+"/snapshots/"+made["id"].(string)+"/revert", nil)
	a.call(400, "POST", zone+"/snapshots/"+made["id"].(string)+"/images", nil)
	a.call(200, "POST", zone+"/volumes/snapshots/"+made["id"].(string)+"/create-volume", map[string]any{"name": "copy"})
	assert.Assert(t, slices.ContainsFunc(a.emulator.Contents(), func(i emulator.Item) bool { return i.Kind == "volume" && i.Name == "copy" }))
}

// An imported image can be used when it is active.
func TestImportImage(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(422, "POST", zone+"/images/import", map[string]any{"name": "own", "url": "file:///etc/passwd"})
	a.call(201, "POST", zone+"/images/import", map[string]any{"name": "own", "url": "https://example.com/own.qcow2", "minDisk": 40})
	image := a.call(200, "GET", zone+"/images?type=private", nil).list()[0]
	assert.Equal(t, image["status"], "importing")
	a.call(422, "POST", zone+"/servers", a.orderOf(map[string]any{"image_id": image["id"], "disk_size": 40}))
	a.awaitListed(zone+"/images?type=private", "active")
	a.call(422, "POST", zone+"/servers", a.orderOf(map[string]any{"image_id": image["id"], "disk_size": 25}))
	server := a.create(map[string]any{"image_id": image["id"], "disk_size": 40})
	a.call(200, "DELETE", zone+"/images/"+image["id"].(string), nil)
	a.call(404, "DELETE", zone+"/images/"+image["id"].(string), nil)
	assert.Equal(t, a.await(server, "ACTIVE")["image"].(map[string]any)["id"], image["id"])
}
