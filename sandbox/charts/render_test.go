package charts_test

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/charts/internal/render"
)

// rendered is the chart's release in namespace ns.
func rendered(t *testing.T, c *chart.Chart, release string, values map[string]any) []*unstructured.Unstructured {
	t.Helper()
	objects, err := render.Objects(c, release, "ns", values)
	assert.NilError(t, err)
	return objects
}

func readValues(t *testing.T, file string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "values", file))
	assert.NilError(t, err)
	values := map[string]any{}
	assert.NilError(t, yaml.Unmarshal(data, &values))
	return values
}
