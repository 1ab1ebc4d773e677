package exchange_test

import (
	"slices"
	"testing"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// Others deliver: they find namespace, Secrets and settings, and no release is made.
func TestOthersDeliver(t *testing.T) {
	r := mocktest.Run(t, program(func(args *exchange.Args) { args.Delivered = "github" }, nil))
	assert.Equal(t, len(r.OfType(mocktest.ReleaseType)), 0)
	told := r.Get(t, "exchange-values")
	assert.DeepEqual(t, r.SecretsOutside(), []string(nil))
	for _, first := range []string{"exchange-namespace", "exchange-secret"} {
		assert.Check(t, slices.Contains(told.DependsOn, first), "the settings name it: %v", told.DependsOn)
	}
	values := map[string]any{}
	text := mocktest.Plain(told.Inputs["data"]).(map[string]any)["values.yaml"].(string)
	assert.NilError(t, yaml.Unmarshal([]byte(text), &values))
	assert.DeepEqual(t, values, valuesOf(t, mocktest.Run(t, program(nil, nil))))
}

// A release that is there stays, whatever the stack file says of it.
func TestAReleaseThatIsHandedOverStays(t *testing.T) {
	r := mocktest.Run(t, program(func(args *exchange.Args) {
		args.Delivered, args.Left.Release = "github", true
		args.Config.Image.Tag = "1.5.0"
	}, nil))
	release := r.Get(t, "exchange-release")
	for name := range release.Inputs {
		assert.Check(t, slices.Contains(release.IgnoreChanges, string(name)), "a change of %s is none", name)
	}
	for _, each := range r.Resources {
		if each.Name != "exchange-release" {
			assert.Check(t, !slices.Contains(each.IgnoreChanges, "values"), each.Name)
		}
	}
}

func TestADigestPinsTheImage(t *testing.T) {
	const digest = "sha256:c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"
	values := valuesOf(t, mocktest.Run(t, program(func(args *exchange.Args) { args.Config.Image.Digest = digest }, nil)))
	assert.Equal(t, values["image"].(map[string]any)["digest"], digest)
}
