// Package apply_test applies what the charts render to a real API server. It is apart from the other tests of the charts,
// because it needs the control plane's binary and takes seconds.
package apply_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/internal/policy"
	"github.com/iransre/exchange-platform/internal/settings"
	"github.com/iransre/exchange-platform/sandbox/charts"
	"github.com/iransre/exchange-platform/sandbox/charts/internal/render"
	"github.com/iransre/exchange-platform/sandbox/controlplane/controlplanetest"
)

const (
	components = "../../../components"
	exchange   = "../../../charts/exchange"
)

// levels are the pod security levels that the platform's components give their namespaces.
var levels = map[string]string{
	"argo-cd":                  "restricted",
	"arvancloud-webhook":       "restricted",
	"cert-manager":             "restricted",
	"cloudnative-pg":           "restricted",
	"eck-operator":             "restricted",
	"elasticsearch":            "restricted",
	"fluent-bit":               "privileged",
	"gitlab-runner":            "restricted",
	"ingress-nginx":            "privileged",
	"haproxy":                  "restricted",
	"kibana":                   "restricted",
	"kube-prometheus-stack":    "privileged",
	"metallb":                  "privileged",
	"minio":                    "baseline",
	"minio-distributed":        "restricted",
	"plugin-barman-cloud":      "restricted",
	"postgresql":               "restricted",
	"prometheus-operator-crds": "privileged",
	"traefik":                  "privileged",
	"exchange-demo":            "restricted",
	"exchange-prod":            "restricted",
}

func TestTheAPIServerTakesWhatTheChartsRender(t *testing.T) {
	c := connect(t)
	c.hold(t, &policy.Config{}, settings.Prod, releasesOf.Replace)
	// The kinds that others have objects of come first, as they do in a stack.
	first := "prometheus-operator-crds"
	c.apply(t, c.standIn(t, first))
	c.apply(t, c.standIn(t, "cert-manager")) // of its kinds another chart has objects
	// what GitLab's runner may do, it may do in the namespace of its jobs
	c.apply(t, []*unstructured.Unstructured{{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "gitlab-jobs"}}}})
	for _, name := range charts.Names() {
		if name != first {
			t.Run(name, func(t *testing.T) { c.run(t, c.standIn(t, name)) })
		}
	}
	t.Run("minio distributed", func(t *testing.T) { c.run(t, c.standInOf(t, "minio", "minio-distributed", "minio.distributed")) })
	own, err := loader.LoadDir(exchange)
	assert.NilError(t, err)
	for _, name := range []string{"demo", "prod"} {
		t.Run("exchange "+name, func(t *testing.T) {
			values, err := chartutil.ReadValuesFile(filepath.Join(exchange, "ci", name+"-values.yaml"))
			assert.NilError(t, err)
			c.run(t, c.render(t, own, "exchange-"+name, values))
		})
	}
}

// cluster is an API server with a client for objects of any kind.
type cluster struct {
	objects dynamic.Interface
	mapper  meta.ResettableRESTMapper
}

func connect(t *testing.T) *cluster {
	t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig(controlplanetest.Start(t).Kubeconfig())
	assert.NilError(t, err)
	config.QPS = -1
	return connectTo(t, config)
}

func connectTo(t *testing.T, config *rest.Config) *cluster {
	t.Helper()
	objects, err := dynamic.NewForConfig(config)
	assert.NilError(t, err)
	kinds, err := discovery.NewDiscoveryClientForConfig(config)
	assert.NilError(t, err)
	return &cluster{objects, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds))}
}

// standIn renders a stand-in with the values that the platform's component gives it.
func (c *cluster) standIn(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()
	return c.standInOf(t, name, name, name)
}

// standInOf is the same for a release of another name, with the values of another file.
func (c *cluster) standInOf(t *testing.T, name, release, file string) []*unstructured.Unstructured {
	t.Helper()
	stand, err := charts.Load(name)
	assert.NilError(t, err)
	files, err := filepath.Glob(filepath.Join(components, "*", "testdata", file+".values.yaml"))
	assert.NilError(t, err)
	assert.Equal(t, len(files), 1)
	text, err := os.ReadFile(files[0])
	assert.NilError(t, err)
	values := map[string]any{}
	assert.NilError(t, yaml.Unmarshal(text, &values))
	return c.render(t, stand, release, values)
}

// render renders a release into a namespace of its own, which it makes.
func (c *cluster) render(t *testing.T, of *chart.Chart, release string, values map[string]any) []*unstructured.Unstructured {
	t.Helper()
	objects, err := render.Objects(of, release, release, values)
	assert.NilError(t, err)
	c.apply(t, []*unstructured.Unstructured{
		{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{
			"name": release, "labels": map[string]any{
				"pod-security.kubernetes.io/enforce": levels[release], policy.PlatformLabel: policy.PlatformValue,
			},
		}}},
		// A controller would make it a moment later; no pod is admitted without it.
		{Object: map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{
			"name": "default", "namespace": release,
		}}},
	})
	return objects
}

// run applies the objects and asks whether their pods would be admitted.
func (c *cluster) run(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	c.apply(t, objects)
	for _, object := range objects {
		c.createPod(t, object)
	}
}

// apply applies the objects. A field that the API does not know is an error.
func (c *cluster) apply(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	for _, object := range objects {
		text, err := object.MarshalJSON()
		assert.NilError(t, err)
		force := true
		_, err = c.resource(t, object).Patch(t.Context(), object.GetName(), "application/apply-patch+yaml", text,
			metav1.PatchOptions{FieldManager: "test", Force: &force, FieldValidation: metav1.FieldValidationStrict})
		assert.NilError(t, err, "%s %s", object.GetKind(), object.GetName())
	}
}

// createPod asks whether the namespace would admit a pod of this workload.
func (c *cluster) createPod(t *testing.T, workload *unstructured.Unstructured) {
	t.Helper()
	spec, isWorkload, _ := unstructured.NestedMap(workload.Object, "spec", "template", "spec")
	if !isWorkload {
		return
	}
	volumes, _, _ := unstructured.NestedSlice(spec, "volumes")
	claims, _, _ := unstructured.NestedSlice(workload.Object, "spec", "volumeClaimTemplates")
	for _, claim := range claims { // as the controller does
		name, _, _ := unstructured.NestedString(claim.(map[string]any), "metadata", "name")
		volumes = append(volumes, map[string]any{"name": name, "persistentVolumeClaim": map[string]any{"claimName": name}})
	}
	assert.NilError(t, unstructured.SetNestedSlice(spec, volumes, "volumes"))
	pod := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "spec": spec,
		"metadata": map[string]any{"name": "try", "namespace": workload.GetNamespace()},
	}}
	_, err := c.resource(t, pod).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	assert.NilError(t, err, "%s %s", workload.GetKind(), workload.GetName())
}

// resource is where objects of this kind live. A kind that was just defined takes a moment to be served.
func (c *cluster) resource(t *testing.T, object *unstructured.Unstructured) dynamic.ResourceInterface {
	t.Helper()
	kind := object.GroupVersionKind()
	var mapping *meta.RESTMapping
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		var err error
		if mapping, err = c.mapper.RESTMapping(schema.GroupKind{Group: kind.Group, Kind: kind.Kind}, kind.Version); err != nil {
			c.mapper.Reset()
			return poll.Continue("%v", err)
		}
		return poll.Success()
	}, poll.WithTimeout(10*time.Second))
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return c.objects.Resource(mapping.Resource)
	}
	namespace := object.GetNamespace()
	return c.objects.Resource(mapping.Resource).Namespace(namespace)
}
