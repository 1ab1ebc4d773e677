package emulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// terraform sends what ArvanCloud's provider for Terraform (v0.6.4) sends, and decodes replies as strictly as it does: into its types,
// which follow. There is no connection in between, so that time can be that of a bubble.
type terraform struct {
	t        *testing.T
	emulator *emulator.Emulator
}

func newTerraform(t *testing.T, options emulator.Options) terraform {
	t.Helper()
	e, err := emulator.New(options)
	assert.NilError(t, err)
	return terraform{t, e}
}

// former is a zone as the provider knows it, behind its doubled slashes.
const former = "///ecc//v1/regions/ir-thr-c2"

// try makes a call in the zone and returns its status and its body.
func (tf terraform) try(method, path string, body any) (int, []byte) {
	tf.t.Helper()
	encoded, err := json.Marshal(body)
	assert.NilError(tf.t, err)
	if body == nil {
		encoded = nil
	}
	recorder := ask(tf.emulator, method, former+path, string(encoded))
	return recorder.Code, recorder.Body.Bytes()
}

// call makes a call that has to succeed, and decodes the data of its reply.
func (tf terraform) call(method, path string, body, into any) {
	tf.t.Helper()
	status, text := tf.try(method, path, body)
	assert.Assert(tf.t, status <= http.StatusBadRequest, "%s %s: %d %s", method, path, status, text)
	var reply struct{ Data json.RawMessage }
	assert.NilError(tf.t, json.Unmarshal(text, &reply))
	if into == nil {
		return
	}
	assert.Assert(tf.t, len(reply.Data) > 0 && !bytes.Equal(reply.Data, []byte("null")), "it panics without data: %s", text)
	assert.NilError(tf.t, json.Unmarshal(reply.Data, into), "%s %s: %s", method, path, reply.Data)
}

type (
	tfTag struct {
		ID   any    `json:"id"`
		Name string `json:"name"`
	}
	tfGroup struct {
		ID       string  `json:"id"`
		RealName string  `json:"real_name"`
		ReadOnly bool    `json:"readonly"`
		Tags     []tfTag `json:"tags"`
		Rules    []struct {
			ID        string `json:"id"`
			IP        string `json:"ip"`
			PortStart int    `json:"port_start"`
		} `json:"rules"`
	}
	tfServer struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Status string `json:"status"`
		Flavor *struct {
			ID    string `json:"id"`
			RAM   int32  `json:"ram"`
			Swap  string `json:"swap"`
			VCPUs int32  `json:"vcpus"`
		} `json:"flavor"`
		Image *struct {
			ID       string            `json:"id"`
			MetaData map[string]string `json:"metadata"`
		} `json:"image"`
		TaskState      *string `json:"task_state"`
		KeyName        string  `json:"key_name"`
		HAEnabled      bool    `json:"ha_enabled"`
		Tags           []tfTag `json:"tags"`
		SecurityGroups []struct {
			ID       string `json:"id"`
			ReadOnly string `json:"readonly"`
		} `json:"security_groups"`
		Addresses map[string][]struct {
			MAC  string `json:"mac_addr"`
			Addr string `json:"addr"`
		} `json:"addresses"`
	}
	tfSubnet struct {
		ID           string  `json:"id"`
		NetworkID    string  `json:"network_id"`
		GatewayIP    string  `json:"gateway_ip"`
		IPVersion    string  `json:"ip_version"`
		HostRoutes   string  `json:"host_routes"`
		ServiceTypes string  `json:"service_types"`
		Tags         []tfTag `json:"tags"`
		Servers      []struct {
			ID        string `json:"id"`
			Addresses map[string][]struct {
				MAC      string `json:"mac_address"`
				Version  string `json:"version"`
				Address  string `json:"addr"`
				IsPublic bool   `json:"is_public"`
			} `json:"addresses"`
			IPs []struct {
				FloatIP bool   `json:"float_ip"`
				IP      string `json:"ip"`
			} `json:"ips"`
			SecurityGroups []string `json:"security_groups"`
		} `json:"servers"`
	}
	tfNetwork struct {
		ID      string     `json:"id"`
		Name    string     `json:"name"`
		Subnets []tfSubnet `json:"subnets"`
		Hints   string     `json:"availability_zone_hints"`
		Zones   string     `json:"availability_zones"`
		Scope   string     `json:"ipv4_address_scope"`
		Tags    []tfTag    `json:"tags"`
	}
	tfVolume struct {
		ID          string `json:"id"`
		Size        int    `json:"size"`
		Status      string `json:"status"`
		Bootable    string `json:"bootable"`
		Attachments []struct {
			ServerID string `json:"server_id"`
		} `json:"attachments"`
	}
)

// orderServer makes a server as the provider does, and waits as it does.
func (tf terraform) orderServer() tfServer {
	tf.t.Helper()
	var distributions []struct {
		Name   string `json:"name"`
		Images []struct {
			ID, Name string
			SSHKey   bool `json:"ssh_key"`
		} `json:"images"`
	}
	tf.call("GET", "/images?type=distributions", nil, &distributions)
	var options struct {
		RegionID  int    `json:"region_id"`
		Payment   bool   `json:"requires_payment_method"`
		NetworkID string `json:"network_id"`
	}
	tf.call("GET", "/servers/options", nil, &options)
	var groups []tfGroup
	tf.call("GET", "/securities", nil, &groups)
	standard := slices.IndexFunc(groups, func(g tfGroup) bool { return g.RealName == "arDefault" })
	assert.Assert(tf.t, standard >= 0)
	var server tfServer
	tf.call("POST", "/servers", map[string]any{
		"name": "web-1", "network_ids": []string{options.NetworkID}, "flavor_id": "g2-4-2-0", "image_id": distributions[0].Images[0].ID,
		"security_groups": []any{map[string]any{"name": groups[standard].ID}}, "ssh_key": true, "key_name": "me", "count": 1, "disk_size": 25,
		"init_script": "", "ha_enabled": false,
	}, &server)
	time.Sleep(5 * time.Second) // before it looks for the first time; what it sees when the server is ACTIVE is all that it takes
	tf.call("GET", "/servers/"+server.ID, nil, &server)
	assert.Equal(tf.t, server.Status, "ACTIVE")
	return server
}

// lookAt reads what the provider's data sources read.
func (tf terraform) lookAt(subnet tfSubnet, server tfServer) {
	tf.t.Helper()
	var networks []tfNetwork
	tf.call("GET", "/networks", nil, &networks)
	at := slices.IndexFunc(networks, func(n tfNetwork) bool { return n.ID == subnet.NetworkID })
	on := networks[at].Subnets[0].Servers[0]
	assert.Equal(tf.t, on.ID, server.ID)
	assert.Equal(tf.t, on.Addresses["cluster"][0].Address, "10.10.0.20")
	assert.Assert(tf.t, on.Addresses["cluster"][0].MAC != "" && !on.IPs[0].FloatIP)
	tf.call("GET", "/subnets/"+subnet.ID, nil, &subnet)
	var quota struct {
		Instances int `json:"max_total_instances"`
		Used      int `json:"total_instances_used"`
		Addresses int `json:"total_floating_ip_used"`
		Keys      int `json:"max_total_keypairs"`
		Rules     int `json:"max_security_group_rules"`
	}
	tf.call("GET", "/quotas", nil, &quota)
	assert.Equal(tf.t, quota.Used, 1)
	assert.Equal(tf.t, quota.Instances, 1000)
	var plans []struct {
		PricePerHour  string  `json:"price_per_hour"`
		PricePerMonth float64 `json:"price_per_month"`
		Outbound      int64   `json:"outbound"`
	}
	tf.call("GET", "/sizes", nil, &plans)
	assert.Assert(tf.t, plans[0].PricePerHour != "")
	for _, path := range []string{"/volumes", "/ssh-keys", "/servers", "/float-ips"} {
		var any []json.RawMessage
		tf.call("GET", path, nil, &any)
	}
}
