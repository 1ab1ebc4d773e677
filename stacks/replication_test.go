package stacks

import (
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// Production on the proposal's own database: what keeps data is protected, no secret leaves its place, and the exchange waits for what it uses.
func TestProductionOnTheProposalsDatabase(t *testing.T) {
	raw := completed(t, "prod")
	raw[project+":postgres"] = `{"engine": "bitnami", "architecture": "replication", "backup": {"bucket": "dumps", "accessKey": "a", "secretKey": "` + mocktest.Generated + `"}}`
	cfg, err := Load(project, "prod", raw)
	assert.NilError(t, err)
	r := deployedWith(t, cfg)
	assert.DeepEqual(t, r.SecretsOutside(), []string(nil))
	assert.DeepEqual(t, r.Waits(t, "exchange-release", mocktest.ReleaseType), []string{"monitoring-crds", "objectstore-release", "postgres-proxy", "postgres-release"})
	for _, name := range []string{"postgres-namespace", "postgres-release", "postgres-secret"} {
		assert.Check(t, r.Get(t, name).Protect, name)
	}
	for _, name := range r.Names() {
		assert.Check(t, !strings.HasPrefix(name, "postgres-operator") && !strings.HasPrefix(name, "postgres-drill"), name)
	}
	said := warningsOf(t, cfg)
	assert.Assert(t, slices.ContainsFunc(said, func(warning string) bool { return strings.Contains(warning, "somebody promotes a replica by hand") }), "%q", said)

	raw[project+":postgres"] = `{"engine": "bitnami", "architecture": "replication", "backup": {"enabled": false}}`
	cfg, err = Load(project, "prod", raw)
	assert.NilError(t, err)
	said = warningsOf(t, cfg)
	assert.Assert(t, slices.ContainsFunc(said, func(warning string) bool { return strings.HasPrefix(warning, "policy database-dumps: ") }), "%q", said)
}
