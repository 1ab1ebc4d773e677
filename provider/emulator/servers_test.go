package emulator_test

import (
	"testing"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// A server takes reads to become ACTIVE, shows its private address then and its public address later.
func TestServerComesUpInSteps(t *testing.T) {
	a := open(t, emulator.Options{})
	network, _ := a.network("cluster", "10.10.0.0/24")
	made := a.call(201, "POST", zone+"/servers", a.orderOf(map[string]any{"network_ids": []string{network, a.publicNetwork()}}))
	server := made.object()
	assert.Equal(t, server["status"], "BUILD")
	assert.Equal(t, len(server["addresses"].(map[string]any)), 0)
	assert.Assert(t, made.body.Message != "")
	path := zone + "/servers/" + server["id"].(string)

	statuses := []string{}
	var public, private []string
	for len(public) == 0 {
		server = a.call(200, "GET", path, nil).object()
		statuses = append(statuses, server["status"].(string))
		public, private = addresses(server)
	}
	assert.DeepEqual(t, statuses, []string{"BUILD", "BUILD", "ACTIVE", "ACTIVE"})
	assert.DeepEqual(t, private, []string{"10.10.0.2"})
	assert.Equal(t, server["flavor"].(map[string]any)["ram"], 4096.0, "a server's memory is in MB")
	assert.Equal(t, a.call(200, "GET", zone+"/sizes/g2-4-2-0", nil).object()["memory"], 4.0, "a plan's memory is in GB")
}

// States can take time instead of reads.
func TestPaceByTime(t *testing.T) {
	const long = 20 * time.Millisecond
	a := open(t, emulator.Options{Pace: emulator.Pace{Build: emulator.Step{After: long}, Address: emulator.Step{After: long}}})
	started := time.Now()
	id := a.create(nil)
	a.await(id, "ACTIVE")
	assert.Assert(t, time.Since(started) >= long)
	a.awaitPublic(id)
	assert.Assert(t, time.Since(started) >= 2*long)
}

// Without a key the password comes once; with one it never comes.
func TestPasswordIsToldOnce(t *testing.T) {
	a := open(t, emulator.Options{})
	made := a.call(201, "POST", zone+"/servers", a.orderOf(nil)).object()
	assert.Assert(t, made["password"] != "")
	assert.Equal(t, a.await(made["id"].(string), "ACTIVE")["password"], "")

	a.call(201, "POST", zone+"/ssh-keys", map[string]any{"name": "me", "public_key": publicKey})
	withKey := a.call(201, "POST", zone+"/servers", a.orderOf(map[string]any{"ssh_key": true, "key_name": "me"})).object()
	assert.Equal(t, withKey["password"], "")
	assert.Equal(t, withKey["key_name"], "me")
}

// A deleted server is listed for some reads and then unknown.
func TestDeletedServerLingers(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(nil)
	a.await(id, "ACTIVE")
	a.call(202, "DELETE", zone+"/servers/"+id+"?forceDelete=true", nil)
	a.call(404, "DELETE", zone+"/servers/"+id, nil)
	reads := 0
	for len(a.call(200, "GET", zone+"/servers", nil).list()) > 0 {
		reads++
	}
	assert.Equal(t, reads, 2)
	a.call(404, "GET", zone+"/servers/"+id, nil)
	assert.Equal(t, len(a.emulator.Contents()), 0)
}

// The name field of security_groups takes an id; a name is refused.
func TestSecurityGroupsOfServerAreIDs(t *testing.T) {
	a := open(t, emulator.Options{})
	group := a.call(201, "POST", zone+"/securities", map[string]any{"name": "web", "description": ""}).object()["id"].(string)
	a.call(422, "POST", zone+"/servers", a.orderOf(map[string]any{"security_groups": []any{map[string]any{"name": "web"}}}))
	id := a.create(map[string]any{"security_groups": []any{map[string]any{"name": group}}})
	got := a.await(id, "ACTIVE")["security_groups"].([]any)
	assert.Equal(t, len(got), 1)
	assert.Equal(t, got[0].(map[string]any)["id"], group)
	assert.Equal(t, got[0].(map[string]any)["rules"], nil)
}
