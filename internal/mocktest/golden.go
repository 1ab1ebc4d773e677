package mocktest

import (
	"os"
	"path"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/internal/providers"
)

// Providers makes the two providers that components install with, named "cluster" and "random".
func Providers(ctx *pulumi.Context) (cluster, randomness pulumi.ProviderResource, err error) {
	cluster, err = providers.NewKubernetes(ctx, "cluster", providers.Kubernetes{})
	if err != nil {
		return nil, nil, err
	}
	randomness, err = providers.NewRandom(ctx, "random")
	return cluster, randomness, err
}

// CheckComponent checks what holds for every component: each resource has a provider passed, no secret is in the clear, and
// the graph and the values of every Helm release are those in testdata (graph.golden and <chart>.values.yaml).
func (r *Recording) CheckComponent(t *testing.T) {
	t.Helper()
	r.CheckEngine(t, "")
}

// CheckEngine is the same for one engine of a component that has several: its graph is in <engine>.graph.golden, and the values of
// a chart that another engine has, too, are in <chart>.<engine>.values.yaml, if there is such a file.
func (r *Recording) CheckEngine(t *testing.T, engine string) {
	t.Helper()
	if engine != "" {
		engine += "."
	}
	for _, each := range r.Resources {
		isProvider := strings.HasPrefix(each.Type, "pulumi:providers:")
		if each.Custom && !isProvider {
			assert.Check(t, each.Provider != "", "%s %s has no provider: default providers are disabled", each.Type, each.Name)
		}
	}
	for _, problem := range r.SecretsOutside() {
		t.Error(problem)
	}
	golden.Assert(t, r.Graph(), engine+"graph.golden")
	for _, release := range r.OfType(ReleaseType) {
		text, err := yaml.Marshal(Plain(release.Inputs["values"]))
		assert.NilError(t, err)
		file := path.Base(release.Inputs["chart"].StringValue()) + "."
		if own := file + engine + "values.yaml"; exists(golden.Path(own)) {
			file += engine
		}
		golden.Assert(t, string(text), file+"values.yaml")
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
