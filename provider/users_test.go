package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// used are the kinds of objects that servers use, with what a lost run made of each, and how a server uses it.
var used = map[string]struct {
	token  tokens.Type
	inputs map[string]any
	uses   func(server map[string]any, made *thing)
}{
	"network": {networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"}, func(server map[string]any, made *thing) {
		server["networks"] = []any{map[string]any{"networkId": made.get("networkId")}}
	}},
	"security group": {securityGroupToken, map[string]any{"name": "nodes"}, func(server map[string]any, made *thing) {
		server["securityGroupIds"] = []any{made.get("securityGroupId")}
	}},
	"server group": {"arvancloud:iaas:ServerGroup", map[string]any{"name": "workers"}, func(server map[string]any, made *thing) {
		server["serverGroupId"] = made.get("serverGroupId")
	}},
	"SSH key": {sshKeyToken, map[string]any{"name": "admin", "publicKey": publicKey}, func(server map[string]any, made *thing) {
		server["sshKeyName"] = made.get("name")
	}},
}

// A state that was lost is no interrupted creation: what machines have come to use since is left to whoever has them.
func TestWhatOthersUseIsNotTakenOver(t *testing.T) {
	for what, each := range used {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			lost := newPlugin(t, cloud)
			object, server := lost.create(each.token, each.inputs), serverInputs(lost)
			each.uses(server, object)
			machine := lost.create(serverToken, server)
			before := cloud.Contents()

			_, err := newPlugin(t, cloud).tryCreate(each.token, each.inputs)
			assert.ErrorContains(t, err, `it is in use by the server "m1" (`+machine.id+"), not in this stack's state")
			assert.ErrorContains(t, err, "`pulumi import "+string(each.token)+" NAME "+object.id+"`")
			assert.DeepEqual(t, cloud.Contents(), before)
			machine.delete()
			_, err = newPlugin(t, cloud).tryCreate(each.token, each.inputs)
			assert.NilError(t, err, "what nobody uses any more is taken over")
		})
	}
}

// Somebody's machine that is there to stay would be waited for until the deletion gives up.
func TestADeletionNamesWhoUsesItAndWaitsOnlyForWhatGoes(t *testing.T) {
	for what, each := range used {
		if what == "server group" || what == "SSH key" {
			continue // the API deletes them under their servers
		}
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			plugin := newPlugin(t, cloud)
			object, server := plugin.create(each.token, each.inputs), serverInputs(plugin)
			each.uses(server, object)
			machine := newPlugin(t, cloud).create(serverToken, server)

			begun := time.Now()
			err := object.tryDelete()
			assert.ErrorContains(t, err, `is in use by the server "m1" (`+machine.id+"), not deleted in this run")
			assert.Assert(t, cmp.Contains(err.Error(), "409"))
			assert.Assert(t, time.Since(begun) < time.Minute)

			// begun later, but in the same run
			gone := make(chan error)
			machine.plugin = plugin
			go func() { gone <- object.tryDelete() }()
			machine.delete()
			assert.NilError(t, <-gone)
			assert.Equal(t, len(cloud.Contents()), 0)
		})
	}
}

// What one of the users is, and where, is told for all of them.
func TestARefusalNamesAllUsers(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	group := plugin.create(securityGroupToken, map[string]any{"name": "nodes"})
	for _, name := range []string{"m1", "w1"} {
		inputs := serverInputs(plugin)
		inputs["name"], inputs["securityGroupIds"] = name, []any{group.get("securityGroupId")}
		plugin.create(serverToken, inputs)
	}
	_, err := newPlugin(t, cloud).tryCreate(securityGroupToken, map[string]any{"name": "nodes"})
	assert.ErrorContains(t, err, `zone `+testZone+` has the security group "nodes" already`)
	assert.Equal(t, strings.Count(err.Error(), "the server "), 2)
}

// What a state that was lost had is told with the ids to import it by, and who uses it.
func TestTheInventoryIsWhatThereIsToImport(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	server, made := serverInputs(plugin), map[string]*thing{}
	for _, each := range used {
		object := plugin.create(each.token, each.inputs)
		each.uses(server, object)
		made[string(each.token)] = object
	}
	made[serverToken] = plugin.create(serverToken, server)
	made[volumeToken] = plugin.create(volumeToken, map[string]any{"name": "data", "size": 10})
	plugin.create("arvancloud:storage:VolumeAttachment",
		map[string]any{"volumeId": made[volumeToken].get("volumeId"), "serverId": made[serverToken].get("serverId")})
	made[dnsRecordToken] = plugin.create(dnsRecordToken, map[string]any{"domain": testDomain, "name": "demo", "type": "a",
		"addresses": []any{map[string]any{"ip": "192.0.2.1"}}})

	told, err := newPlugin(t, cloud).invoke("arvancloud:account:getInventory", map[string]any{"domain": testDomain})
	assert.NilError(t, err)
	for _, each := range told.Get("objects").AsArray().All {
		object := each.AsMap()
		was := made[object.Get("type").AsString()]
		if was == nil || was.get("name") != object.Get("name").AsString() {
			continue // the zone's default group
		}
		assert.Equal(t, object.Get("id").AsString(), was.id)
		users := object.Get("users").AsArray().Len()
		assert.Equal(t, users == 1, was.urn.Type() != serverToken && was.urn.Type() != dnsRecordToken, was.id)
		delete(made, object.Get("type").AsString())
	}
	assert.Equal(t, len(made), 0, "not told: %v", made)
}
