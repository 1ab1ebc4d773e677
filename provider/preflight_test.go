package provider

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/emulator"
)

func TestCheckRefusesWhatTheZoneDoesNotOffer(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	windows := plugin.image("windows", "2022")
	server := func(changes map[string]any) property.Map {
		inputs := serverInputs(plugin)
		maps.Copy(inputs, changes)
		return props(inputs)
	}
	for _, test := range []struct {
		inputs property.Map
		want   string
	}{
		{server(map[string]any{"planId": "g9-9-9-0"}), `planId: zone ir-thr-ba1 has no plan "g9-9-9-0"; it has: eco-1-1-0, `},
		{server(map[string]any{"imageId": "80827085-61a9-45dd-a9b1-04356e8b3987"}), `imageId: zone ir-thr-ba1 has no image "80827085-61a9-45dd-a9b1-`},
		{server(map[string]any{"imageId": windows, "planId": "g2-4-2-0"}),
			`diskSize: the image 2022 needs a disk of 60 GB, and this server gets 25 GB: set diskSize to 60 or more`},
	} {
		failures := plugin.failures(serverToken, test.inputs)
		assert.Equal(t, len(failures), 1, "%v", failures)
		assert.Assert(t, strings.HasPrefix(failures[0], test.want), failures[0])
	}
	assert.Equal(t, len(plugin.failures(serverToken, server(map[string]any{"imageId": windows, "diskSize": 60}))), 0)
	assert.Equal(t, len(cloud.Contents()), 0)
}

func TestCheckDoesNotJudgeWhatExists(t *testing.T) {
	plugin := newPlugin(t, newCloud(t))
	old := props(map[string]any{"name": "m1", "zone": testZone, "planId": "retired", "imageId": "retired"})
	checked, err := plugin.Check(p.CheckRequest{Urn: urn(serverToken), Inputs: old, State: old})
	assert.NilError(t, err)
	assert.Equal(t, len(checked.Failures), 0, "%v", checked.Failures)
}

func TestCheckRefusesAStackThatIsTooBigForTheQuota(t *testing.T) {
	cloud := newCloud(t)
	first := newPlugin(t, cloud)
	first.create(serverToken, serverInputs(first))
	cloud.SetSettings(emulator.Settings{Quota: emulator.Quota{Servers: 3, Cores: 9, SecurityGroups: 2}})
	check := func(by plugin, name, plan string) string {
		inputs := serverInputs(by)
		inputs["name"], inputs["planId"] = name, plan
		return strings.Join(by.failures(serverToken, props(inputs)), "\n")
	}
	second := newPlugin(t, cloud)
	assert.Equal(t, check(second, "w1", "eco-1-1-0"), "")
	assert.Equal(t, check(second, "w1", "eco-1-1-0"), "", "the same server is counted once")
	assert.Equal(t, check(second, "w2", "eco-1-1-0"), "")
	assert.Equal(t, check(second, "w3", "eco-1-1-0"), "planId: the quota of zone ir-thr-ba1 does not allow this stack: total_instances has a limit of 3 "+
		"and 1 are used, and the stack adds at least 3; delete something or ask ArvanCloud's support for more")
	third := newPlugin(t, cloud)
	assert.Equal(t, check(third, "w1", "g2-16-8-0"), "")
	assert.Assert(t, strings.Contains(check(third, "w2", "eco-1-1-0"), "total_cores has a limit of 9 and 1 are used, and the stack adds at least 9"))

	group := func(name string) []string {
		return third.failures(securityGroupToken, props(map[string]any{"name": name}))
	}
	assert.Equal(t, len(group("a")), 0)
	assert.Assert(t, strings.HasPrefix(group("b")[0], "name: the quota of zone ir-thr-ba1 does not allow this stack: security_groups"))
}

func TestServerThatAnInterruptedCreationLeftIsNotCountedTwice(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	plugin.create(serverToken, serverInputs(plugin))
	cloud.SetSettings(emulator.Settings{Quota: emulator.Quota{Servers: 1}})
	// The process was killed before Pulumi could store the id.
	next := newPlugin(t, cloud)
	assert.Equal(t, len(next.failures(serverToken, props(serverInputs(next)))), 0)
	next.create(serverToken, serverInputs(next))
	assert.Equal(t, cloud.count("server"), 1)
}

func TestCheckRefusesOverlappingNetworks(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	network := plugin.create(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/16"})
	other := newPlugin(t, cloud)
	check := func(name, cidr string) string {
		return strings.Join(other.failures(networkToken, props(map[string]any{"name": name, "cidr": cidr})), "\n")
	}
	assert.Equal(t, check("storage", "10.10.5.0/24"), "cidr: 10.10.5.0/24 has addresses in common with 10.10.0.0/16 of the network cluster ("+
		network.id+"), which zone ir-thr-ba1 has already")
	assert.Equal(t, check("backup", "10.20.0.0/16"), "")
	assert.Equal(t, check("logs", "10.20.8.0/24"), "cidr: 10.20.8.0/24 has addresses in common with 10.20.0.0/16 of the network backup in this stack")
	other = newPlugin(t, cloud)
	assert.Equal(t, check("cluster", "10.10.0.0/16"), "", "what an interrupted creation left behind is taken over")
	network.with(map[string]any{"description": "the same range is not checked again"})
}

func TestChecksAreSkippedWithAWarningWhenTheAPIIsNotReached(t *testing.T) {
	for name, fault := range map[string]emulator.Fault{
		"reset": {Kind: emulator.Reset},
		"502":   {Kind: emulator.Refuse, Status: http.StatusBadGateway},
		"403":   {Kind: emulator.Refuse, Status: http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			plugin := newPlugin(t, cloud)
			cloud.fail(t, fault)
			before := cloud.RequestCount()
			for _, name := range []string{"w1", "w2", "w3"} {
				inputs := props(map[string]any{"name": name, "planId": "g9-9-9-0", "imageId": "i"})
				checked := plugin.check(serverToken, inputs)
				preview, err := plugin.Create(p.CreateRequest{Urn: urnOf(serverToken, inputs), Properties: checked, DryRun: true})
				assert.NilError(t, err)
				assert.Assert(t, preview.Properties.Get("pricePerHour").IsComputed(), "a price that could not be asked for is unknown")
			}
			assert.Equal(t, len(plugin.check(networkToken, props(map[string]any{"name": "n", "cidr": "10.0.0.0/24"})).AsMap()), 3)
			assert.Equal(t, uint64(cloud.RequestCount()-before), uint64(1), "one question without an answer is enough")
			warnings := plugin.logs.warnings()
			assert.Equal(t, len(warnings), 1, "%v", warnings)
			assert.Assert(t, strings.Contains(warnings[0], "goes without prices and without the checks against the account"), warnings[0])
		})
	}
}

func TestPricesAreKnownInPreviews(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	checked := plugin.check(serverToken, props(serverInputs(plugin)))
	preview, err := plugin.Create(p.CreateRequest{Urn: urn(serverToken), Properties: checked, DryRun: true})
	assert.NilError(t, err)
	assert.Equal(t, preview.Properties.Get("pricePerHour").AsNumber(), 3050.0)
	assert.Equal(t, preview.Properties.Get("pricePerMonth").AsNumber(), 3050.0*720)

	server := plugin.create(serverToken, serverInputs(plugin))
	update := server.update(map[string]any{"planId": "g2-4-2-0"})
	assert.Equal(t, update.Get("pricePerHour").AsNumber(), 10400.0, "the preview of an update knows the new price")
	assert.Equal(t, server.state.Get("pricePerHour").AsNumber(), 10400.0)

	volume := plugin.check("arvancloud:storage:Volume", props(map[string]any{"name": "backups", "size": 100}))
	preview, err = plugin.Create(p.CreateRequest{Urn: urn("arvancloud:storage:Volume"), Properties: volume, DryRun: true})
	assert.NilError(t, err)
	assert.Equal(t, preview.Properties.Get("pricePerHour").AsNumber(), 2800.0)
}
