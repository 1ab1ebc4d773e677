// Package summary lists what other parts of the platform rely on in the objects that a chart renders: one line each for an
// object, a container, a volume and an image. The lists of the real charts and those of their stand-ins are made by it.
package summary

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Namespace is where a list's chart is installed.
const Namespace = "ns"

// Release is the name under which a chart is installed for one of its lists, CHART.CASE: charts put it into names, which they
// cut by their length. The platform's own case has the platform's release name, the others a short one.
func Release(list string) string {
	chart, values, _ := strings.Cut(list, ".")
	if values == "platform" {
		return chart
	}
	return "x"
}

// Lines lists the objects, in order and each line once.
func Lines(objects []*unstructured.Unstructured) []string {
	lines := map[string]bool{}
	for _, object := range objects {
		lines[line(object)] = true
		pod := Pod(object)
		for _, each := range slices.Concat(containers(object, pod), volumes(object, pod)) {
			lines[each] = true
		}
		for image, how := range Images(object) {
			lines[join("Image", image, how)] = true
		}
	}
	return slices.Sorted(maps.Keys(lines))
}

// line says what the object is called and what others reach it by.
func line(object *unstructured.Unstructured) string {
	words := append([]string{object.GetKind(), qualified(object)}, details(object)...)
	if hook := object.GetAnnotations()["helm.sh/hook"]; hook != "" {
		words = append(words, "HOOK="+hook)
	}
	if object.GetAnnotations()["helm.sh/resource-policy"] == "keep" {
		words = append(words, "KEEP")
	}
	return join(words...)
}

// qualified is the object's name, with its namespace when that is not the release's.
func qualified(object *unstructured.Unstructured) string {
	if namespace := object.GetNamespace(); namespace != "" && namespace != Namespace {
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
		if text, _, _ := unstructured.NestedMap(object.Object, "stringData"); text != nil {
			data = text
		}
		return []string{word("keys", strings.Join(slices.Sorted(maps.Keys(data)), ","))}
	case "ServiceMonitor":
		var endpoints []string
		for _, endpoint := range maplist(object.Object, "spec", "endpoints") {
			path := "/metrics"
			if own, found := endpoint["path"]; found {
				path = fmt.Sprint(own)
			}
			endpoints = append(endpoints, fmt.Sprint(endpoint["port"], path))
		}
		return []string{word("scrapes", strings.Join(endpoints, ","))}
	case "Ingress":
		return ingress(object)
	case "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob":
		return workload(object)
	}
	return nil
}

func service(object *unstructured.Unstructured) []string {
	spec := at(object.Object, "spec")
	kind := spec["type"]
	if kind == nil {
		kind = "ClusterIP" // the API server's default
	}
	words := []string{word("type", fmt.Sprint(kind))}
	if address, found := spec["clusterIP"]; found && address != "" {
		words = append(words, word("clusterIP", fmt.Sprint(address)))
	}
	var ports []string
	for _, port := range maplist(spec, "ports") {
		target := port["targetPort"]
		if target == nil {
			target = port["port"] // the API server's default
		}
		text := fmt.Sprintf("%v:%v->%v", port["name"], port["port"], target)
		if node := port["nodePort"]; node != nil {
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
	slices.Sort(labels)
	return append(words, word("sel", strings.Join(labels, ",")))
}

func ingress(object *unstructured.Unstructured) []string {
	var routes []string
	for _, rule := range maplist(object.Object, "spec", "rules") {
		for _, path := range maplist(rule, "http", "paths") {
			port := at(path, "backend", "service", "port")
			number := port["number"]
			if number == nil {
				number = port["name"]
			}
			routes = append(routes, fmt.Sprintf("%v%v->%v:%v", rule["host"], path["path"], at(path, "backend", "service")["name"], number))
		}
	}
	return routes
}

func workload(object *unstructured.Unstructured) []string {
	spec := at(object.Object, "spec")
	pod := Pod(object)
	words := []string{
		word("replicas", text(spec["replicas"])), word("containers", names(maplist(pod, "containers"))),
		word("init", names(maplist(pod, "initContainers"))),
	}
	for _, claim := range maplist(spec, "volumeClaimTemplates") {
		size := at(claim, "spec", "resources", "requests")["storage"]
		words = append(words, fmt.Sprintf("vct=%v:%v", at(claim, "metadata")["name"], size))
	}
	words = append(words, word("podMgmt", text(spec["podManagementPolicy"])))
	if kept := at(spec, "persistentVolumeClaimRetentionPolicy"); kept != nil {
		words = append(words, word("pvcRet", fmt.Sprint(kept)))
	}
	return words
}

func names(of []map[string]any) string {
	var found []string
	for _, each := range of {
		found = append(found, fmt.Sprint(each["name"]))
	}
	return strings.Join(found, ",")
}

// join leaves out the empty words.
func join(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), " ")
}

// word is key=value, or nothing without a value.
func word(key, value string) string {
	if value == "" {
		return ""
	}
	return key + "=" + value
}

func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// at is the map below these fields, or nil.
func at(object map[string]any, fields ...string) map[string]any {
	for _, field := range fields {
		object, _ = object[field].(map[string]any)
	}
	return object
}

// maplist is the list of maps below these fields, or nil.
func maplist(object map[string]any, fields ...string) []map[string]any {
	last := len(fields) - 1
	list, _ := at(object, fields[:last]...)[fields[last]].([]any)
	var found []map[string]any
	for _, each := range list {
		if entry, ok := each.(map[string]any); ok {
			found = append(found, entry)
		}
	}
	return found
}
