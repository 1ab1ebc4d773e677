package stacks

import (
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// The drill runs the exchange's image in its own namespace: it may read which one that is, and its nodes may pull it, before the first drill.
func TestTheDrillReachesTheExchangesImage(t *testing.T) {
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	cfg.Exchange.Image.RegistryUser, cfg.Exchange.Image.RegistryPassword = "robot", mocktest.Generated+"-token"
	recording := deployedWith(t, cfg)
	assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
	assert.DeepEqual(t, recording.SecretData(t, "postgres-drill-registry"), recording.SecretData(t, "exchange-registry"))
	assert.Check(t, waitsFor(recording, "exchange-drill-role", "exchange-namespace"))
	assert.Check(t, waitsFor(recording, "exchange-drill-binding", "exchange-namespace"))
	rules := mocktest.Plain(recording.Get(t, "exchange-drill-role").Inputs["rules"]).([]any)
	for _, each := range rules {
		assert.DeepEqual(t, each.(map[string]any)["verbs"], []any{"get"})
		assert.Assert(t, len(each.(map[string]any)["resourceNames"].([]any)) == 1)
	}

	cfg.Exchange.Image.RegistryUser, cfg.Exchange.Image.RegistryPassword = "", ""
	cfg.Postgres.Drill.Enabled = false
	assert.Check(t, !slices.ContainsFunc(deployedWith(t, cfg).Names(), func(name string) bool { return strings.Contains(name, "drill") }))
}
