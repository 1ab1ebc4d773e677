package mirrors_test

import (
	"os"
	"slices"
	"testing"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/mirrors"
)

// pulled are all images that the platform's catalogue says are pulled. It is read as a file: the sandbox imports nothing of the program.
func pulled(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../components/chart/catalogue.yaml")
	assert.NilError(t, err)
	var catalogue struct {
		Entries map[string]struct {
			Images, Unused map[string]string
			Pulled         []struct{ Image string }
		}
		Cluster struct{ Images []struct{ Image string } }
	}
	assert.NilError(t, yaml.Unmarshal(text, &catalogue))
	var images []string
	for _, entry := range catalogue.Entries {
		for role, image := range entry.Images {
			if _, unused := entry.Unused[role]; !unused {
				images = append(images, image)
			}
		}
		for _, each := range entry.Pulled {
			images = append(images, each.Image)
		}
	}
	for _, each := range catalogue.Cluster.Images {
		images = append(images, each.Image)
	}
	return append(images, "ghcr.io/iransre/exchange:1.0.0") // the one that is a team's own
}

func TestTheTableSaysOfEveryImageWhatItIs(t *testing.T) {
	images := pulled(t)
	known := map[string]bool{}
	for _, image := range images {
		_, found := mirrors.Find(image)
		assert.Assert(t, found, "no row for %s", image)
		known[mirrors.Name(image)] = true
	}
	kinds := []mirrors.Kind{mirrors.Real, mirrors.OtherVersion, mirrors.StandIn, mirrors.Nothing}
	for _, row := range mirrors.Rows() {
		assert.Assert(t, known[row.Image], "nobody pulls %s", row.Image)
		assert.Assert(t, slices.Contains(kinds, row.Kind), "%s is %q", row.Image, row.Kind)
		assert.Equal(t, row.Kind == mirrors.Nothing, row.Runs == "", row.Image)
		assert.Equal(t, row.Kind == mirrors.Nothing, row.Evidence == "", row.Image)
		known[row.Image] = false // and no second row
	}
}

func TestAnImageIsFoundByEachOfItsNames(t *testing.T) {
	for given, name := range map[string]string{
		"busybox":                        "docker.io/library/busybox",
		"bitnamilegacy/kibana:9":         "docker.io/bitnamilegacy/kibana",
		"quay.io/minio/minio:R@sha256:0": "quay.io/minio/minio",
		"localhost:5000/a/b":             "localhost:5000/a/b",
	} {
		assert.Equal(t, mirrors.Name(given), name)
	}
	assert.Assert(t, mirrors.Simulated("example.com/nobody/knows:1"))
	assert.Assert(t, mirrors.Simulated("grafana/grafana:13.2.0"))
	assert.Assert(t, !mirrors.Simulated("registry.k8s.io/kube-proxy:v1.35.4"))
}
