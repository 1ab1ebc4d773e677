// Package props stands between Pulumi's properties, which may be secret or unknown, and the plain JSON-like objects of
// Kubernetes and Helm.
package props

import (
	"math"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Unknown takes the place of a value that a preview does not know.
type Unknown struct{}

// Plain is the object that properties describe: secrets are opened, unknown values become Unknown, whole numbers int64.
func Plain(m property.Map) map[string]any {
	object := make(map[string]any, m.Len())
	for key, value := range m.All {
		object[dashed(key)] = plain(value)
	}
	return object
}

func plain(v property.Value) any {
	switch {
	case v.IsComputed():
		return Unknown{}
	case v.IsMap():
		return Plain(v.AsMap())
	case v.IsArray():
		list := make([]any, 0, v.AsArray().Len())
		for _, element := range v.AsArray().All {
			list = append(list, plain(element))
		}
		return list
	case v.IsNumber():
		if number := v.AsNumber(); number == math.Trunc(number) && math.Abs(number) < 1<<53 {
			return int64(number)
		}
		return v.AsNumber()
	case v.IsBool():
		return v.AsBool()
	case v.IsString():
		return v.AsString()
	}
	return nil
}

// Properties is the reverse of Plain; nothing in it is secret.
func Properties(object map[string]any) property.Map {
	values := make(map[string]property.Value, len(object))
	for key, value := range object {
		values[underscored(key)] = properties(value)
	}
	return property.NewMap(values)
}

func properties(v any) property.Value {
	switch v := v.(type) {
	case Unknown:
		return property.New(property.Computed)
	case map[string]any:
		return property.New(Properties(v))
	case []any:
		list := make([]property.Value, len(v))
		for i, element := range v {
			list[i] = properties(element)
		}
		return property.New(list)
	case string:
		return property.New(v)
	case bool:
		return property.New(v)
	case int:
		return property.New(float64(v))
	case int64:
		return property.New(float64(v))
	case float64:
		return property.New(v)
	}
	return property.New(property.Null)
}

// The extension fields of a CRD's schema have dashes, which Pulumi's schema writes as underscores.
const extension = "x-kubernetes-"

func dashed(key string) string {
	if strings.HasPrefix(key, "x_kubernetes_") {
		return strings.ReplaceAll(key, "_", "-")
	}
	return key
}

func underscored(key string) string {
	if strings.HasPrefix(key, extension) {
		return strings.ReplaceAll(key, "-", "_")
	}
	return key
}

// HasUnknown says whether there is an Unknown anywhere in a plain value.
func HasUnknown(v any) bool {
	switch v := v.(type) {
	case Unknown:
		return true
	case map[string]any:
		for _, element := range v {
			if HasUnknown(element) {
				return true
			}
		}
	case []any:
		if slices.ContainsFunc(v, HasUnknown) {
			return true
		}
	}
	return false
}

// Clone is a deep copy of a plain value.
func Clone[T any](v T) T { return clone(v).(T) }

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, element := range v {
			object[key] = clone(element)
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = clone(element)
		}
		return list
	}
	return v
}
