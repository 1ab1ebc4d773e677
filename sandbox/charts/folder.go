package charts

import (
	"fmt"

	"helm.sh/helm/v3/pkg/chart/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	objects "github.com/iransre/exchange-platform/sandbox/charts/internal/render"
)

// Render gives the objects of a release of the chart in a folder, such as the exchange's own.
func Render(folder, release, namespace string, values map[string]any) ([]*unstructured.Unstructured, error) {
	loaded, err := loader.LoadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w", folder, err)
	}
	return objects.Objects(loaded, release, namespace, values)
}
