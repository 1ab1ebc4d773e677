package provider

import (
	"errors"
	"net/http"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/emulator"
)

// client is somebody else at the same account.
func (c cloud) client(t *testing.T) *client.Client {
	t.Helper()
	other, err := client.New(client.Options{Endpoint: c.url, APIKey: testKey, UserAgent: "somebody else"})
	assert.NilError(t, err)
	return other
}

func ruleOf(protocol string, port int, ip string) client.SecurityRuleRequest {
	return client.SecurityRuleRequest{Direction: "ingress", EtherType: "ipv4", Protocol: protocol, PortFrom: port, PortTo: port, IPs: []string{ip}}
}

// newPluginRefresh refreshes a resource in another run of Pulumi.
func newPluginRefresh(t *testing.T, c cloud, thing *thing) (gone bool) {
	t.Helper()
	thing.plugin = newPlugin(t, c)
	return thing.refresh()
}

// serverInputs are those of a small server.
func serverInputs(plugin plugin) map[string]any {
	return map[string]any{"name": "m1", "planId": "eco-1-1-0", "imageId": plugin.image("debian", "12")}
}

// everyCreation makes one resource of each kind.
var everyCreation = map[string]struct {
	method, path, kind string
	make               func(plugin) (*thing, error)
}{
	"ssh key": {http.MethodPost, "/ssh-keys", "ssh-key", func(g plugin) (*thing, error) {
		return g.tryCreate(sshKeyToken, map[string]any{"name": "admin", "publicKey": publicKey})
	}},
	"network": {http.MethodPost, "/subnets", "network", func(g plugin) (*thing, error) {
		return g.tryCreate(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
	}},
	"security group": {http.MethodPost, "/securities", "security-group", func(g plugin) (*thing, error) {
		return g.tryCreate(securityGroupToken, map[string]any{"name": "nodes", "rules": []any{
			map[string]any{"direction": "ingress", "protocol": "tcp", "portFrom": 22, "cidrs": []any{"0.0.0.0/0"}}}})
	}},
	"rule": {http.MethodPost, "/securities/security-rules/*", "security-group", func(g plugin) (*thing, error) {
		return g.tryCreate(securityGroupToken, map[string]any{"name": "nodes", "rules": []any{
			map[string]any{"direction": "ingress", "protocol": "tcp", "portFrom": 22, "cidrs": []any{"0.0.0.0/0"}}}})
	}},
	"server": {http.MethodPost, "/servers", "server", func(g plugin) (*thing, error) { return g.tryCreate(serverToken, serverInputs(g)) }},
	"DNS record": {http.MethodPost, "/domains/*/dns-records", "dns-record", func(g plugin) (*thing, error) {
		return g.tryCreate(dnsRecordToken, map[string]any{"domain": "iransre.ir", "name": "demo", "type": "a",
			"addresses": []any{map[string]any{"ip": "192.0.2.1"}}})
	}},
}

func TestCreationIsAppliedOnceThoughItFails(t *testing.T) {
	for name, fault := range map[string]emulator.Fault{
		"reset after it was applied":  {Kind: emulator.ResetApplied, Times: 1},
		"reset before it was applied": {Kind: emulator.Reset, Times: 1},
		"502 after it was applied":    {Kind: emulator.RefuseApplied, Status: http.StatusBadGateway, Times: 1},
		"503 before it was applied":   {Kind: emulator.Refuse, Status: http.StatusServiceUnavailable, Times: 1},
		"429 twice":                   {Kind: emulator.Refuse, Status: http.StatusTooManyRequests, RetryAfter: "0", Times: 2},
	} {
		for what, creation := range everyCreation {
			t.Run(what+"/"+name, func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t)
				fault := fault
				fault.Method, fault.Path = creation.method, creation.path
				cloud.fail(t, fault)
				made, err := creation.make(newPlugin(t, cloud))
				assert.NilError(t, err)
				assert.Equal(t, cloud.count(creation.kind), 1)
				made.settled()
				made.delete()
				assert.Equal(t, len(cloud.Contents()), 0)
			})
		}
	}
}

func TestInterruptedCreationIsTakenOverByTheNextRun(t *testing.T) {
	for what, creation := range everyCreation {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			lost, err := creation.make(newPlugin(t, cloud))
			assert.NilError(t, err)
			// The process was killed before Pulumi could store the id.
			again, err := creation.make(newPlugin(t, cloud))
			assert.NilError(t, err)
			assert.Equal(t, again.id, lost.id)
			assert.Equal(t, cloud.count(creation.kind), 1)
		})
	}
}

func TestReplacementDoesNotTakeOverWhatItReplaces(t *testing.T) {
	for _, what := range []string{"network", "security group", "server"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			creation := everyCreation[what]
			old, err := creation.make(newPlugin(t, cloud))
			assert.NilError(t, err)
			// The engine compares before it replaces, here as forced by --replace.
			old.plugin = newPlugin(t, cloud)
			old.diff(old.inputs)
			replacement, err := creation.make(old.plugin)
			assert.NilError(t, err)
			assert.Assert(t, replacement.id != old.id)
			old.delete()
			replacement.settled()
		})
	}
}

func TestForeignObjectsAreNotTakenOver(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	plugin.create(sshKeyToken, map[string]any{"name": "admin", "publicKey": publicKey})
	plugin.create(serverToken, serverInputs(plugin))

	other := newPlugin(t, cloud)
	_, err := other.tryCreate(sshKeyToken, map[string]any{"name": "admin", "publicKey": otherKey})
	assert.ErrorContains(t, err, `zone ir-thr-ba1 has another SSH key named "admin"`)
	inputs := serverInputs(other)
	inputs["planId"] = "g2-4-2-0"
	_, err = other.tryCreate(serverToken, inputs)
	assert.ErrorContains(t, err, `zone ir-thr-ba1 has another server named "m1" already`)
	assert.ErrorContains(t, err, "its plan is eco-1-1-0")
	assert.ErrorContains(t, err, "pulumi import arvancloud:iaas:Server NAME ir-thr-ba1/")
	assert.Equal(t, cloud.count("server"), 1)
}

func TestServerThatFailsAfterItsCreationIsKeptAndFinished(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	network := plugin.create(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
	cloud.fail(t, emulator.Fault{Kind: emulator.Refuse, Method: http.MethodPatch, Path: "/networks/*/attach",
		Status: http.StatusForbidden, Message: "not now", Times: 1})
	inputs := serverInputs(plugin)
	inputs["networks"] = []any{map[string]any{"networkId": network.get("networkId"), "address": "10.10.0.20"}}
	server, err := plugin.tryCreate(serverToken, inputs)
	var partial partialError
	assert.Assert(t, errors.As(err, &partial), "%v", err)
	assert.ErrorContains(t, err, "attach it to the network")
	assert.ErrorContains(t, err, "403 Forbidden: not now")
	assert.Assert(t, server.get("serverId") != "")

	server.plugin = newPlugin(t, cloud)
	server.update(nil)
	assert.Equal(t, server.get("privateAddress"), "10.10.0.20")
	assert.Equal(t, cloud.count("server"), 1)
	server.settled()
}

func TestServerInErrorIsReplaced(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	cloud.fail(t, emulator.Fault{Kind: emulator.BuildError, Method: http.MethodPost, Path: "/servers", Times: 1, Message: "No valid host was found."})
	server, err := plugin.tryCreate(serverToken, serverInputs(plugin))
	assert.ErrorContains(t, err, "is in the state ERROR")
	difference := server.diff(server.inputs)
	assert.Equal(t, difference.DetailedDiff["status"].Kind, p.UpdateReplace)
	assert.Assert(t, difference.DeleteBeforeReplace)
	server.delete()
	plugin.create(serverToken, serverInputs(plugin)).settled()
}

func TestSlowServer(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	cloud.fail(t, emulator.Fault{Kind: emulator.SlowBuild, Method: http.MethodPost, Path: "/servers", Reads: 40, Times: 1})
	cloud.fail(t, emulator.Fault{Kind: emulator.LateAddress, Method: http.MethodPost, Path: "/servers", Reads: 40, Times: 1})
	server := plugin.create(serverToken, serverInputs(plugin))
	assert.Equal(t, server.get("status"), "ACTIVE")
	assert.Assert(t, server.get("publicAddress") != "")
}

func TestVariantsOfTheAPI(t *testing.T) {
	for name, variants := range map[string]emulator.Variants{
		"missing servers are 400":    {MissingServerStatus: http.StatusBadRequest},
		"missing servers are 500":    {MissingServerStatus: http.StatusInternalServerError},
		"networks without data":      {SubnetReplyWithoutData: true},
		"groups with egress":         {GroupsWithEgress: true, ReadOnlyAsString: true},
		"detach by port, create 200": {DetachByPortOnly: true, CreateServerStatus: http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.SetSettings(emulator.Settings{Variants: variants})
			plugin := newPlugin(t, cloud)
			network := plugin.create(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
			group := plugin.create(securityGroupToken, map[string]any{"name": "nodes"})
			inputs := serverInputs(plugin)
			inputs["networks"] = []any{map[string]any{"networkId": network.get("networkId")}}
			inputs["securityGroupIds"] = []any{group.get("securityGroupId")}
			server := plugin.create(serverToken, inputs)
			for _, thing := range []*thing{network, group, server} {
				thing.settled()
			}
			server.update(map[string]any{"networks": []any{}})
			server.settled()
			for _, thing := range []*thing{server, group, network} {
				thing.delete()
			}
			assert.Equal(t, len(cloud.Contents()), 0)
		})
	}
}

func TestRefreshReadsOneListPerKind(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	var servers []*thing
	for _, name := range []string{"w1", "w2", "w3", "w4"} {
		inputs := serverInputs(plugin)
		inputs["name"] = name
		servers = append(servers, plugin.create(serverToken, inputs))
	}
	refreshing := newPlugin(t, cloud)
	before := len(cloud.requests("GET "))
	for _, server := range servers {
		server.plugin = refreshing
		assert.Assert(t, !server.refresh())
	}
	assert.Equal(t, len(cloud.requests("GET "))-before, 2, "one list of servers and one of ports")
}
