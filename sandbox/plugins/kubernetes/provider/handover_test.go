package provider

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/charts/devops"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
)

const (
	exchangeChart  = "../../../../charts/exchange"
	exchangeDevOps = "../../../../examples/Exchange-DevOps"
)

// exchangeValues are those of the environment demo; nobody monitors here.
func exchangeValues(t *testing.T) object {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(exchangeDevOps, "overlays/demo/values.yaml"))
	assert.NilError(t, err)
	values := object{}
	assert.NilError(t, yaml.Unmarshal(text, &values))
	values["metrics"] = object{"enabled": false}
	return values
}

func exchangeRelease(t *testing.T, changes object) property.Map {
	t.Helper()
	inputs := object{
		"chart": exchangeChart, "name": "exchange", "namespace": "exchange", "timeout": int64(60), "atomic": true, "description": "chart 1",
		"values": exchangeValues(t),
	}
	maps.Copy(inputs, changes)
	return props.Properties(inputs)
}

// repository is what Argo CD watches, with the same values.
func repository(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "Exchange-DevOps")
	assert.NilError(t, os.CopyFS(folder, os.DirFS(exchangeDevOps)))
	values, err := yaml.Marshal(exchangeValues(t))
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(filepath.Join(folder, "overlays/demo/values.yaml"), values, 0o644))
	assert.NilError(t, devops.Write(t.Context(), exchangeChart, folder))
	return folder
}

// argoCD applies what a repository says of the demo, in one of the two ways that Argo CD has, and marks each object as its own.
func (w *world) argoCD(t *testing.T, repository string, serverSide bool) {
	t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig([]byte(w.kubeconfig))
	assert.NilError(t, err)
	client, err := dynamic.NewForConfig(config)
	assert.NilError(t, err)
	built, err := devops.Build(repository, "demo")
	assert.NilError(t, err)
	for _, object := range built {
		annotations := object.GetAnnotations()
		if annotations["argocd.argoproj.io/hook"] != "" {
			continue // a Job of its own for each sync
		}
		annotations["argocd.argoproj.io/tracking-id"] = "exchange:" + object.GroupVersionKind().Group + "/" + object.GetKind() + ":exchange/" + object.GetName()
		object.SetAnnotations(annotations)
		kind := object.GroupVersionKind()
		plural := strings.ToLower(kind.Kind) + "s"
		if strings.HasSuffix(kind.Kind, "ss") {
			plural = strings.ToLower(kind.Kind) + "es"
		}
		objects := client.Resource(schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: plural}).Namespace("exchange")
		if serverSide {
			_, err = objects.Apply(t.Context(), object.GetName(), object, metav1.ApplyOptions{FieldManager: "argocd-controller", Force: true})
		} else {
			var text []byte
			text, err = json.Marshal(object.Object)
			assert.NilError(t, err)
			annotations["kubectl.kubernetes.io/last-applied-configuration"] = string(text)
			object.SetAnnotations(annotations)
			text, err = json.Marshal(object.Object)
			assert.NilError(t, err)
			// every field that is said is set, which is the most that kubectl's three-way patch does to an object that it has never seen
			_, err = objects.Patch(t.Context(), object.GetName(), types.MergePatchType, text, metav1.PatchOptions{FieldManager: "argocd-controller"})
		}
		assert.NilError(t, err, "%s %s", kind.Kind, object.GetName())
	}
}

// templates are the hashes of the pods' templates by the names of their Deployments, each with the pods that run of it.
func (w *world) templates(t *testing.T) map[string][]string {
	t.Helper()
	pods, err := w.client(t, "test").CoreV1().Pods("exchange").List(t.Context(), metav1.ListOptions{LabelSelector: "pod-template-hash"})
	assert.NilError(t, err)
	found := map[string][]string{}
	for _, pod := range pods.Items {
		part := pod.Labels["app.kubernetes.io/component"]
		found[part] = append(found[part], pod.Labels["pod-template-hash"]+" "+pod.Name+" "+string(pod.UID))
	}
	sets, err := w.client(t, "test").AppsV1().ReplicaSets("exchange").List(t.Context(), metav1.ListOptions{})
	assert.NilError(t, err)
	assert.Equal(t, len(sets.Items), len(found), "another template was there meanwhile")
	return found
}

// handOver moves the exchange from a release to Argo CD and back: no pod notices.
func handOver(t *testing.T, w *world) {
	w.object(t, "Namespace", object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": "exchange"}})
	release, err := w.create(t, releaseURN("exchange-release"), exchangeRelease(t, nil))
	assert.NilError(t, err)
	before := w.templates(t)
	assert.Equal(t, len(before), 2, "%v", before)

	folder := repository(t)
	w.argoCD(t, folder, false)
	w.argoCD(t, folder, true)
	assert.DeepEqual(t, w.templates(t), before)
	// the release stays in the state as it is, and nothing is found to do about it
	release = w.refresh(t, release)
	assert.Equal(t, release.id, "exchange/exchange")

	// back: what the program changes of the release then, chart.Recovery says it
	back := object{"description": "chart 1; again, because others delivered it", "atomic": false}
	release, err = w.update(t, release, exchangeRelease(t, back))
	assert.NilError(t, err)
	assert.DeepEqual(t, w.templates(t), before)
	status := release.state.Get("status").AsMap()
	assert.Equal(t, status.Get("status").AsString(), "deployed")
	assert.Equal(t, status.Get("revision").AsNumber(), 2.0)

	w.remove(t, release)
	// as it is where Argo CD was there first: the release takes over what it has made
	w.argoCD(t, folder, true)
	w.eventuallyTemplates(t, 2)
	made := w.templates(t)
	release, err = w.create(t, releaseURN("exchange-release"), exchangeRelease(t, back))
	assert.NilError(t, err)
	assert.DeepEqual(t, w.templates(t), made)
	w.remove(t, release)
}

// eventuallyTemplates waits until as many Deployments have their pods.
func (w *world) eventuallyTemplates(t *testing.T, count int) {
	t.Helper()
	watch, err := w.client(t, "test").CoreV1().Pods("exchange").Watch(t.Context(), metav1.ListOptions{LabelSelector: "pod-template-hash"})
	assert.NilError(t, err)
	defer watch.Stop()
	running := map[string]bool{}
	for event := range watch.ResultChan() {
		content, err := json.Marshal(event.Object)
		assert.NilError(t, err)
		pod := &unstructured.Unstructured{}
		assert.NilError(t, json.Unmarshal(content, &pod.Object))
		if phase, _, _ := unstructured.NestedString(pod.Object, "status", "phase"); phase == "Running" {
			running[pod.GetName()] = true
		}
		if len(running) == count {
			return
		}
	}
}
