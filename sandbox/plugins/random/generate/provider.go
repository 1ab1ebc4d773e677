// Package generate implements the one resource of the random provider that the program uses. It is never updated: a changed
// input, above all a changed keeper, replaces the value.
package generate

import (
	"context"
	"maps"
	"reflect"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Provider is the random provider.
func Provider() p.Provider {
	provider := infer.Provider(infer.Options{
		Resources: []infer.InferredResource{infer.Resource(&Password{})},
	})
	// A state that the official provider has made can be continued.
	diff, read := provider.Diff, provider.Read
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		req.State = withoutForeign(req.State)
		return diff(ctx, req)
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		req.Properties = withoutForeign(req.Properties)
		return read(ctx, req)
	}
	return provider
}

// withoutForeign is the state without what the official provider keeps there for itself.
func withoutForeign(state property.Map) property.Map {
	for name := range state.All {
		if name == "id" || strings.HasPrefix(name, "__") {
			state = state.Delete(name)
		}
	}
	return state
}

// Kept are the values whose change asks for a new one.
type Kept struct {
	Keepers map[string]string `pulumi:"keepers,optional"`
}

// replaceOn compares two sets of inputs, with their defaults filled in, and asks for a replacement if they differ.
func replaceOn(old, new any) p.DiffResponse {
	response := p.DiffResponse{DetailedDiff: map[string]p.PropertyDiff{}}
	before, after := inputs(reflect.ValueOf(old)), inputs(reflect.ValueOf(new))
	for name, was := range before {
		if !reflect.DeepEqual(was, after[name]) {
			response.HasChanges = true
			response.DetailedDiff[name] = p.PropertyDiff{Kind: p.UpdateReplace, InputDiff: true}
		}
	}
	return response
}

// inputs are the values of a struct's tagged fields, and of those embedded in it; an empty map is as good as none.
func inputs(value reflect.Value) map[string]any {
	values := map[string]any{}
	for i := range value.NumField() {
		field, content := value.Type().Field(i), value.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("pulumi"), ",")
		switch {
		case field.Anonymous:
			maps.Copy(values, inputs(content))
		case content.Kind() == reflect.Map && content.Len() == 0:
			values[name] = nil
		default:
			values[name] = content.Interface()
		}
	}
	return values
}
