package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
)

func TestPageIsUpToDate(t *testing.T) {
	catalogue, err := chart.Embedded()
	assert.NilError(t, err)
	written, err := os.ReadFile("../" + page)
	assert.NilError(t, err)
	assert.Equal(t, string(written), render(catalogue), "docs/charts.md is stale: run go generate ./components/chart")
}

// The example names every registry, as a key of mirrors.registries: one that is forgotten there is not mirrored.
func TestThePageOnMirrorsNamesEveryRegistry(t *testing.T) {
	catalogue, err := chart.Embedded()
	assert.NilError(t, err)
	example := exampleOf(t, "offline.md")
	for registry := range catalogue.Registries() {
		assert.Check(t, strings.Contains(example, fmt.Sprintf("\n      %s: https://", registry)),
			"docs/offline.md lacks %s under mirrors.registries", registry)
	}
}

func TestTheClustersImagesAreThoseOfTheProfiles(t *testing.T) {
	catalogue, err := chart.Embedded()
	assert.NilError(t, err)
	configuration := read(t, "configuration.md")
	for key, version := range map[string]string{"version": catalogue.Cluster.Kubernetes, "kubespray.version": catalogue.Cluster.Kubespray} {
		row := fmt.Sprintf("| `%s` | text | `%q` | `%q` |", key, version, version)
		assert.Check(t, strings.Contains(configuration, row), "the profiles have another kubernetes.%s than the catalogue's cluster, %s", key, version)
	}
}

// A mirror serves files by the hosts that they come from, and the program tells Kubespray of those of some hosts.
func TestTheClustersFilesAreAskedForInAMirror(t *testing.T) {
	catalogue, err := chart.Embedded()
	assert.NilError(t, err)
	variables, err := os.ReadFile("../../kubespray/testdata/prod/inventory/group_vars/all/all.yml")
	assert.NilError(t, err)
	page := read(t, "charts.md")
	for _, each := range catalogue.Cluster.Files {
		host, _, _ := strings.Cut(each.File, "/")
		assert.Check(t, strings.Contains(string(variables), "_url: https://files.mirror.example/"+host+"\n"), "%s does not come from the mirror", each.File)
		assert.Check(t, regexp.MustCompile("(?m)^[0-9a-f]{64}  "+regexp.QuoteMeta(each.File)+"$").MatchString(page), "%s is not in the list", each.File)
	}
}

// exampleOf is the first stack file on a page.
func exampleOf(t *testing.T, page string) string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, page), "```yaml")
	assert.Assert(t, found)
	example, _, _ := strings.Cut(rest, "```")
	return example
}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/" + page)
	assert.NilError(t, err)
	return string(text)
}
