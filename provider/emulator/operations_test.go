package emulator_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// Each operation is listed once, in order, with its whole path.
func TestOperations(t *testing.T) {
	operations := emulator.Operations()
	seen := map[emulator.Operation]bool{}
	for i, o := range operations {
		assert.Assert(t, strings.HasPrefix(o.Path, "/ecc/v1/") || strings.HasPrefix(o.Path, "/cdn/4.0/") || o.Path == "/v1/me", o.Path)
		assert.Assert(t, !seen[o], "%v is listed twice", o)
		seen[o] = true
		assert.Assert(t, i == 0 || operations[i-1].Path <= o.Path)
	}
	for _, wanted := range []emulator.Operation{
		{Method: "POST", Path: "/ecc/v1/regions/{zone}/servers"}, {Method: "PATCH", Path: "/cdn/4.0/domains/{domain}/caching"},
		{Method: "PUT", Path: "/cdn/4.0/domains/{domain}/load-balancers/{load-balancer}/pools/{pool}"},
	} {
		assert.Assert(t, slices.Contains(operations, wanted), "%v", wanted)
	}
}

// A remembered call knows which operation it was.
func TestOperationOfRequest(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(200, "GET", zone+"/images?type=distributions", nil)
	a.call(404, "GET", zone+"/servers/x", nil)
	a.call(404, "GET", "/nowhere", nil)
	got := []emulator.Operation{}
	for _, r := range a.emulator.Requests(3) {
		got = append(got, r.Operation())
	}
	assert.DeepEqual(t, got, []emulator.Operation{
		{Method: "GET", Path: "/ecc/v1/regions/{zone}/images"}, {Method: "GET", Path: "/ecc/v1/regions/{zone}/servers/{id}"}, {},
	})
}
