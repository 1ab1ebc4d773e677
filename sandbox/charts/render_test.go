package charts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// render does what `helm template` does with a release in namespace ns, including the chart's crds folders and hooks, and
// returns the objects.
func render(t *testing.T, c *chart.Chart, release string, values map[string]any) []*unstructured.Unstructured {
	t.Helper()
	objects, err := renderOrError(c, release, values)
	assert.NilError(t, err)
	return objects
}

func renderOrError(c *chart.Chart, release string, values map[string]any) ([]*unstructured.Unstructured, error) {
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: "ns", IsInstall: true}
	merged, err := chartutil.ToRenderValues(c, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, merged)
	if err != nil {
		return nil, err
	}
	for _, crd := range c.CRDObjects() {
		files[crd.Filename] = string(crd.File.Data)
	}
	var objects []*unstructured.Unstructured
	for name, text := range files {
		if strings.HasSuffix(name, ".tpl") || strings.HasSuffix(name, "NOTES.txt") {
			continue
		}
		for _, document := range releaseutil.SplitManifests(text) {
			object := map[string]any{}
			if err := yaml.UnmarshalStrict([]byte(document), &object); err != nil {
				return nil, &documentError{file: name, document: document, err: err}
			}
			if len(object) > 0 {
				objects = append(objects, &unstructured.Unstructured{Object: object})
			}
		}
	}
	return objects, nil
}

// documentError shows the text that is not the YAML it should be: without it such an error cannot be found.
type documentError struct {
	file, document string
	err            error
}

func (e *documentError) Error() string { return e.file + ": " + e.err.Error() + "\n" + e.document }

func readValues(t *testing.T, file string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "values", file))
	assert.NilError(t, err)
	values := map[string]any{}
	assert.NilError(t, yaml.Unmarshal(data, &values))
	return values
}
