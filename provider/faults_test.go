package provider

import (
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

func TestKeyIsMadeAgainAfterItsDeletionThoughTheCreationFails(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	inputs := map[string]any{"name": "admin", "publicKey": publicKey}
	plugin.create(sshKeyToken, inputs).delete()
	cloud.fail(t, emulator.Fault{Kind: emulator.ResetApplied, Method: http.MethodPost, Path: "/ssh-keys", Times: 1})
	plugin.create(sshKeyToken, inputs).settled()
	assert.Equal(t, cloud.count("ssh-key"), 1)
}

func TestListThatIsNotFoundIsNotTakenForAnEmptyOne(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	key := plugin.create(sshKeyToken, map[string]any{"name": "admin", "publicKey": publicKey})
	record := plugin.create(dnsRecordToken, map[string]any{"domain": testDomain, "name": "demo", "type": "a",
		"addresses": []any{map[string]any{"ip": "192.0.2.1"}}})
	cloud.fail(t, emulator.Fault{Kind: emulator.Refuse, Method: http.MethodGet, Status: http.StatusNotFound})
	_, err := newPlugin(t, cloud).Read(p.ReadRequest{ID: key.id, Urn: key.urn, Properties: key.state, Inputs: key.inputs})
	assert.ErrorContains(t, err, "404 Not Found")
	assert.Assert(t, newPluginRefresh(t, cloud, record), "a domain that is gone has taken its records along")
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
