package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// openAs starts an emulator that behaves as one of the descriptions says.
func openAs(t *testing.T, v emulator.Variants) *account {
	t.Helper()
	return open(t, emulator.Options{Variants: v})
}

func TestActionStatus(t *testing.T) {
	for _, status := range []int{200, 202} {
		a := openAs(t, emulator.Variants{ActionStatus: status})
		id := a.create(nil)
		a.await(id, "ACTIVE")
		a.call(status, "POST", zone+"/servers/"+id+"/rename", map[string]any{"name": "other"})
		a.call(status, "POST", zone+"/servers/"+id+"/power-off", nil)
		a.call(status, "DELETE", zone+"/servers/"+id, nil)
		a.call(404, "POST", zone+"/servers/x/rename", map[string]any{"name": "other"})
	}
}

func TestErrorForms(t *testing.T) {
	for form, start := range map[string]string{"": `{"name":["`, "list": `["`, "nested": `[["`} {
		a := openAs(t, emulator.Variants{ErrorForm: form})
		errors := string(a.call(422, "POST", zone+"/volumes", map[string]any{}).body.Errors)
		assert.Assert(t, strings.HasPrefix(errors, start), errors)
	}
}

func TestOlderReplies(t *testing.T) {
	a := openAs(t, emulator.Variants{OlderGroups: true, IPVersionAsNumber: true, ListsOnly: true})
	network, subnet := a.network("cluster", "10.60.0.0/24")
	assert.Equal(t, a.call(200, "GET", zone+"/subnets/"+subnet, nil).object()["ip_version"], 4.0)
	a.call(404, "GET", zone+"/networks/"+network, nil)
	volume := a.call(201, "POST", zone+"/volumes", map[string]any{"name": "data", "size": 10}).object()["id"].(string)
	a.call(404, "GET", zone+"/volumes/"+volume, nil)
	group := a.await(a.create(nil), "ACTIVE")["security_groups"].([]any)[0].(map[string]any)
	assert.Equal(t, group["name"], "arDefault")
	assert.Assert(t, len(group["rules"].([]any)) > 0)
}

func TestTagVariants(t *testing.T) {
	a := openAs(t, emulator.Variants{TagIDsAsNumbers: true, TagAttachMethod: "POST"})
	server := a.create(nil)
	a.call(201, "POST", zone+"/tags", map[string]any{"tag_name": "demo"})
	id, isNumber := a.call(200, "GET", zone+"/tags", nil).list()[0]["id"].(float64)
	assert.Assert(t, isNumber)
	on, path := map[string]any{"instance_id": server, "instance_type": "server"}, fmt.Sprintf("%s/tags/%.0f/attach", zone, id)
	a.call(404, "PUT", path, on)
	a.call(200, "POST", path, on)
}

func TestWhatGoesWithAServer(t *testing.T) {
	a := openAs(t, emulator.Variants{VolumesGoWithServer: true})
	server := a.create(map[string]any{"server_volumes": []any{map[string]any{"name": "data", "size": 10}}})
	a.call(202, "DELETE", zone+"/servers/"+server, nil)
	assert.Equal(t, len(a.call(200, "GET", zone+"/volumes", nil).list()), 0)
}

func TestFloatingIPDetachVariants(t *testing.T) {
	for only, refused := range map[string]string{"port": "/float-ips/x/detach", "id": "/float-ips/detach"} {
		a := openAs(t, emulator.Variants{FloatingIPDetach: only})
		assert.Equal(t, a.call(404, "PATCH", zone+refused, map[string]any{"port_id": "x"}).body.Message, "Not Found")
	}
}
