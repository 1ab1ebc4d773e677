package provider

import (
	"reflect"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// describeFields describes the fields of a struct in the schema by their tags "doc". object is a pointer to the struct.
func describeFields(a infer.Annotator, object any) {
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
	b.WriteString(text + "\n\n## Example Usage\n\n```yaml\nresources:\n  example:\n    type: " + Name + ":" + token + "\n    properties:\n")
	for _, line := range strings.Split(strings.Trim(properties, "\n"), "\n") {
		b.WriteString("      " + strings.TrimPrefix(line, "\t\t") + "\n")
	}
	b.WriteString("```\n\n## Import\n\nImport it with the id `" + form + "`.")
	return b.String()
}
