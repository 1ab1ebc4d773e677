package emulator_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// The life of twelve kinds in the calls of that provider: each is made, looked at and deleted again, and nothing is waited for but the
// server, as it does.
func TestTheProviderForTerraform(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terraformLife(newTerraform(t, emulator.Options{Pace: emulator.Clock(time.Second), Variants: emulator.Variants{TerraformProvider: true}}))
	})
}

func terraformLife(tf terraform) {
	t := tf.t
	type fields = map[string]any

	var key struct{ Name, Fingerprint string }
	tf.call("POST", "/ssh-keys", fields{"name": "me", "public_key": publicKey}, &key)
	assert.Equal(t, key.Name, "me")
	tf.call("POST", "/tags", fields{"tag_name": "demo"}, nil)
	var tags []tfTag
	tf.call("GET", "/tags", nil, &tags)
	var subnet tfSubnet
	tf.call("POST", "/subnets", fields{"name": "cluster", "subnet_ip": "10.10.0.0/24", "enable_gateway": true, "subnet_gateway": "10.10.0.1",
		"enable_dhcp": true, "dhcp": "10.10.0.10,10.10.0.90", "dns_servers": "8.8.8.8\n1.1.1.1", "subnet_id": "", "network_id": ""}, &subnet)
	var group tfGroup
	tf.call("POST", "/securities", fields{"name": "web", "description": "the web"}, &group)
	tf.call("POST", "/securities/security-rules/"+group.ID, fields{"direction": "ingress", "port_from": "443", "port_to": "443",
		"protocol": "tcp", "ips": []string{"10.0.0.0/8"}, "description": "https"}, nil)
	tf.call("GET", "/securities/security-rules/"+group.ID, nil, &group)
	assert.Equal(t, group.Rules[0].PortStart, 443)
	var volume tfVolume
	tf.call("POST", "/volumes", fields{"name": "data", "size": 10, "description": ""}, &volume)

	server := tf.orderServer()
	tf.call("PATCH", "/volumes/attach", fields{"server_id": server.ID, "volume_id": volume.ID}, nil)
	var port struct {
		ID string `json:"id"`
		IP string `json:"ip_address"`
	}
	tf.call("PATCH", "/networks/"+subnet.NetworkID+"/attach", fields{"server_id": server.ID, "ip": "10.10.0.20", "enablePortSecurity": true}, &port)
	tagged := fields{"instance_id": server.ID, "instance_type": "server"}
	tf.call("POST", "/tags/"+tags[0].ID.(string)+"/attach", tagged, nil)
	tf.call("POST", "/servers/"+server.ID+"/add-security-group", fields{"security_group_id": group.ID}, nil)
	var public string
	for _, addresses := range server.Addresses {
		public = addresses[0].Addr
	}
	assert.Assert(t, public != "", "%v", server)
	tf.call("POST", "/ptr", fields{"ip": public, "domain": "web.iransre.ir"}, nil)

	tf.call("GET", "/servers/"+server.ID, nil, &server)
	assert.Equal(t, server.Tags[0].Name, "demo")
	assert.Equal(t, server.KeyName, "me")
	assert.Equal(t, len(server.SecurityGroups), 2)
	tf.lookAt(subnet, server)

	tf.call("DELETE", "/ptr/"+public, nil, nil)
	tf.call("POST", "/servers/"+server.ID+"/remove-security-group", fields{"security_group_id": group.ID}, nil)
	tf.call("POST", "/tags/"+tags[0].ID.(string)+"/detach", tagged, nil)
	tf.call("PATCH", "/networks/"+port.ID+"/detach", fields{"server_id": server.ID}, nil)
	tf.call("PATCH", "/volumes/detach", fields{"server_id": server.ID, "volume_id": volume.ID}, nil)
	var volumes []tfVolume
	tf.call("GET", "/volumes", nil, &volumes)
	assert.Equal(t, len(volumes[0].Attachments), 0, "it would detach them once more")
	tf.call("DELETE", "/volumes/"+volume.ID, nil, nil)
	tf.call("DELETE", "/servers/"+server.ID+"?forceDelete=true", nil, nil)
	time.Sleep(5 * time.Second)
	status, _ := tf.try("GET", "/servers/"+server.ID, nil)
	assert.Equal(t, status, http.StatusNotFound)
	tf.call("DELETE", "/securities/security-rules/"+group.Rules[0].ID, nil, nil)
	tf.call("DELETE", "/securities/"+group.ID, nil, nil)
	tf.call("DELETE", "/subnets/"+subnet.ID, nil, nil)
	tf.call("DELETE", "/tags/"+tags[0].ID.(string), nil, nil)
	tf.call("DELETE", "/ssh-keys/me", nil, nil)
	assert.Equal(t, len(tf.emulator.Contents()), 0)
}

// What has a tag, a route, a floating address or a read-only group is decoded as well.
func TestRarerFormsForTerraform(t *testing.T) {
	tf := newTerraform(t, emulator.Options{Variants: emulator.Variants{TerraformProvider: true}})
	var subnet tfSubnet
	tf.call("POST", "/subnets", map[string]any{"name": "routed", "subnet_ip": "10.11.0.0/24", "enable_gateway": true,
		"static_routes": []any{map[string]any{"destination": "10.0.0.0/8", "next_hop": "10.11.0.9"}}}, &subnet)
	assert.Equal(t, subnet.HostRoutes, "10.0.0.0/8,10.11.0.9")
	tf.call("POST", "/tags", map[string]any{"tag_name": "demo"}, nil)
	var tags []tfTag
	tf.call("GET", "/tags", nil, &tags)
	tf.call("POST", "/tags/"+tags[0].ID.(string)+"/attach", map[string]any{"instance_id": subnet.NetworkID, "instance_type": "network"}, nil)
	var networks []tfNetwork
	tf.call("GET", "/networks", nil, &networks)
	assert.Equal(t, networks[1].Tags[0].Name, "demo")
	tf.call("POST", "/securities/cdn", nil, nil)
	var groups []tfGroup
	tf.call("GET", "/securities", nil, &groups)
	assert.Assert(t, groups[1].ReadOnly)
}

// Nobody else gets any of it.
func TestFormsForTerraformAreAVariant(t *testing.T) {
	a := open(t, emulator.Options{})
	a.call(404, "GET", zone+"/quotas", nil)
	a.call(404, "GET", former+"/networks", nil)
	assert.Assert(t, a.call(201, "POST", zone+"/ssh-keys", map[string]any{"name": "me", "public_key": publicKey}).body.Data == nil)
}

// By the clock, states move on while nobody looks: what is held by something that is going lets go.
func TestNobodyHasToLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tf := newTerraform(t, emulator.Options{Pace: emulator.Clock(time.Second), Variants: emulator.Variants{TerraformProvider: true}})
		tf.call("POST", "/ssh-keys", map[string]any{"name": "me", "public_key": publicKey}, nil)
		server := tf.orderServer()
		tf.emulator.SetSettings(emulator.Settings{}) // as everybody sees it
		var group tfGroup
		tf.call("POST", "/securities", map[string]any{"name": "web", "description": ""}, &group)
		tf.call("POST", "/servers/"+server.ID+"/add-security-group", map[string]any{"security_group_id": group.ID}, nil)
		var volume tfVolume
		tf.call("POST", "/volumes", map[string]any{"name": "data", "size": 10}, &volume)
		onServer := map[string]any{"server_id": server.ID, "volume_id": volume.ID}
		for _, each := range []struct {
			method, path string
			body         any
			before       int // its status, until time has passed
		}{
			{"PATCH", "/volumes/attach", onServer, 409},
			{"PATCH", "/volumes/detach", onServer, 409},
			{"DELETE", "/volumes/" + volume.ID, nil, 409},
			{"DELETE", "/servers/" + server.ID, nil, 202},
			{"DELETE", "/securities/" + group.ID, nil, 409},
		} {
			status, text := tf.try(each.method, each.path, each.body)
			assert.Equal(t, status, each.before, "%s %s: %s", each.method, each.path, text)
			if status == http.StatusConflict {
				time.Sleep(3 * time.Second)
				tf.call(each.method, each.path, each.body, nil)
			}
		}
		assert.Equal(t, len(tf.emulator.Contents()), 1, "the key is left")
	})
}
