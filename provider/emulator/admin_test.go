package emulator_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// truncate cuts the last half off a file.
func truncate(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	assert.NilError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o600), "there are keys in it")
	assert.NilError(t, os.Truncate(file, info.Size()/2))
}

// Faults can be listed, added and removed over HTTP, without a key.
func TestFaultsOverHTTP(t *testing.T) {
	a := open(t, emulator.Options{})
	added := a.call(201, "POST", "/_emulator/faults", map[string]any{"kind": "refuse", "path": "/tags", "status": 503, "delay": "1s"})
	assert.Assert(t, strings.Contains(string(added.raw), `"fault-1"`), string(added.raw))
	a.call(503, "GET", zone+"/tags", nil)
	a.call(201, "POST", "/_emulator/faults", []any{map[string]any{"id": "mine", "kind": "reset"}, map[string]any{"kind": "stale-list"}})
	var faults []emulator.Fault
	assert.NilError(t, json.Unmarshal(a.call(200, "GET", "/_emulator/faults", nil).raw, &faults))
	assert.Equal(t, len(faults), 3)
	a.call(204, "DELETE", "/_emulator/faults/mine", nil)
	a.call(404, "DELETE", "/_emulator/faults/mine", nil)
	a.call(422, "POST", "/_emulator/faults", map[string]any{"kind": "nonsense"})
	a.call(204, "DELETE", "/_emulator/faults", nil)
	a.call(200, "GET", zone+"/tags", nil)
	a.call(201, "POST", "/_emulator/faults/random", map[string]any{"seed": 7, "count": 3})
	assert.Equal(t, len(a.emulator.Faults()), 3)
}

// The state, the requests and the page show what happened, and no secret.
func TestWatching(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(map[string]any{"name": "<b>m1</b>", "init_script": "TOP-SECRET"})
	a.await(id, "ACTIVE")
	a.call(404, "GET", zone+"/servers/unknown", nil)

	state := string(a.call(200, "GET", "/_emulator/state", nil).raw)
	assert.Assert(t, strings.Contains(state, id))
	assert.Assert(t, strings.Contains(state, `"perHour": 10400`), state)
	var lists map[string]json.RawMessage
	assert.NilError(t, json.Unmarshal([]byte(state), &lists))
	assert.Assert(t, strings.Contains(string(lists["servers"]), id) && lists["networks"] == nil)
	var requests []emulator.RequestRecord
	assert.NilError(t, json.Unmarshal(a.call(200, "GET", "/_emulator/requests?last=1", nil).raw, &requests))
	assert.Equal(t, len(requests), 1)
	assert.Equal(t, requests[0].Status, 404)
	assert.Equal(t, requests[0].Message, "Server not found.")
	page := string(a.call(200, "GET", "/", nil).raw)
	assert.Assert(t, strings.Contains(page, "&lt;b&gt;m1&lt;/b&gt;") && strings.Contains(page, "/servers/unknown"))
	for name, text := range map[string]string{"state": state, "page": page, "requests": string(a.call(200, "GET", "/_emulator/requests", nil).raw)} {
		assert.Assert(t, !strings.Contains(text, "TOP-SECRET") && !strings.Contains(text, key), "%s tells a secret", name)
	}
}

func TestSettingsOverHTTP(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(200, "PATCH", "/_emulator/settings", map[string]any{
		"quota": map[string]any{"servers": 1}, "variants": map[string]any{"missingServerStatus": 400},
	})
	a.call(400, "GET", zone+"/servers/unknown", nil)
	a.create(nil)
	a.call(420, "POST", zone+"/servers", a.orderOf(nil))
	a.call(422, "PATCH", "/_emulator/settings", map[string]any{"quotas": 1})
	assert.Equal(t, a.emulator.Settings().Quota.SSHKeys, 100, "what is not sent stays")
}

// The administration needs no key, the API does.
func TestAdministrationNeedsNoKey(t *testing.T) {
	a := open(t, emulator.Options{})
	for path, status := range map[string]int{"/": 200, "/_emulator/state": 200, "/_emulator/nonsense": 404, "/ecc/v1/regions": 401} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", a.server.URL+path, nil)
		assert.NilError(t, err)
		got, err := a.send(request)
		assert.NilError(t, err)
		assert.Equal(t, got.status, status, path)
	}
}
