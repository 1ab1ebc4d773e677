package stacks

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

const arvancloudProvider = "pulumi:providers:arvancloud"

// configured hands configuration over as the CLI does.
func configured(t *testing.T, raw map[string]string, secrets ...string) {
	t.Helper()
	for variable, value := range map[string]any{pulumi.EnvConfig: raw, pulumi.EnvConfigSecretKeys: secrets} {
		text, err := json.Marshal(value)
		assert.NilError(t, err)
		t.Setenv(variable, string(text))
	}
}

// providerOf is what the demo's ArvanCloud provider is told.
func providerOf(t *testing.T) resource.PropertyMap {
	t.Helper()
	provider := deployed(t, "demo").OfType(arvancloudProvider)
	assert.Equal(t, len(provider), 1)
	return provider[0].Inputs
}

func TestTheAPIKeyOfTheConfigurationReachesTheProviderAsASecret(t *testing.T) {
	configured(t, map[string]string{apiKey: mocktest.Generated}, apiKey)
	key := providerOf(t)["apiKey"]
	assert.Assert(t, key.IsSecret() || key.IsOutput() && key.OutputValue().Secret, "%v", key)
	assert.DeepEqual(t, deployed(t, "demo").SecretsOutside(), []string(nil))
	assert.Equal(t, mocktest.Open(key).StringValue(), mocktest.Generated)
}

func TestAKeyOfTheEnvironmentIsNotWrittenDown(t *testing.T) {
	configured(t, map[string]string{})
	t.Setenv("ARVANCLOUD_API_KEY", mocktest.Generated)
	provider := providerOf(t)
	for _, name := range []resource.PropertyKey{"apiKey", "additionalZones", "addressPricePerHour"} {
		_, written := provider[name]
		assert.Assert(t, !written, name)
	}
}

func TestAnAPIKeyInPlainTextIsRefusedBeforeAnythingIsRegistered(t *testing.T) {
	configured(t, map[string]string{apiKey: mocktest.Generated})
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	recording, err := mocktest.World{}.Try(func(ctx *pulumi.Context) error { _, err := newProviders(ctx, cfg); return err })
	assert.ErrorContains(t, err, "arvancloud:apiKey stands in plain text in the stack file; nothing was changed: make it a secret with "+
		"`pulumi config set --secret arvancloud:apiKey`")
	assert.Equal(t, len(recording.OfType(arvancloudProvider)), 0)
}

func TestWhatElseIsSaidOfTheAccountReachesTheProvider(t *testing.T) {
	configured(t, map[string]string{additionalZones: `["ir-new-aa1"]`, addressPrice: "900.5"})
	provider := providerOf(t)
	assert.DeepEqual(t, mocktest.Plain(provider["additionalZones"]), []any{"ir-new-aa1"})
	assert.Equal(t, mocktest.Plain(provider["addressPricePerHour"]), 900.5)
}
