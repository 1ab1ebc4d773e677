package provider

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/provider/emulator"
)

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

func TestInterruptedResizeIsFinished(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	server := plugin.create(serverToken, serverInputs(plugin))
	cloud.fail(t, emulator.Fault{Kind: emulator.Refuse, Method: http.MethodPost, Path: "/servers/*/resize",
		Status: http.StatusPaymentRequired, Times: 1})
	_, err := server.tryUpdate(map[string]any{"planId": "g2-8-4-0"})
	assert.ErrorContains(t, err, "charge the wallet")
	assert.Equal(t, server.get("status"), "SHUTOFF")
	server.plugin = newPlugin(t, cloud)
	server.update(nil)
	assert.Equal(t, server.get("status"), "ACTIVE")
	server.settled()
}

func TestChangeIsAppliedOnceThoughItFails(t *testing.T) {
	for path, change := range map[string]map[string]any{
		"/servers/*/rename":             {"name": "m2"},
		"/servers/*/power-off":          {"planId": "g2-8-4-0"},
		"/servers/*/resize":             {"planId": "g2-8-4-0"},
		"/servers/*/power-on":           {"planId": "g2-8-4-0"},
		"/servers/*/resizeRoot":         {"diskSize": 80},
		"/servers/*/add-public-ip":      {"enablePublicAddress": true},
		"/networks/*/attach":            {"networks": "attached"},
		"/servers/*/add-security-group": {"securityGroupIds": "other"},
	} {
		for _, kind := range []emulator.FaultKind{emulator.ResetApplied, emulator.RefuseApplied, emulator.Reset} {
			t.Run(path+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t)
				plugin := newPlugin(t, cloud)
				network := plugin.create(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
				second := plugin.create(networkToken, map[string]any{"name": "storage", "cidr": "10.20.0.0/24"})
				group := plugin.create(securityGroupToken, map[string]any{"name": "nodes"})
				other := plugin.create(securityGroupToken, map[string]any{"name": "others"})
				attachment := map[string]any{"networkId": network.get("networkId"), "address": "10.10.0.9"}
				inputs := serverInputs(plugin)
				inputs["networks"], inputs["securityGroupIds"] = []any{attachment}, []any{group.get("securityGroupId")}
				inputs["enablePublicAddress"] = path != "/servers/*/add-public-ip"
				server := plugin.create(serverToken, inputs)

				changes := map[string]any{}
				for name, value := range change {
					switch value {
					case "attached":
						value = []any{attachment, map[string]any{"networkId": second.get("networkId"), "address": "10.20.0.9"}}
					case "other":
						value = []any{other.get("securityGroupId")}
					}
					changes[name] = value
				}
				cloud.fail(t, emulator.Fault{Kind: kind, Path: path, Status: http.StatusBadGateway, Times: 1})
				server.update(changes)
				server.settled()
				ports, err := cloud.client(t).Ports(t.Context(), testZone)
				assert.NilError(t, err)
				public := 1
				assert.Equal(t, len(ports), public+server.state.Get("privateAddresses").AsMap().Len())
			})
		}
	}
}

func TestServerWhoseCreationIsCancelledIsKept(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	cloud.fail(t, emulator.Fault{Kind: emulator.SlowBuild, Method: http.MethodPost, Path: "/servers", Reads: 1 << 20, Times: 1})
	inputs := plugin.check(serverToken, props(serverInputs(plugin)))
	go func() {
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			if cloud.count("server") == 1 {
				return poll.Success()
			}
			return poll.Continue("no server yet")
		}, poll.WithDelay(time.Millisecond))
		assert.Check(t, plugin.Cancel())
	}()
	response, err := plugin.Create(p.CreateRequest{Urn: urn(serverToken), Properties: inputs})
	assert.ErrorContains(t, err, "failed to initialize")
	assert.Assert(t, response.PartialState != nil)
	assert.Assert(t, strings.HasSuffix(response.PartialState.Reasons[0], "context canceled"), response.PartialState.Reasons[0])
	assert.Assert(t, response.Properties.Get("serverId").AsString() != "")
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
