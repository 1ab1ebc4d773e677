// Package render turns charts into objects for tests, the way `helm template` does.
package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// capabilities are those of the platform's cluster. Without them Helm takes a version of Kubernetes for granted that most
// charts refuse.
func capabilities() *chartutil.Capabilities {
	known := chartutil.DefaultCapabilities.Copy()
	known.KubeVersion = chartutil.KubeVersion{Version: "v1.35.4", Major: "1", Minor: "35"}
	known.APIVersions = append(known.APIVersions, "monitoring.coreos.com/v1")
	return known
}

// Objects renders a release of a chart, with its hooks and its crds folders. Documents that are not objects, or have a key
// twice, are errors that show the text.
func Objects(c *chart.Chart, release, namespace string, values map[string]any) ([]*unstructured.Unstructured, error) {
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace, IsInstall: true}
	merged, err := chartutil.ToRenderValues(c, values, options, capabilities())
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
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".tpl") || strings.HasSuffix(name, "NOTES.txt") {
			continue
		}
		parsed, err := documents(files[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		objects = append(objects, parsed...)
	}
	return objects, nil
}

func documents(text string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	split := releaseutil.SplitManifests(text)
	for _, name := range slices.Sorted(maps.Keys(split)) {
		object := map[string]any{}
		if err := yaml.UnmarshalStrict([]byte(split[name]), &object); err != nil {
			return nil, fmt.Errorf("%w in\n%s", err, split[name])
		}
		if len(object) > 0 {
			objects = append(objects, &unstructured.Unstructured{Object: object})
		}
	}
	return objects, nil
}
