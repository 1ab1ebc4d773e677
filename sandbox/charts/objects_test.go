package charts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/charts"
	"github.com/iransre/exchange-platform/sandbox/charts/internal/render"
	"github.com/iransre/exchange-platform/sandbox/charts/internal/summary"
)

// recorded lists what the real chart renders with the values of the same name under testdata/values. Only ./record writes
// these files: a stand-in that differs is what has to change.
func recorded(t *testing.T, list string) (of string, lines []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "real", list+".txt"))
	assert.NilError(t, err)
	header, rest, _ := strings.Cut(string(text), "\n")
	return strings.TrimPrefix(header, "# "), strings.Split(strings.TrimSpace(rest), "\n")
}

// lists names the lists of one chart, or of all of them for "*".
func lists(t *testing.T, of string) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/real/" + of + ".*.txt")
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 0, "no testdata/real/%s.*.txt: record the real chart with go run ./charts/record", of)
	for index, file := range files {
		files[index] = strings.TrimSuffix(filepath.Base(file), ".txt")
	}
	return files
}

func TestAStandInRendersTheObjectsOfTheRealChart(t *testing.T) {
	for _, list := range lists(t, "*") {
		t.Run(list, func(t *testing.T) {
			name, _, _ := strings.Cut(list, ".")
			stand, err := charts.Load(name)
			assert.NilError(t, err)
			real, lines := recorded(t, list)
			assert.Equal(t, name+" "+stand.Metadata.Version, real, "the list is of another version: record that version's")
			objects := rendered(t, stand, summary.Release(list), readValues(t, list+".yaml"))
			assert.DeepEqual(t, summary.Lines(objects), lines)
		})
	}
}

func TestEveryStandInHasAListForThePlatformsValues(t *testing.T) {
	for _, name := range charts.Names() {
		lists(t, name)
		recorded(t, name+".platform")
	}
}

func TestAMistakeInAListIsNamed(t *testing.T) {
	for text, message := range map[string]string{
		"- labels: [": "objects/kibana.yaml: not a list of parts",
		"- objects: [{kind: Gadget, name: gizmo}]": "Gadget gizmo: apiVersion is needed of a kind that the library does not know",
	} {
		stand, err := charts.Load("kibana")
		assert.NilError(t, err)
		for _, file := range stand.Files {
			if file.Name == "objects/kibana.yaml" {
				file.Data = []byte(text)
			}
		}
		_, err = render.Objects(stand, "x", summary.Namespace, map[string]any{})
		assert.ErrorContains(t, err, message)
	}
}
