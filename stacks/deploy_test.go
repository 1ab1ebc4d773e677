package stacks

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

func deployed(t *testing.T) *mocktest.Recording {
	t.Helper()
	cfg, err := Load(project, stackFile(t, "../Pulumi.demo.yaml"))
	assert.NilError(t, err)
	t.Chdir("..") // where Pulumi runs the program, and the exchange's chart is found
	defer t.Chdir("stacks")
	return mocktest.Run(t, func(ctx *pulumi.Context) error { return deploy(ctx, cfg) })
}

func TestTheDemoStacksGraph(t *testing.T) {
	golden.Assert(t, deployed(t).Graph(), "demo.graph.txt")
}

// With default providers disabled, a resource without one of its own fails only on a real run.
func TestEveryResourceHasItsProvider(t *testing.T) {
	for _, each := range deployed(t).Resources {
		if each.Custom && !strings.HasPrefix(each.Type, "pulumi:") {
			assert.Assert(t, each.Provider != "", "%s %s has no provider of its own", each.Type, each.Name)
		}
	}
}

func TestNoSecretLeavesItsPlace(t *testing.T) {
	assert.DeepEqual(t, deployed(t).SecretsOutside(), []string(nil))
}

// The releases that need nothing of each other are installed at the same time; the exchange needs its database and store.
func TestReleasesWaitOnlyForWhatTheyNeed(t *testing.T) {
	recording := deployed(t)
	needs := map[string][]string{}
	for _, release := range recording.OfType("kubernetes:helm.sh/v3:Release") {
		needs[release.Name] = release.DependsOn
	}
	for _, release := range []string{"ingress-release", "monitoring-release", "postgres-release", "objectstore-release", "logging-elasticsearch", "logging-kibana"} {
		for _, other := range needs[release] {
			assert.Assert(t, !strings.HasSuffix(other, "-release"), "%s waits for %s", release, other)
		}
	}
	for _, backing := range []string{"postgres-release", "objectstore-release"} {
		assert.Assert(t, slices.Contains(needs["exchange-release"], backing), "the exchange does not wait for %s: %v", backing, needs["exchange-release"])
	}
}
