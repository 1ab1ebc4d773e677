package provider

import (
	"net/http"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

func createRequest(token tokens.Type, inputs property.Map) p.CreateRequest {
	return p.CreateRequest{Urn: urn(token), Properties: inputs, DryRun: true}
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Setenv(resource.EnvAPIKey, "")
	for _, test := range []struct {
		config map[string]any
		want   string
	}{
		{map[string]any{}, "apiKey: " + resource.MissingKey},
		{map[string]any{"apiKey": testKey, "zone": "tehran"}, `zone: there is no availability zone "tehran"`},
		{map[string]any{"apiKey": testKey, "apikey": "x"}, `apikey`},
		{map[string]any{"apiKey": testKey, "endpoint": "https://robot:hush@api.example"}, "endpoint: this must be an address without a login in it"},
	} {
		checked, err := startPlugin(t).CheckConfig(p.CheckRequest{Inputs: props(test.config)})
		assert.NilError(t, err)
		assert.Equal(t, len(checked.Failures), 1)
		failure := checked.Failures[0].Property + ": " + checked.Failures[0].Reason
		assert.Assert(t, strings.HasPrefix(failure, test.want), failure)
	}
	good := props(map[string]any{"apiKey": testKey, "zone": "ir-new-aa1", "additionalZones": []any{"ir-new-aa1"}, "version": "0.1.0"})
	checked, err := startPlugin(t).CheckConfig(p.CheckRequest{Inputs: good.Set("endpoint", property.New(property.Computed))})
	assert.NilError(t, err)
	assert.Equal(t, len(checked.Failures), 0, "%v", checked.Failures)
	assert.Assert(t, checked.Inputs.Get("apiKey").Secret())
}

func TestMissingKeyIsOneClearError(t *testing.T) {
	t.Setenv(resource.EnvAPIKey, "")
	assert.Error(t, startPlugin(t).Configure(p.ConfigureRequest{}), resource.MissingKey)
}

func TestEnvironmentStandsInForConfiguration(t *testing.T) {
	cloud := newCloud(t)
	t.Setenv(resource.EnvAPIKey, "Apikey "+testKey)
	t.Setenv(resource.EnvEndpoint, cloud.url)
	plugin := startPlugin(t)
	checked, err := plugin.CheckConfig(p.CheckRequest{Inputs: props(map[string]any{"zone": testZone})})
	assert.NilError(t, err)
	assert.Equal(t, len(checked.Failures), 0)
	_, stored := checked.Inputs.GetOk("apiKey")
	assert.Assert(t, !stored, "the key from the environment does not get into the state")
	assert.NilError(t, plugin.Configure(p.ConfigureRequest{Args: checked.Inputs}))
	assert.Assert(t, plugin.image("debian", "12") != "")
}

func TestWrongKeyIsOneClearError(t *testing.T) {
	cloud := newCloud(t)
	plugin := startPlugin(t)
	config := props(map[string]any{"apiKey": "wrong-key", "endpoint": cloud.url, "zone": testZone})
	assert.NilError(t, plugin.Configure(p.ConfigureRequest{Args: config}))
	_, err := plugin.invoke("arvancloud:iaas:getImage", map[string]any{"distribution": "debian", "version": "12"})
	assert.Error(t, err, "GET /ecc/v1/regions/ir-thr-ba1/images?type=distributions: 401 Unauthorized "+
		"(ArvanCloud does not accept the API key: check arvancloud:apiKey or ARVANCLOUD_API_KEY)")
}

func TestChangedConfigurationReplacesNothing(t *testing.T) {
	plugin := startPlugin(t)
	before := props(map[string]any{"apiKey": testKey, "zone": testZone})
	response, err := plugin.DiffConfig(p.DiffRequest{OldInputs: before, Inputs: before})
	assert.NilError(t, err)
	assert.Assert(t, !response.HasChanges)
	for name, changed := range map[string]property.Map{
		"key and zone":             props(map[string]any{"apiKey": "rotated", "zone": "ir-thr-fr1"}),
		"a secret key":             before.Set("apiKey", property.New("rotated").WithSecret(true)),
		"a key of the environment": before.Delete("apiKey"),
		"more":                     before.Set("addressPricePerHour", property.New(900.0)),
	} {
		for _, change := range []p.DiffRequest{{OldInputs: before, Inputs: changed}, {OldInputs: changed, Inputs: before}} {
			response, err = plugin.DiffConfig(change)
			assert.NilError(t, err)
			assert.Assert(t, response.HasChanges, name)
			assert.Equal(t, len(response.DetailedDiff), 0, name)
			assert.Assert(t, !response.DeleteBeforeReplace, name)
		}
	}
}

func TestFunctions(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	elsewhere, err := plugin.invoke("arvancloud:iaas:getImage", map[string]any{"zone": "ir-thr-fr1", "distribution": "Ubuntu", "version": "24.04"})
	assert.NilError(t, err)
	assert.Equal(t, elsewhere.Get("imageId").AsString(), "80827085-61a9-45dd-a9b1-04356e8b3987")
	assert.Assert(t, plugin.image("ubuntu", "24.04") != elsewhere.Get("imageId").AsString(), "ids differ from zone to zone")

	plan, err := plugin.invoke("arvancloud:iaas:getPlan", map[string]any{"planId": "g2-4-2-0"})
	assert.NilError(t, err)
	assert.Equal(t, plan.Get("cpus").AsNumber(), 2.0)
	assert.Equal(t, plan.Get("memory").AsNumber(), 4.0)
	assert.Equal(t, plan.Get("zone").AsString(), testZone)
	assert.Assert(t, plan.Get("pricePerHour").AsNumber() > 0)

	_, err = plugin.invoke("arvancloud:iaas:getImage", map[string]any{"distribution": "debian", "version": "99"})
	assert.ErrorContains(t, err, "zone ir-thr-ba1 has no image debian 99; it has: ")
	assert.ErrorContains(t, err, "debian 12, ")
	_, err = plugin.invoke("arvancloud:iaas:getPlan", map[string]any{"planId": "g1-2-2"})
	assert.ErrorContains(t, err, `zone ir-thr-ba1 has no plan "g1-2-2"; it has: eco-1-1-0, `)
	_, err = plugin.invoke("arvancloud:iaas:getPlan", map[string]any{"planId": "g2-4-2-0", "zone": "mars"})
	assert.ErrorContains(t, err, `zone: there is no availability zone "mars"`)
}

func TestZoneThatArvanCloudDoesNotHave(t *testing.T) {
	cloud := newCloud(t)
	plugin := startPlugin(t)
	assert.NilError(t, plugin.Configure(p.ConfigureRequest{Args: props(map[string]any{
		"apiKey": testKey, "endpoint": cloud.url, "zone": "ir-new-aa1", "additionalZones": []any{"ir-new-aa1"}})}))
	_, err := plugin.invoke("arvancloud:iaas:getPlan", map[string]any{"planId": "g2-4-2-0"})
	assert.ErrorContains(t, err, `ArvanCloud has no availability zone "ir-new-aa1" open; it has: `)
}

func TestRefusalsOfTheAccountAreShown(t *testing.T) {
	for status, want := range map[int]string{402: "charge the wallet", 403: "complete the account's profile", 420: "a quota of the account is used up"} {
		cloud := newCloud(t)
		cloud.fail(t, emulator.Fault{Kind: emulator.Refuse, Method: http.MethodPost, Path: "/servers", Status: status})
		plugin := newPlugin(t, cloud)
		_, err := plugin.tryCreate(serverToken, serverInputs(plugin))
		assert.ErrorContains(t, err, want)
		assert.Equal(t, cloud.count("server"), 0)
	}
}
