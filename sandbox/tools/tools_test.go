package tools

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"
)

func TestTheCLIsAreTheModules(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	assert.NilError(t, err)
	module, err := modfile.Parse("go.mod", text, nil)
	assert.NilError(t, err)
	required := map[string]string{}
	for _, each := range module.Require {
		required[each.Mod.Path] = each.Mod.Version
	}
	for _, path := range []string{"github.com/pulumi/pulumi/pkg/v3", "github.com/pulumi/pulumi/sdk/v3"} {
		assert.Equal(t, required[path], pulumiVersion, path)
	}
	assert.Equal(t, required["helm.sh/helm/v3"], helmVersion)
}

// A CLI that the project refuses would be linked, and then fail.
func TestTheOldestCLIIsTheProjects(t *testing.T) {
	text, err := os.ReadFile("../../Pulumi.yaml")
	assert.NilError(t, err)
	var project struct {
		RequiredPulumiVersion string `json:"requiredPulumiVersion"`
	}
	assert.NilError(t, yaml.Unmarshal(text, &project))
	assert.Equal(t, ">="+strings.TrimPrefix(oldestPulumi, "v"), project.RequiredPulumiVersion)
}
