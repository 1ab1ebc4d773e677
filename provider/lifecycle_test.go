package provider

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/provider/internal/resource"
)

func TestSSHKeyLifecycle(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	key := plugin.create(sshKeyToken, map[string]any{"name": "admin", "publicKey": publicKey})
	assert.Equal(t, key.id, testZone+"/admin")
	assert.Assert(t, key.get("fingerprint") != "")
	key.settled()

	imported := plugin.imported(sshKeyToken, key.id)
	assert.DeepEqual(t, plain(imported.state), plain(key.state))

	before := key.get("fingerprint")
	preview := key.update(map[string]any{"publicKey": otherKey})
	assert.Equal(t, preview.Get("name").AsString(), "admin", "a new key keeps its name, or the servers that use it would be replaced")
	assert.Assert(t, key.get("fingerprint") != before)
	assert.Equal(t, cloud.count("ssh-key"), 1)
	key.settled()

	key.delete()
	key.delete()
	assert.Assert(t, key.refresh(), "the key is gone")
	assert.Equal(t, len(cloud.Contents()), 0)
}

func TestNetworkLifecycle(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	network := plugin.create(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
	assert.Equal(t, network.id, testZone+"/"+network.get("subnetId"))
	assert.Assert(t, network.get("networkId") != "")
	assert.Equal(t, network.get("gateway"), "10.10.0.1")
	assert.Equal(t, network.state.Get("mtu").AsNumber(), 1500.0)
	network.settled()

	preview := network.update(map[string]any{"description": "of the cluster", "dnsServers": []any{"178.22.122.100"}})
	assert.Equal(t, preview.Get("networkId").AsString(), network.get("networkId"))
	network.settled()

	imported := plugin.imported(networkToken, network.id)
	assert.Equal(t, imported.inputs.Get("cidr").AsString(), "10.10.0.0/24")
	assert.Equal(t, imported.get("networkId"), network.get("networkId"))

	difference := network.diff(network.with(map[string]any{"cidr": "10.11.0.0/24"}))
	assert.Equal(t, difference.DetailedDiff["cidr"].Kind, p.UpdateReplace)
	assert.Assert(t, !difference.DeleteBeforeReplace, "servers move to the new network before the old one goes")

	network.delete()
	network.delete()
	assert.Assert(t, network.refresh())
	assert.Equal(t, len(cloud.Contents()), 0)
}

func TestSecurityGroupLifecycle(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	rule := func(protocol string, port int, cidrs ...any) map[string]any {
		return map[string]any{"direction": "ingress", "protocol": protocol, "portFrom": port, "cidrs": cidrs}
	}
	group := plugin.create(securityGroupToken, map[string]any{"name": "nodes", "description": "of the cluster", "rules": []any{
		rule("tcp", 22, "192.0.2.0/24", "198.51.100.7/32"),
		rule("tcp", 80, "0.0.0.0/0", "::/0"),
		map[string]any{"direction": "ingress", "protocol": "tcp", "portFrom": 30000, "portTo": 32767, "cidrs": []any{"10.10.0.0/24"}},
		map[string]any{"direction": "ingress", "protocol": "icmp", "cidrs": []any{"0.0.0.0/0"}},
		map[string]any{"direction": "egress", "protocol": "udp", "cidrs": []any{"0.0.0.0/0"}},
	}})
	group.settled()
	imported := plugin.imported(securityGroupToken, group.id)
	assert.Equal(t, imported.inputs.Get("rules").AsArray().Len(), 5)
	assert.Assert(t, !imported.diff(plugin.check(securityGroupToken, imported.inputs)).HasChanges)

	preview := group.update(map[string]any{"rules": []any{rule("tcp", 22, "192.0.2.0/24"), rule("tcp", 443, "0.0.0.0/0")}})
	assert.Equal(t, preview.Get("securityGroupId").AsString(), group.get("securityGroupId"))
	group.settled()

	group.delete()
	group.delete()
	assert.Assert(t, group.refresh())
	assert.Equal(t, len(cloud.Contents()), 0)
}

func TestSecurityGroupDrift(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	rules := []any{map[string]any{"direction": "ingress", "protocol": "tcp", "portFrom": 22, "cidrs": []any{"192.0.2.0/24", "198.51.100.0/24"}}}
	group := plugin.create(securityGroupToken, map[string]any{"name": "nodes", "rules": rules})
	id, err := resource.ParseIdentity(group.id, "<zone>/<group id>")
	assert.NilError(t, err)
	// Somebody opens a port in the panel, and closes one of ours.
	by := cloud.client(t)
	assert.NilError(t, by.CreateSecurityRule(t.Context(), testZone, id.Object, ruleOf("tcp", 3306, "any")))
	observed, err := by.SecurityRules(t.Context(), testZone, id.Object)
	assert.NilError(t, err)
	assert.NilError(t, by.DeleteSecurityRule(t.Context(), testZone, observed[0].ID))

	assert.Assert(t, !newPluginRefresh(t, cloud, group))
	assert.Equal(t, group.inputs.Get("rules").AsArray().Len(), 2)
	assert.Assert(t, group.diff(group.with(map[string]any{"rules": rules})).HasChanges)
	group.update(map[string]any{"rules": rules})
	group.settled()
}

func TestServerLifecycle(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	key := plugin.create(sshKeyToken, map[string]any{"name": "admin", "publicKey": publicKey})
	network := plugin.create(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
	group := plugin.create(securityGroupToken, map[string]any{"name": "nodes"})
	second := plugin.create(securityGroupToken, map[string]any{"name": "workers"})
	networkID := network.get("networkId")

	server := plugin.create(serverToken, map[string]any{
		"name": "arvan-k8s-m1", "planId": "g2-4-2-0", "imageId": plugin.image("Debian", "12"), "imageName": "debian 12", "sshKeyName": key.get("name"),
		"initScript": "#cloud-config\n", "securityGroupIds": []any{group.get("securityGroupId")},
		"networks": []any{map[string]any{"networkId": networkID, "address": "10.10.0.11"}},
	})
	assert.Equal(t, server.get("status"), "ACTIVE")
	assert.Equal(t, server.id, testZone+"/"+server.get("serverId"))
	assert.Assert(t, server.get("publicAddress") != "")
	assert.Equal(t, server.get("privateAddress"), "10.10.0.11")
	assert.DeepEqual(t, plain(server.state.Get("privateAddresses").AsMap()), map[string]any{networkID: "10.10.0.11"})
	assert.Equal(t, server.state.Get("diskSize").AsNumber(), 25.0)
	assert.Assert(t, server.state.Get("initScript").Secret(), "the init script is a secret")
	server.settled()

	imported := plugin.imported(serverToken, server.id)
	assert.Equal(t, imported.get("privateAddress"), "10.10.0.11")
	assert.Equal(t, imported.inputs.Get("imageId").AsString(), server.inputs.Get("imageId").AsString())

	for _, change := range []map[string]any{
		{"name": "arvan-k8s-m2"},
		{"planId": "g2-8-4-0"},
		{"diskSize": 60},
		{"securityGroupIds": []any{second.get("securityGroupId")}},
		{"networks": []any{map[string]any{"networkId": networkID, "address": "10.10.0.12"}}},
		{"enablePublicAddress": false},
		{"enablePublicAddress": true},
		{"networks": []any{}},
		{"networks": []any{map[string]any{"networkId": networkID}}},
	} {
		id := server.get("serverId")
		preview := server.update(change)
		assert.Equal(t, preview.Get("serverId").AsString(), id, "a preview of %v knows the id", change)
		assert.Equal(t, server.get("serverId"), id)
		assert.Equal(t, server.get("status"), "ACTIVE")
		server.settled()
	}
	assert.Equal(t, server.state.Get("diskSize").AsNumber(), 60.0)

	_, err := server.tryUpdate(map[string]any{"diskSize": 30})
	assert.ErrorContains(t, err, "a disk cannot shrink, and that of server \"arvan-k8s-m2\" has 60 GB")

	difference := server.diff(server.with(map[string]any{"imageId": plugin.image("ubuntu", "24.04")}))
	assert.Equal(t, difference.DetailedDiff["imageId"].Kind, p.UpdateReplace)
	difference = server.diff(server.with(map[string]any{"imageName": "ubuntu 24.04"}))
	assert.Equal(t, difference.DetailedDiff["imageName"].Kind, p.UpdateReplace)
	assert.Assert(t, difference.DeleteBeforeReplace, "the new server needs the old one's name and addresses")

	server.delete()
	assert.Equal(t, cloud.count("server"), 0, "deletion waits until the server is gone")
	server.delete()
	assert.Assert(t, server.refresh())
	for _, thing := range []*thing{network, group, second, key} {
		thing.delete()
	}
	assert.Check(t, cmp.Len(cloud.Contents(), 0))
}

func TestPreviewsKnowWhatAnUpdateOfAServerKeeps(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	group := plugin.create(securityGroupToken, map[string]any{"name": "nodes"})
	network := plugin.create(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
	other := plugin.create(networkToken, map[string]any{"name": "storage", "cidr": "10.11.0.0/24"})
	inputs := serverInputs(plugin)
	inputs["enablePublicAddress"] = true
	inputs["initScript"] = "#cloud-config\n"
	inputs["networks"] = []any{map[string]any{"networkId": network.get("networkId")}} // ArvanCloud picks the address
	server := plugin.create(serverToken, inputs)
	kept := []string{"serverId", "publicAddress", "privateAddress", "privateAddresses"}
	for _, change := range []map[string]any{
		{"planId": "g2-4-2-0"}, {"name": "m2"}, {"diskSize": 60}, {"securityGroupIds": []any{group.get("securityGroupId")}},
	} {
		before, preview := server.state, server.update(change)
		for _, name := range kept {
			assert.Assert(t, preview.Get(name).Equals(before.Get(name)), "a preview of %v: %s is %v", change, name, preview.Get(name))
			assert.Assert(t, preview.Get(name).Equals(server.state.Get(name)), "%v: %s is %v", change, name, server.state.Get(name))
		}
	}
	preview := server.update(map[string]any{"networks": []any{map[string]any{"networkId": other.get("networkId")}}})
	assert.Assert(t, preview.Get("privateAddress").IsComputed(), "the address in another network is not known before")
	assert.Equal(t, preview.Get("publicAddress").AsString(), server.get("publicAddress"))
	preview = server.update(map[string]any{"enablePublicAddress": false})
	assert.Assert(t, preview.Get("publicAddress").IsComputed())
	assert.Equal(t, preview.Get("privateAddress").AsString(), server.get("privateAddress"))
}

func TestServerWithoutPublicAddress(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	network := plugin.create(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
	server := plugin.create(serverToken, map[string]any{
		"name": "inside", "planId": "eco-2-2-0", "imageId": plugin.image("debian", "12"), "enablePublicAddress": false,
		"networks": []any{map[string]any{"networkId": network.get("networkId"), "address": "10.10.0.40"}},
	})
	assert.Equal(t, server.get("publicAddress"), "")
	assert.Equal(t, server.get("privateAddress"), "10.10.0.40")
	assert.Equal(t, server.state.Get("diskSize").AsNumber(), 30.0, "the plan's disk")
	server.settled()
	server.delete()
}

func TestDNSRecordLifecycle(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	record := plugin.create(dnsRecordToken, map[string]any{
		"domain": "iransre.ir", "name": "demo.iransre.ir", "type": "A", "cloud": true,
		"addresses": []any{map[string]any{"ip": "192.0.2.1"}, map[string]any{"ip": "192.0.2.2", "weight": 10}},
	})
	assert.Equal(t, record.get("host"), "demo.iransre.ir")
	assert.Equal(t, record.get("name"), "demo")
	assert.Equal(t, record.state.Get("ttl").AsNumber(), 120.0)
	record.settled()

	imported := plugin.imported(dnsRecordToken, record.id)
	assert.DeepEqual(t, plain(imported.inputs), plain(record.inputs))

	preview := record.update(map[string]any{"ttl": 600, "addresses": []any{map[string]any{"ip": "192.0.2.3"}}})
	assert.Equal(t, preview.Get("recordId").AsString(), record.get("recordId"))
	assert.Equal(t, preview.Get("host").AsString(), "demo.iransre.ir")
	record.settled()

	record.delete()
	record.delete()
	assert.Assert(t, record.refresh())
	assert.Equal(t, len(cloud.Contents()), 0)
}

func TestDNSRecordTypes(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	for kind, value := range map[string]map[string]any{
		"cname": {"host": "example.com"},
		"aname": {"host": "example.com", "hostHeader": "dest"},
		"mx":    {"host": "mail.example.com", "priority": 10},
		"ns":    {"host": "ns.example.com"},
		"srv":   {"host": "sip.example.com", "port": 5060, "priority": 1, "weight": 2},
		"txt":   {"text": "v=spf1 -all"},
		"ptr":   {"host": "example.com"},
		"caa":   {"tag": "issue", "text": "letsencrypt.org"},
	} {
		t.Run(kind, func(t *testing.T) {
			record := plugin.create(dnsRecordToken, map[string]any{"domain": "iransre.ir", "name": "_of." + kind, "type": kind, "value": value})
			record.settled()
			record.delete()
		})
	}
}

func TestStateOfAnEarlierVersionOfTheProvider(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	server := plugin.create(serverToken, serverInputs(plugin))
	for _, output := range []string{"rootPassword", "pricePerHour", "pricePerMonth"} {
		server.state = server.state.Delete(output)
	}
	old := server.state
	assert.Assert(t, !server.diff(server.inputs).HasChanges, "the new version alone changes nothing")
	server.update(map[string]any{"name": "m2"})
	server.settled()
	server.state = old
	assert.Assert(t, !server.refresh())
	server.state = old
	server.delete()
	assert.Equal(t, cloud.count("server"), 0)
}
