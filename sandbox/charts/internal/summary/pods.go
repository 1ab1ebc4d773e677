package summary

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Pod is the spec of a workload's pods, or of the pod itself; nil of what has no pods.
func Pod(object *unstructured.Unstructured) map[string]any {
	path := []string{"spec", "template", "spec"}
	switch object.GetKind() {
	case "Pod":
		path = []string{"spec"}
	case "CronJob":
		path = []string{"spec", "jobTemplate", "spec", "template", "spec"}
	}
	return at(object.Object, path...)
}

// containers says of each container which ports it has, how it is probed, and which Secrets reach it as variables.
func containers(object *unstructured.Unstructured, pod map[string]any) []string {
	var found []string
	for _, field := range []string{"containers", "initContainers"} {
		for _, container := range maplist(pod, field) {
			var ports, probes []string
			for _, port := range maplist(container, "ports") {
				number := fmt.Sprintf("%v:%v", port["name"], port["containerPort"])
				if host := port["hostPort"]; host != nil {
					number += fmt.Sprint("/hp", host)
				}
				ports = append(ports, number)
			}
			for _, kind := range []string{"startup", "liveness", "readiness"} {
				if probe := at(container, kind+"Probe"); probe != nil {
					probes = append(probes, kind+":"+probed(probe))
				}
			}
			slices.Sort(ports)
			found = append(found, join("Container", owner(object), fmt.Sprint(container["name"]),
				word("ports", strings.Join(ports, ",")), word("probes", strings.Join(probes, ",")),
				word("secrets", strings.Join(secrets(container), ","))))
		}
	}
	return found
}

func probed(probe map[string]any) string {
	if request := at(probe, "httpGet"); request != nil {
		return fmt.Sprintf("http %v%v", request["port"], request["path"])
	}
	if socket := at(probe, "tcpSocket"); socket != nil {
		return fmt.Sprint("tcp ", socket["port"])
	}
	return "exec"
}

// secrets are the variables that come from a Secret, or say in which file one lies.
func secrets(container map[string]any) []string {
	var found []string
	for _, variable := range maplist(container, "env") {
		name := fmt.Sprint(variable["name"])
		if key := at(variable, "valueFrom", "secretKeyRef"); key != nil {
			found = append(found, fmt.Sprintf("%s<-%v/%v", name, key["name"], key["key"]))
		} else if strings.HasSuffix(name, "_FILE") {
			found = append(found, fmt.Sprintf("%s=%v", name, variable["value"]))
		}
	}
	slices.Sort(found)
	return found
}

// volumes says where each volume of a pod comes from.
func volumes(object *unstructured.Unstructured, pod map[string]any) []string {
	var found []string
	for _, volume := range maplist(pod, "volumes") {
		var source string
		for kind, of := range volume {
			if kind != "name" {
				source = join(kind, origin(kind, of))
			}
		}
		found = append(found, join("Volume", owner(object), fmt.Sprint(volume["name"]), source))
	}
	return found
}

func origin(kind string, of any) string {
	source, _ := of.(map[string]any)
	for _, field := range []string{"secretName", "claimName", "path", "name"} {
		if name, found := source[field]; found {
			return fmt.Sprint(name)
		}
	}
	var parts []string
	for _, part := range maplist(source, "sources") {
		for _, kind := range slices.Sorted(maps.Keys(part)) {
			parts = append(parts, join(kind, origin(kind, part[kind])))
		}
	}
	return strings.Join(parts, ",")
}

func owner(object *unstructured.Unstructured) string {
	return object.GetKind() + "/" + object.GetName()
}

// PassedOn marks an image that a container does not run from, but is told of: an operator makes pods of it.
const PassedOn = "passed-on"

// argument is a reference to an image, or a flag with one.
var argument = regexp.MustCompile(`^(?:--[a-z-]+=)?([a-z0-9-]+(?:\.[a-z0-9-]+)+/[\w./-]+:[\w.-]+(?:@sha256:[0-9a-f]+)?)$`)

// Images are the images that the object brings, and how: as its own, or passed on.
func Images(object *unstructured.Unstructured) map[string]string {
	found := map[string]string{}
	pod := Pod(object)
	for _, container := range slices.Concat(maplist(pod, "containers"), maplist(pod, "initContainers")) {
		arguments, _ := container["args"].([]any)
		for _, each := range arguments {
			if match := argument.FindStringSubmatch(fmt.Sprint(each)); match != nil {
				found[match[1]] = PassedOn
			}
		}
		found[fmt.Sprint(container["image"])] = ""
	}
	if object.GetKind() == "ConfigMap" {
		for _, each := range at(object.Object, "data") {
			if match := argument.FindStringSubmatch(fmt.Sprint(each)); match != nil {
				found[match[1]] = PassedOn
			}
		}
	}
	if object.GetAPIVersion() == "monitoring.coreos.com/v1" {
		if image := text(at(object.Object, "spec")["image"]); image != "" {
			found[image] = PassedOn
		}
	}
	return found
}
