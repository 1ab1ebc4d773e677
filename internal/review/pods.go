package review

import (
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/objects"
)

// byOperator are the kinds of which an operator makes pods.
var byOperator = []string{"Alertmanager", "Cluster", "Elasticsearch", "Kibana", "Prometheus"}

const template = "spec.template"

// podsOf is the path to an object's pods; empty if it has none.
func podsOf(o Object, content objects.Object) string {
	switch {
	case slices.Contains(withPods, o.Kind):
		return template
	case slices.Contains(byOperator, o.Kind) && content["spec"] != nil:
		return "spec"
	}
	return ""
}

// podsAfter is what becomes of an object's pods with the changes of its fields.
func podsAfter(o Object, after objects.Object) string {
	path := podsOf(o, after)
	if path == "" {
		return ""
	}
	became := ""
	for _, each := range o.Fields {
		if each.Path != path && !within(each.Path, path) || each.Path == "spec.replicas" {
			continue
		}
		if each.New != unknown && path == template {
			became = restart
			break
		}
		became = mayRestart
	}
	spec, _ := after["spec"].(objects.Object)
	strategy, _ := spec["updateStrategy"].(objects.Object)
	if became != "" && strategy["type"] == "OnDelete" {
		return nextStart
	}
	return became
}

// claimsGo tells of a StatefulSet whose claims are deleted, because of what it says of them: all of them with itself, or those of the pods that it
// has no more. After is nil if it is deleted.
func claimsGo(o Object, before, after objects.Object) bool {
	if o.Kind != "StatefulSet" {
		return false
	}
	says := func(content objects.Object, when string) bool {
		spec, _ := content["spec"].(objects.Object)
		policy, _ := spec["persistentVolumeClaimRetentionPolicy"].(objects.Object)
		return spec["volumeClaimTemplates"] != nil && policy[when] == "Delete"
	}
	if after == nil {
		return says(before, "whenDeleted")
	}
	return says(after, "whenScaled") && slices.ContainsFunc(o.Fields, func(each Property) bool { return each.Path == "spec.replicas" && compare(each) > 0 })
}

// fixed are the fields that nobody can change, by kind; an update that tries fails. Those behind "!" can be, of what is before them.
var fixed = map[string][]string{
	"ClusterRoleBinding": {"roleRef"},
	"DaemonSet":          {"spec.selector"},
	"Deployment":         {"spec.selector"},
	"Job":                {"spec.template", "spec.selector", "spec.completionMode"},
	"PersistentVolumeClaim": {
		"spec", "!spec.resources.requests", "!spec.volumeAttributesClassName",
	},
	"RoleBinding": {"roleRef"},
	"StatefulSet": {
		"spec", "!spec.replicas", "!spec.ordinals", "!spec.template", "!spec.updateStrategy", "!spec.persistentVolumeClaimRetentionPolicy",
		"!spec.minReadySeconds", "!spec.revisionHistoryLimit",
	},
	"StorageClass": {"provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"},
}

// refused are the fields of an object that change and cannot.
func refused(o Object) []string {
	var found []string
	for _, each := range o.Fields {
		in := func(path string) bool { return each.Path == path || within(each.Path, path) }
		cannot := false
		for _, path := range fixed[o.Kind] {
			if free, is := strings.CutPrefix(path, "!"); is {
				cannot = cannot && !in(free)
			} else {
				cannot = cannot || in(path)
			}
		}
		if o.Kind == "Service" && each.Path == "spec.clusterIP" && (each.Old == "None") != (each.New == "None") {
			cannot = true
		}
		if cannot {
			found = append(found, each.Path)
		}
	}
	return found
}
