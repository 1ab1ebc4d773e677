package tools

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/mirrors"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// requiredBy are the versions of modules that a go.mod requires.
func requiredBy(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	assert.NilError(t, err)
	module, err := modfile.Parse(file, text, nil)
	assert.NilError(t, err)
	required := map[string]string{}
	for _, each := range module.Require {
		required[each.Mod.Path] = each.Mod.Version
	}
	return required
}

func TestArgoCDSaysWhichOneItIs(t *testing.T) {
	assert.Equal(t, requiredBy(t, "../programs/argocd/go.mod")["github.com/argoproj/argo-cd/v3"], "v"+argoVersion)
}

func TestTheCLIsAreTheModules(t *testing.T) {
	required := requiredBy(t, "../go.mod")
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

// An image without its program is not made, and a program without an image was built for nothing.
func TestAProgramIsBuiltForTheStacksThatHaveItsImages(t *testing.T) {
	built := map[string]string{"node": ""} // which nodes have, too
	for _, tool := range forImages(&workspace.Workspace{}) {
		built[tool.Name] = tool.For
	}
	used := map[string]bool{"node": true}
	for _, row := range mirrors.Rows() {
		if row.Recipe == nil {
			continue
		}
		for _, name := range row.Recipe.Programs {
			setting, found := built[name]
			assert.Assert(t, found, "%s needs %s, which nobody builds", row.Image, name)
			assert.Equal(t, setting, row.For, "%s, and %s in it", row.Image, name)
			used[name] = true
		}
	}
	for name := range built {
		assert.Assert(t, used[name], "%s is in no image", name)
	}
}
