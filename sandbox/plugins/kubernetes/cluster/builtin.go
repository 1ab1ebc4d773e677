package cluster

import (
	"encoding/base64"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
)

// Builtin says whether the group and version are Kubernetes' own, not a custom resource's.
func Builtin(version schema.GroupVersion) bool {
	return scheme.Scheme.IsVersionRegistered(version) ||
		version.Group == "apiextensions.k8s.io" || version.Group == "apiregistration.k8s.io"
}

// readOnly are the fields of an object's metadata that only the server sets.
var readOnly = []string{
	"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
	"resourceVersion", "uid",
}

// Normalize is the object in the form in which the server would give it back: quantities in their canonical form, the
// stringData of a Secret in its data. It has no more fields than the given one.
func Normalize(object map[string]any) map[string]any {
	object = props.Clone(object)
	if !props.HasUnknown(object) {
		wrapped := &unstructured.Unstructured{Object: object}
		switch gvk := wrapped.GroupVersionKind(); {
		case gvk.Group == "" && gvk.Version == "v1" && gvk.Kind == "Secret":
			normalizeSecret(object)
		case gvk.Kind == "CustomResourceDefinition":
			delete(object, "status")
		case Builtin(gvk.GroupVersion()):
			object = canonical(object, gvk)
		}
	}
	if metadata, there := object["metadata"].(map[string]any); there {
		for _, field := range readOnly {
			delete(metadata, field)
		}
	}
	return object
}

// normalizeSecret does what the server does with a Secret. The values end up encoded, and stringData wins.
func normalizeSecret(object map[string]any) {
	data, _ := object["data"].(map[string]any)
	for key, value := range data {
		if text, ok := value.(string); ok {
			if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
				data[key] = base64.StdEncoding.EncodeToString(decoded)
			}
		}
	}
	stringData, _ := object["stringData"].(map[string]any)
	if len(stringData) == 0 {
		return
	}
	if data == nil {
		data = map[string]any{}
	}
	for key, value := range stringData {
		if text, ok := value.(string); ok {
			data[key] = base64.StdEncoding.EncodeToString([]byte(text))
		}
	}
	object["data"] = data
	delete(object, "stringData")
}

// canonical sends the object through its Go type and back; what does not fit its type is left to the server to refuse.
func canonical(object map[string]any, gvk schema.GroupVersionKind) map[string]any {
	typed, err := scheme.Scheme.New(gvk)
	if err != nil {
		return object
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, typed); err != nil {
		return object
	}
	back, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return object
	}
	back["apiVersion"], back["kind"] = object["apiVersion"], object["kind"]
	return props.Prune(back, object)
}
