package emulator_test

import (
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// The security of a port is switched by its own operations and at attachment, and shows wherever the port does.
func TestPortSecurity(t *testing.T) {
	a := open(t, emulator.Options{})
	network, subnet := a.network("cluster", "10.60.0.0/24")
	id := a.create(nil)
	a.await(id, "ACTIVE")
	attached := a.call(200, "PATCH", zone+"/networks/"+network+"/attach", map[string]any{"server_id": id, "enablePortSecurity": false}).object()
	port := zone + "/ports/" + attached["id"].(string)
	shown := func() (enabled, everywhere any) {
		for _, p := range a.call(200, "GET", zone+"/ports", nil).list() {
			if p["id"] == attached["id"] {
				enabled = p["port_security_enabled"]
			}
		}
		server := a.call(200, "GET", zone+"/subnets/"+subnet, nil).object()["servers"].([]any)[0].(map[string]any)
		return enabled, server["ips"].([]any)[0].(map[string]any)["port_security_enabled"]
	}
	for _, step := range []struct {
		action string
		want   bool
	}{{"", false}, {"enablePortSecurity", true}, {"disablePortSecurity", false}} {
		if step.action != "" {
			a.call(202, "PATCH", port+"/"+step.action, nil)
		}
		one, other := shown()
		assert.Equal(t, one, step.want)
		assert.Equal(t, other, step.want)
	}
	a.call(202, "PATCH", port+"/disable", nil)
	assert.Equal(t, a.call(200, "GET", zone+"/ports", nil).list()[1]["status"], "DOWN")
	public := a.call(200, "GET", zone+"/ports", nil).list()[0]["id"].(string)
	a.call(403, "PATCH", zone+"/ports/"+public+"/disablePortSecurity", nil)
}
