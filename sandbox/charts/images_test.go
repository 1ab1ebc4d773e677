package charts_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/charts"
	"github.com/iransre/exchange-platform/sandbox/charts/internal/summary"
)

// entry is what the tests need of a chart in the platform's catalogue, which is read as a file: the sandbox imports nothing
// of the program.
type entry struct {
	Version    string
	AppVersion string
	Images     map[string]string
	Unused     map[string]string
	Pulled     []struct{ Image, By string }
}

func catalogue(t *testing.T) map[string]entry {
	t.Helper()
	text, err := os.ReadFile("../../components/chart/catalogue.yaml")
	assert.NilError(t, err)
	var read struct{ Entries map[string]entry }
	assert.NilError(t, yaml.Unmarshal(text, &read))
	return read.Entries
}

// neverMade are images that an operator is told of, but makes no pod of with the platform's values.
var neverMade = map[string]string{
	"quay.io/thanos/thanos:v0.42.4": "only for a Prometheus that has spec.thanos",
}

// ownPods are the roles whose images run in pods that a component makes beside its chart's.
var ownPods = map[string][]string{
	"minio": {"client"}, "cloudnative-pg": {"postgresql"}, "kube-prometheus-stack": {"python"}, "eck-operator": {"elasticsearch", "kibana", "exporter"},
	"gitlab-runner": {"helper"},
}

// The list for a mirror is whole, and has nothing that is not pulled: exactly what the real chart renders with the
// platform's values.
func TestTheCatalogueHasEveryImageOfTheRealChart(t *testing.T) {
	for _, name := range charts.Names() {
		t.Run(name, func(t *testing.T) {
			of := catalogue(t)[name]
			var listed []string
			for role, image := range of.Images {
				if _, unused := of.Unused[role]; !unused && !slices.Contains(ownPods[name], role) {
					listed = append(listed, image)
				}
			}
			for _, pulled := range of.Pulled {
				if pulled.By == "operator" {
					pulled.Image += " " + summary.PassedOn
				}
				listed = append(listed, pulled.Image)
			}
			slices.Sort(listed)

			_, lines := recorded(t, name+".platform")
			var rendered []string
			for _, line := range lines {
				image, isImage := strings.CutPrefix(line, "Image ")
				if _, never := neverMade[strings.TrimSuffix(image, " "+summary.PassedOn)]; isImage && !never {
					rendered = append(rendered, image)
				}
			}
			assert.DeepEqual(t, listed, rendered)
		})
	}
}

// The recorded values are the platform's: rendered with what the components set today, a chart brings the same images. A
// difference means that testdata/values/*.platform.yaml and the lists have to be recorded anew.
func TestTheRecordedValuesLeadToTheImagesOfTheComponents(t *testing.T) {
	all := componentValues(t)
	for _, name := range charts.Names() {
		t.Run(name, func(t *testing.T) {
			stand, err := charts.Load(name)
			assert.NilError(t, err)
			var today, then []string
			for _, line := range summary.Lines(rendered(t, stand, name, all[name])) {
				today = appendImage(today, line)
			}
			_, lines := recorded(t, name+".platform")
			for _, line := range lines {
				then = appendImage(then, line)
			}
			slices.Sort(today)
			slices.Sort(then)
			assert.DeepEqual(t, today, then)
		})
	}
}

// appendImage appends a line's image without its registry, for which the components' tests have a mirror.
func appendImage(images []string, line string) []string {
	image, isImage := strings.CutPrefix(line, "Image ")
	if !isImage {
		return images
	}
	_, path, _ := strings.Cut(image, "/")
	return append(images, path)
}
