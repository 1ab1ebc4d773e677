package resource

import (
	"reflect"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"
	pulumischema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Package is the name of the Pulumi package: the first part of every token, and of the configuration keys.
const Package = "arvancloud"

// Resource is something that can be a row of the provider's table of resources.
type Resource interface{ Row() Row }

// Row is what the provider has to know of a resource beyond what inference knows.
type Row struct {
	Token       tokens.Type
	Name        string // what messages call one of them
	Replacement Replacement
	Broken      map[string]string
	Later       map[string]property.Value
	KeepsZeros  bool
	Secrets     []string // outputs that are always secrets
	Inferred    infer.InferredResource
}

// Replacement tells, of the inputs that changed, whether the object is deleted before its replacement is made. nil is never.
type Replacement func(changed func(inputs ...string) bool) (deletesFirst bool)

// DeletesFirst is for objects of which a place can hold only one.
func DeletesFirst(func(...string) bool) bool { return true }

// DeletesFirstUnless is for objects whose replacement needs what the old one has, unless one of these inputs changes.
func DeletesFirstUnless(inputs ...string) Replacement {
	return func(changed func(...string) bool) bool { return !changed(inputs...) }
}

// Row is the kind as a row of the table.
func (k *Kind[I, S, O]) Row() Row {
	token := tokens.Type(Package + ":" + k.Type)
	return Row{
		Token: token, Name: k.Name, Replacement: k.Replacement, Broken: k.Broken, Later: k.Later, KeepsZeros: k.KeepsZeros,
		Secrets: secretFields[S](),
		Inferred: &describedResource{
			InferredResource: infer.Resource(&lifecycle[I, S, O]{k}),
			token:            token,
			description:      documented(k.About, k.IDs, string(token), k.Example),
			inputs:           docs[I](),
			outputs:          docs[S](),
		},
	}
}

// secretFields are the outputs with a tag provider:"secret". Inference marks only inputs as such, and what is made from secret inputs.
func secretFields[S any]() []string {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[S]()) {
		if strings.Contains(field.Tag.Get("provider"), "secret") {
			names = append(names, propertyName(field))
		}
	}
	return names
}

// describedResource is a resource of inference with its token and its descriptions, which inference only takes from methods of types.
type describedResource struct {
	infer.InferredResource
	token           tokens.Type
	description     string
	inputs, outputs map[string]string
}

// GetToken is the token.
func (r *describedResource) GetToken() (tokens.Type, error) { return r.token, nil }

// GetSchema is the schema with the descriptions.
func (r *describedResource) GetSchema(register schema.RegisterDerivativeType) (pulumischema.ResourceSpec, error) {
	spec, err := r.InferredResource.GetSchema(register)
	spec.Description = r.description
	describe(spec.InputProperties, r.inputs)
	describe(spec.Properties, r.outputs)
	return spec, err
}
