package emulator_test

import (
	"net/http"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// A wrong or missing key is 401: without a body on v1, with a message on the CDN. The prefix's case does not matter.
func TestAuthorization(t *testing.T) {
	a := open(t, emulator.Options{})
	for _, test := range []struct {
		header, path string
		status       int
		body         string
	}{
		{"", zone + "/servers", 401, ""},
		{key, zone + "/servers", 401, ""},
		{"Apikey wrong", zone + "/servers", 401, ""},
		{"Apikey wrong", cdn + "/domains", 401, "{\"message\":\"Unauthenticated.\"}\n"},
		{"Bearer " + key, cdn + "/domains", 401, "{\"message\":\"Unauthenticated.\"}\n"},
		{"apikey " + key, zone + "/servers", 200, "{\"data\":[]}\n"},
		{"Apikey " + key, zone + "/servers", 200, "{\"data\":[]}\n"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", a.server.URL+test.path, nil)
		assert.NilError(t, err)
		request.Header.Set("Authorization", test.header)
		got, err := a.send(request)
		assert.NilError(t, err)
		assert.Equal(t, got.status, test.status, test.header)
		assert.Equal(t, string(got.raw), test.body, test.header)
	}
}

// Unknown zones, old zone codes and routes that the real API does not have are 404.
func TestWhatDoesNotExist(t *testing.T) {
	a := open(t, emulator.Options{})
	for _, path := range []string{
		"/ecc/v1/regions/nowhere/servers", "/ecc/v1/regions/ir-thr-c2/servers", "/ecc/v1/details", zone + "/quotas", zone + "/subnets", zone + "/ptr",
		zone + "/servers/unknown", zone + "/networks/unknown", zone + "/securities/unknown", zone + "/ssh-keys/unknown", cdn + "/domains/example.com",
	} {
		assert.Assert(t, a.call(404, "GET", path, nil).body.Message != "", path)
	}
	a.call(200, "GET", "/ecc//v1/regions/ir-thr-fr1//servers/", nil) // doubled and trailing slashes mean nothing
}

// Every zone has images of its own, plans with prices, and a public network that servers/options names.
func TestZonesDiffer(t *testing.T) {
	a := open(t, emulator.Options{})
	regions := a.call(200, "GET", "/ecc/v1/regions", nil).list()
	assert.Equal(t, len(regions), 6)
	seen := map[any]bool{}
	for _, region := range regions {
		prefix := "/ecc/v1/regions/" + region["code"].(string)
		for _, group := range a.call(200, "GET", prefix+"/images?type=distributions", nil).list() {
			for _, image := range group["images"].([]any) {
				id := image.(map[string]any)["id"]
				assert.Assert(t, !seen[id], "image id %s is there twice", id)
				seen[id] = true
			}
		}
		for _, plan := range a.call(200, "GET", prefix+"/sizes", nil).list() {
			assert.Assert(t, plan["price_per_hour"].(float64) > 0 && plan["price_per_month"].(float64) > 0)
		}
		public := a.call(200, "GET", prefix+"/servers/options", nil).object()["network_id"]
		network := a.call(200, "GET", prefix+"/networks", nil).list()[0]
		assert.Equal(t, network["id"], public)
		assert.Equal(t, network["router:external"], true)
	}
	assert.Assert(t, seen["80827085-61a9-45dd-a9b1-04356e8b3987"], "the image id that was seen in public")
	a.call(422, "GET", zone+"/images?type=nonsense", nil)
}

// A key is known by its name in one zone only; duplicates are 409, malformed ones 500, and the reply tells no more than a message.
func TestSSHKeys(t *testing.T) {
	a := open(t, emulator.Options{})
	body := map[string]any{"name": "me", "public_key": publicKey + "\n"}
	made := a.call(201, "POST", zone+"/ssh-keys", body)
	assert.Equal(t, len(made.body.Data), 0)
	a.call(409, "POST", zone+"/ssh-keys", body)
	a.call(500, "POST", zone+"/ssh-keys", map[string]any{"name": "bad", "public_key": "ssh-rsa nonsense"})
	assert.Assert(t, len(a.call(422, "POST", zone+"/ssh-keys", map[string]any{}).body.Errors) > 2)
	got := a.call(200, "GET", zone+"/ssh-keys/me", nil).object()
	assert.Equal(t, got["public_key"], publicKey)
	assert.Assert(t, got["fingerprint"] != "")
	a.call(404, "GET", "/ecc/v1/regions/ir-thr-ba1/ssh-keys/me", nil)
	a.call(200, "DELETE", zone+"/ssh-keys/me", nil)
	a.call(404, "DELETE", zone+"/ssh-keys/me", nil)

	a.call(201, "POST", zone+"/ssh-keys", body)
	a.call(200, "POST", zone+"/ssh-keys/me", nil) // deletes, says the 2023 description
	assert.Equal(t, len(a.call(200, "GET", zone+"/ssh-keys", nil).list()), 0)
}

// What the quota does not allow is 420.
func TestQuota(t *testing.T) {
	a := open(t, emulator.Options{Quota: emulator.Quota{Servers: 1, SSHKeys: 1, Networks: 1}})
	a.create(nil)
	got := a.call(420, "POST", zone+"/servers", a.orderOf(nil))
	assert.Equal(t, got.body.Message, "Quota exceeded for instances: 1 used, 1 requested, limit 1.")
	a.call(420, "POST", zone+"/servers", a.orderOf(map[string]any{"count": 2}))
	a.network("one", "10.0.0.0/24")
	a.call(420, "POST", zone+"/subnets", map[string]any{"name": "two", "subnet_ip": "10.0.1.0/24"})
	quota := a.call(200, "GET", zone+"/quota", nil).object()
	assert.DeepEqual(t, quota["max_total_instances"], map[string]any{"unlimited": false, "value": 1.0})
	assert.Equal(t, quota["total_instances_used"], 1.0)
	assert.Equal(t, quota["total_ram_used"], 4096.0)
}
