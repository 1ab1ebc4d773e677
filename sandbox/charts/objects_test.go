package charts_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/iransre/exchange-platform/sandbox/charts"
)

// The lists under testdata/objects say what the real charts render with the values of the same name under testdata/values,
// for a release named x in namespace ns.
func TestAStandInRendersTheObjectsOfTheRealChart(t *testing.T) {
	lists, err := filepath.Glob("testdata/objects/*.txt")
	assert.NilError(t, err)
	assert.Assert(t, len(lists) > 0)
	for _, list := range lists {
		name := strings.TrimSuffix(filepath.Base(list), ".txt")
		t.Run(name, func(t *testing.T) {
			chartName, _, _ := strings.Cut(name, ".")
			stand, err := charts.Load(chartName)
			assert.NilError(t, err)
			objects := rendered(t, stand, "x", readValues(t, name+".yaml"))
			golden.Assert(t, summary(objects), filepath.Join("objects", name+".txt"))
		})
	}
}

func TestEveryStandInHasAListOfObjects(t *testing.T) {
	for _, name := range charts.Names() {
		lists, err := filepath.Glob("testdata/objects/" + name + ".demo.txt")
		assert.NilError(t, err)
		if name != "fluent-bit" { // Fluent Bit has no demo values of its own: its default and prod lists stand.
			assert.Equal(t, len(lists), 1, "no testdata/objects/%s.demo.txt", name)
		}
	}
}

// summary lists what other parts rely on: one line per object, and one per image.
func summary(objects []*unstructured.Unstructured) string {
	lines := map[string]bool{}
	for _, object := range objects {
		words := []string{object.GetKind(), qualified(object)}
		words = append(words, details(object)...)
		if hook := object.GetAnnotations()["helm.sh/hook"]; hook != "" {
			words = append(words, "HOOK="+hook)
		}
		lines[strings.Join(words, " ")] = true
		for _, image := range images(object) {
			lines["Image "+image] = true
		}
	}
	sorted := make([]string, 0, len(lines))
	for line := range lines {
		sorted = append(sorted, line)
	}
	slices.Sort(sorted)
	return strings.Join(sorted, "\n") + "\n"
}

// qualified is the object's name, with its namespace when that is not the release's.
func qualified(object *unstructured.Unstructured) string {
	if namespace := object.GetNamespace(); namespace != "" && namespace != "ns" {
		return namespace + "/" + object.GetName()
	}
	return object.GetName()
}

func details(object *unstructured.Unstructured) []string {
	switch object.GetKind() {
	case "Service":
		return service(object)
	case "ConfigMap", "Secret":
		data, _, _ := unstructured.NestedMap(object.Object, "data")
		if len(data) == 0 {
			return nil
		}
		return []string{"keys=" + joinKeys(data)}
	case "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob":
		return workload(object)
	}
	return nil
}

func service(object *unstructured.Unstructured) []string {
	spec := object.Object["spec"].(map[string]any)
	words := []string{fmt.Sprint("type=", spec["type"])}
	if address, found := spec["clusterIP"]; found {
		words = append(words, fmt.Sprint("clusterIP=", address))
	}
	var ports []string
	for _, entry := range spec["ports"].([]any) {
		port := entry.(map[string]any)
		text := fmt.Sprintf("%v:%v->%v", port["name"], port["port"], port["targetPort"])
		if node, found := port["nodePort"]; found {
			text += fmt.Sprint("/np", node)
		}
		ports = append(ports, text)
	}
	words = append(words, strings.Join(ports, ","))
	selector, _, _ := unstructured.NestedStringMap(spec, "selector")
	var labels []string
	for key, value := range selector {
		labels = append(labels, key[strings.LastIndex(key, "/")+1:]+"="+value)
	}
	if slices.Sort(labels); len(labels) > 0 {
		words = append(words, "sel="+strings.Join(labels, ","))
	}
	return words
}

func workload(object *unstructured.Unstructured) []string {
	spec := object.Object["spec"].(map[string]any)
	var words []string
	if replicas, found := spec["replicas"]; found {
		words = append(words, fmt.Sprint("replicas=", replicas))
	}
	pod := podSpec(object)
	words = append(words, "containers="+names(pod["containers"]))
	if init := names(pod["initContainers"]); init != "" {
		words = append(words, "init="+init)
	}
	if claims, found := spec["volumeClaimTemplates"]; found {
		claim := claims.([]any)[0].(map[string]any)
		name, _, _ := unstructured.NestedString(claim, "metadata", "name")
		size, _, _ := unstructured.NestedString(claim, "spec", "resources", "requests", "storage")
		words = append(words, fmt.Sprintf("vct=%s:%s", name, size))
	}
	if policy, found := spec["podManagementPolicy"]; found {
		words = append(words, fmt.Sprint("podMgmt=", policy))
	}
	if policy, found := spec["persistentVolumeClaimRetentionPolicy"]; found {
		words = append(words, fmt.Sprint("pvcRet=", policy))
	}
	return words
}

// podSpec finds the pods of a workload, or the pod itself.
func podSpec(object *unstructured.Unstructured) map[string]any {
	path := []string{"spec", "template", "spec"}
	switch object.GetKind() {
	case "Pod":
		path = []string{"spec"}
	case "CronJob":
		path = []string{"spec", "jobTemplate", "spec", "template", "spec"}
	}
	spec, _, _ := unstructured.NestedMap(object.Object, path...)
	return spec
}

func images(object *unstructured.Unstructured) []string {
	var found []string
	spec := podSpec(object)
	for _, field := range []string{"containers", "initContainers"} {
		containers, _ := spec[field].([]any)
		for _, container := range containers {
			found = append(found, fmt.Sprint(container.(map[string]any)["image"]))
		}
	}
	if object.GetAPIVersion() == "monitoring.coreos.com/v1" {
		if image, _, _ := unstructured.NestedString(object.Object, "spec", "image"); image != "" {
			found = append(found, image)
		}
	}
	return found
}

func names(containers any) string {
	list, _ := containers.([]any)
	var found []string
	for _, container := range list {
		found = append(found, fmt.Sprint(container.(map[string]any)["name"]))
	}
	return strings.Join(found, ",")
}

func joinKeys(data map[string]any) string {
	keys := make([]string, 0, len(data))
	for key := range data {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return strings.Join(keys, ",")
}
