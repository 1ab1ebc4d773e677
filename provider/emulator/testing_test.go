package emulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

const (
	key       = "00000000-aaaa-bbbb-cccc-000000000000"
	zone      = "/ecc/v1/regions/ir-thr-fr1"
	cdn       = "/cdn/4.0"
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl someone@example"
)

// account is a client of an emulator, as a stranger would write one.
type account struct {
	t        *testing.T
	emulator *emulator.Emulator
	server   *httptest.Server
}

// open starts an emulator that ends with the test.
func open(t *testing.T, options emulator.Options) *account {
	t.Helper()
	if options.APIKey == "" {
		options.APIKey = key
	}
	e, err := emulator.New(options)
	assert.NilError(t, err)
	server := httptest.NewServer(e)
	t.Cleanup(func() {
		server.Close()
		assert.NilError(t, e.Close())
	})
	return &account{t, e, server}
}

// in is the same account for a subtest.
func (a *account) in(t *testing.T) *account { return &account{t, a.emulator, a.server} }

// answer is the reply to a call.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    []byte
	body   struct {
		Data    json.RawMessage `json:"data"`
		Message string          `json:"message"`
		Errors  json.RawMessage `json:"errors"`
		Status  *bool           `json:"status"`
		Meta    map[string]any  `json:"meta"`
		Links   map[string]any  `json:"links"`
	}
}

// try makes a call that may fail in transport. A nil body sends none.
func (a *account) try(method, path string, body any) (*answer, error) {
	a.t.Helper()
	var sent io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		assert.NilError(a.t, err)
		sent = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.server.URL+path, sent)
	assert.NilError(a.t, err)
	request.Header.Set("Authorization", "Apikey "+key)
	return a.send(request)
}

func (a *account) send(request *http.Request) (*answer, error) {
	a.t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	got := &answer{t: a.t, status: response.StatusCode, header: response.Header}
	got.raw, err = io.ReadAll(response.Body)
	assert.NilError(a.t, err)
	if len(got.raw) > 0 && got.raw[0] == '{' {
		assert.NilError(a.t, json.Unmarshal(got.raw, &got.body))
	}
	return got, nil
}

// call makes a call and checks its status.
func (a *account) call(status int, method, path string, body any) *answer {
	a.t.Helper()
	got, err := a.try(method, path, body)
	assert.NilError(a.t, err)
	assert.Equal(a.t, got.status, status, "%s %s: %s", method, path, got.raw)
	return got
}

// object is the data of a reply that has one object.
func (r *answer) object() map[string]any {
	r.t.Helper()
	var data map[string]any
	assert.NilError(r.t, json.Unmarshal(r.body.Data, &data), "%s", r.raw)
	return data
}

// list is the data of a reply that has a list.
func (r *answer) list() []map[string]any {
	r.t.Helper()
	var data []map[string]any
	assert.NilError(r.t, json.Unmarshal(r.body.Data, &data), "%s", r.raw)
	return data
}

// imageID looks an image up as a client has to: by distribution and version.
func (a *account) imageID(distribution, version string) string {
	a.t.Helper()
	for _, group := range a.call(200, "GET", zone+"/images?type=distributions", nil).list() {
		for _, image := range group["images"].([]any) {
			if image := image.(map[string]any); group["name"] == distribution && image["name"] == version {
				return image["id"].(string)
			}
		}
	}
	a.t.Fatalf("no image %s %s", distribution, version)
	return ""
}

// network makes a private network and returns its id and its subnet's.
func (a *account) network(name, cidr string) (network, subnet string) {
	a.t.Helper()
	made := a.call(201, "POST", zone+"/subnets", map[string]any{"name": name, "subnet_ip": cidr, "enable_gateway": true}).object()
	return made["network_id"].(string), made["id"].(string)
}

// publicNetwork is the id that servers/options tells.
func (a *account) publicNetwork() string {
	a.t.Helper()
	return a.call(200, "GET", zone+"/servers/options", nil).object()["network_id"].(string)
}

// orderOf is a creation that works, changed by what is given.
func (a *account) orderOf(changes map[string]any) map[string]any {
	a.t.Helper()
	order := map[string]any{
		"name": "web", "flavor_id": "g2-4-2-0", "image_id": a.imageID("debian", "12"), "network_ids": []string{a.publicNetwork()},
		"security_groups": []any{}, "key_name": 0, "ssh_key": false, "disk_size": 25,
	}
	maps.Copy(order, changes)
	return order
}

// create makes a server and returns its id.
func (a *account) create(changes map[string]any) string {
	a.t.Helper()
	return a.call(201, "POST", zone+"/servers", a.orderOf(changes)).object()["id"].(string)
}

// await reads a server until it has a status and nothing goes on, and returns it. Machines may take a moment, so it reads on
// until the test's own deadline.
func (a *account) await(id, status string) map[string]any {
	a.t.Helper()
	for a.t.Context().Err() == nil {
		server := a.call(200, "GET", zone+"/servers/"+id, nil).object()
		if server["status"] == status && server["task_state"] == nil {
			return server
		}
		if server["status"] == "ERROR" {
			a.t.Fatalf("server %s went to ERROR: %v", id, server["error"])
		}
	}
	a.t.Fatalf("server %s did not become %s", id, status)
	return nil
}

// awaitPublic reads a server until its public address shows, and returns that.
func (a *account) awaitPublic(id string) string {
	a.t.Helper()
	server := a.await(id, "ACTIVE")
	for a.t.Context().Err() == nil {
		if public, _ := addresses(server); len(public) > 0 {
			return public[0]
		}
		server = a.call(200, "GET", zone+"/servers/"+id, nil).object()
	}
	a.t.Fatalf("server %s got no public address", id)
	return ""
}

// addresses lists a server's addresses, the public ones first.
func addresses(server map[string]any) (public, private []string) {
	for _, list := range server["addresses"].(map[string]any) {
		for _, entry := range list.([]any) {
			entry := entry.(map[string]any)
			if entry["is_public"].(bool) {
				public = append(public, entry["addr"].(string))
			} else {
				private = append(private, entry["addr"].(string))
			}
		}
	}
	return public, private
}
