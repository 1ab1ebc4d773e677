package objects

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/csaupgrade"
)

// predecessors are the managers whose fields the provider regards as its own: those of its creations, and kubectl's.
var predecessors = sets.New(creator, "pulumi-resource-kubernetes", "kubectl", "before-first-apply")

// takeOver makes manager the owner of the fields that the object was created with, so that leaving one out removes it.
func takeOver(ctx context.Context, client dynamic.ResourceInterface, live *object, manager string) error {
	if !hasPredecessor(live) {
		return nil
	}
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(live, predecessors, manager)
	if err != nil || patch == nil {
		return err
	}
	taken, err := client.Patch(ctx, live.GetName(), types.JSONPatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("take over the fields of %s: %w", id(live), err)
	}
	live.Object = taken.Object
	return nil
}

func hasPredecessor(live *object) bool {
	return slices.ContainsFunc(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Operation == metav1.ManagedFieldsOperationUpdate && predecessors.Has(entry.Manager) && entry.Subresource == ""
	})
}

// keepIgnored makes the inputs agree with the live object in the fields whose changes are ignored: a field another
// manager owns is left to it, one of our own keeps its value.
func keepIgnored(inputs, live *object, ignored []string) error {
	for _, text := range ignored {
		path, err := resource.ParsePropertyPath(text)
		if err != nil {
			return fmt.Errorf("failed to parse ignore path: %w", err)
		}
		var fields []string
		for _, step := range path {
			field, isName := step.(string)
			if !isName {
				return fmt.Errorf("ignoreChanges %q: indices cannot be ignored on a Kubernetes object, only fields", text)
			}
			fields = append(fields, field)
		}
		value, there, err := unstructured.NestedFieldCopy(live.Object, fields...)
		switch {
		case err != nil:
			return fmt.Errorf("ignoreChanges %q: %w", text, err)
		case !there:
		case ownedByOthers(live, fields):
			unstructured.RemoveNestedField(inputs.Object, fields...)
		default:
			if err := unstructured.SetNestedField(inputs.Object, value, fields...); err != nil {
				return fmt.Errorf("ignoreChanges %q: %w", text, err)
			}
		}
	}
	return nil
}

// ownedByOthers says whether another manager than the provider has set the field.
func ownedByOthers(live *object, fields []string) bool {
	return slices.ContainsFunc(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		if predecessors.Has(entry.Manager) || isOurs(entry.Manager) || entry.FieldsV1 == nil {
			return false
		}
		var owned map[string]any
		if json.Unmarshal(entry.FieldsV1.Raw, &owned) != nil {
			return false
		}
		names := make([]string, len(fields))
		for i, field := range fields {
			names[i] = "f:" + field
		}
		_, there, _ := unstructured.NestedFieldNoCopy(owned, names...)
		return there
	})
}

func isOurs(manager string) bool {
	return len(manager) > len(creator) && manager[:len(creator)+1] == creator+"-"
}
