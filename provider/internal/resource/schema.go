package resource

import (
	"reflect"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"
	pulumischema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// docs are the descriptions of a struct's fields by their names in the schema: their tags "doc". A field without one that stands for a
// field of an embedded struct has the description of that.
func docs[T any]() map[string]string {
	texts := map[string]string{}
	addDocs(reflect.TypeFor[T](), texts)
	return texts
}

func addDocs(object reflect.Type, texts map[string]string) {
	for field := range object.Fields() {
		if text := field.Tag.Get("doc"); text != "" {
			texts[propertyName(field)] = text
		} else if field.Anonymous {
			addDocs(field.Type, texts)
		}
	}
}

// propertyName is the name of a field in the schema.
func propertyName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("pulumi"), ",")
	return name
}

// describe adds the descriptions to the properties.
func describe(properties map[string]pulumischema.PropertySpec, texts map[string]string) {
	for name, text := range texts {
		if property, there := properties[name]; there {
			property.Description = text
			properties[name] = property
		}
	}
}

// Nested describes a type inside of inputs or outputs: its token behind the package's name, "iaas:AddressRange", and its fields by their
// tags "doc". object is a pointer to it.
func Nested(a infer.Annotator, token string, object any) {
	module, name, _ := strings.Cut(token, ":")
	a.SetToken(tokens.ModuleName(module), tokens.TypeName(name))
	value := reflect.ValueOf(object).Elem()
	for i := range value.NumField() {
		if text := value.Type().Field(i).Tag.Get("doc"); text != "" {
			a.Describe(value.Field(i).Addr().Interface(), text)
		}
	}
}

// documented is the description of a resource: what it is, the form of its ids, and an example in YAML of its properties.
func documented(text, form, token, properties string) string {
	var b strings.Builder
	b.WriteString(text + "\n\n## Example Usage\n\n```yaml\nresources:\n  example:\n    type: " + token + "\n    properties:\n")
	for line := range strings.SplitSeq(strings.Trim(properties, "\n"), "\n") {
		b.WriteString("      " + strings.TrimLeft(line, "\t") + "\n")
	}
	b.WriteString("```\n\n## Import\n\nImport it with the id `" + form + "`.")
	return b.String()
}

// wireDependencies selects the outputs by their tags: see lifecycle.WireDependencies.
func wireDependencies(f infer.FieldSelector, args, state any) {
	inputs := map[string]any{}
	of := reflect.ValueOf(args).Elem()
	for i := range of.NumField() {
		inputs[propertyName(of.Type().Field(i))] = of.Field(i).Addr().Interface()
	}
	outputs := reflect.ValueOf(state).Elem()
	for i := range outputs.NumField() {
		field, output := outputs.Type().Field(i), outputs.Field(i).Addr().Interface()
		if field.Tag.Get("preview") == "known" {
			f.OutputField(output).AlwaysKnown()
		}
		if from := field.Tag.Get("from"); from != "" {
			var needed []infer.InputField
			for name := range strings.SplitSeq(from, ",") {
				needed = append(needed, f.InputField(inputs[name]).Computed())
			}
			f.OutputField(output).DependsOn(needed...)
		}
	}
}
