package devops

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// difference is what makes the base's objects those of an environment: patches by the base's files, and objects that the base lacks.
func difference(base, here map[string]*unstructured.Unstructured) (changes map[string][]any, added []any, err error) {
	changes = map[string][]any{}
	for _, name := range slices.Sorted(maps.Keys(base)) {
		was := base[name]
		is, there := here[name]
		var change map[string]any
		if !there {
			change = map[string]any{"$patch": "delete"}
		} else if change, err = patch(was, is); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(change) == 0 {
			continue
		}
		file := manifestOf(was)
		changes[file] = append(changes[file], named(change, was))
	}
	for _, name := range slices.Sorted(maps.Keys(here)) {
		if _, there := base[name]; !there {
			added = append(added, here[name].Object)
		}
	}
	return changes, added, nil
}

// patch is the strategic merge patch from one object to another; a plain one where Kubernetes does not know the kind.
func patch(was, is *unstructured.Unstructured) (map[string]any, error) {
	from, err := json.Marshal(was.Object)
	if err != nil {
		return nil, err
	}
	to, err := json.Marshal(is.Object)
	if err != nil || bytes.Equal(from, to) {
		return nil, err
	}
	var text []byte
	if typed, unknown := scheme.Scheme.New(was.GroupVersionKind()); unknown == nil {
		text, err = strategicpatch.CreateTwoWayMergePatch(from, to, typed)
	} else {
		text, err = jsonmergepatch.CreateThreeWayJSONMergePatch(from, to, from)
	}
	if err != nil {
		return nil, err
	}
	change := map[string]any{}
	if err := json.Unmarshal(text, &change); err != nil {
		return nil, err
	}
	withoutOrder(change)
	wholeVariables(change, is.Object)
	return change, nil
}

// wholeVariables has patches of containers replace their variables as a whole: kustomize would put those that differ before the others,
// and variables are made of those before them. Pods would start again, too.
func wholeVariables(change, of any) {
	switch change := change.(type) {
	case map[string]any:
		target, _ := of.(map[string]any)
		for key, each := range change {
			if variables, is := target["env"].([]any); key == "env" && is {
				change[key] = append([]any{map[string]any{"$patch": "replace"}}, variables...)
				continue
			}
			wholeVariables(each, target[key])
		}
	case []any:
		for _, each := range change {
			wholeVariables(each, ofName(of, each))
		}
	}
}

// ofName is the element of a list that has the name of another list's.
func ofName(list, like any) any {
	named, _ := like.(map[string]any)
	elements, _ := list.([]any)
	for _, element := range elements {
		if candidate, is := element.(map[string]any); is && candidate["name"] != nil && candidate["name"] == named["name"] {
			return candidate
		}
	}
	return nil
}

// withoutOrder takes out what only the API server understands; Check finds out if an order was lost with it.
func withoutOrder(value any) {
	switch value := value.(type) {
	case map[string]any:
		maps.DeleteFunc(value, func(key string, _ any) bool {
			return strings.HasPrefix(key, "$setElementOrder/") || key == "$retainKeys"
		})
		for _, each := range value {
			withoutOrder(each)
		}
	case []any:
		for _, each := range value {
			withoutOrder(each)
		}
	}
}

// named says which object a patch is about.
func named(change map[string]any, of *unstructured.Unstructured) map[string]any {
	metadata, _ := change["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["name"], metadata["namespace"] = of.GetName(), of.GetNamespace()
	change["metadata"] = metadata
	change["apiVersion"], change["kind"] = of.GetAPIVersion(), of.GetKind()
	return change
}
