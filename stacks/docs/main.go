// Command docs writes docs/configuration.md from the comments of the configuration's types and the profiles' defaults, and the
// table of refusals in docs/cluster.md.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"reflect"
	"strings"

	"github.com/iransre/exchange-platform/internal/refusals"
	"github.com/iransre/exchange-platform/stacks"
)

func main() {
	text, err := Render("config.go")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("../docs/configuration.md", []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
	const cluster = "../docs/cluster.md"
	page, err := os.ReadFile(cluster)
	if err != nil {
		log.Fatal(err)
	}
	if text, err = WithRefusals(string(page)); err != nil {
		log.Fatalf("%s: %v", cluster, err)
	}
	if err := os.WriteFile(cluster, []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

// The lines around the table of refusals in docs/cluster.md.
const (
	refusalsBegin = "<!-- made from internal/refusals by `go generate ./stacks`; do not edit -->\n"
	refusalsEnd   = "<!-- end of the refusals -->\n"
)

// WithRefusals is the page with the table of refusals as it is now.
func WithRefusals(page string) (string, error) {
	table, err := refusals.All()
	if err != nil {
		return "", err
	}
	before, rest, begins := strings.Cut(page, refusalsBegin)
	_, after, ends := strings.Cut(rest, refusalsEnd)
	if !begins || !ends {
		return "", errors.New("the lines around the table of refusals are missing")
	}
	return before + refusalsBegin + table.Markdown() + refusalsEnd + after, nil
}

const head = `# Configuration

Made from ` + "`stacks/config.go`" + ` by ` + "`go generate ./stacks`" + `; do not edit.

A stack file holds only what differs from its profile's defaults. Each section is one key, ` + "`exchange-platform:<section>`" + `.
A mistake is reported before anything is made, all mistakes at once, each with its path.
`

// profiles are those whose defaults are shown.
var profiles = []string{"demo", "prod"}

// field is one key of the configuration.
type field struct{ key, kind, about, element string }

// Render returns the page for the types in the Go file source.
func Render(source string) (string, error) {
	types, err := structs(source)
	if err != nil {
		return "", err
	}
	var defaults []map[string]any
	for _, profile := range profiles {
		values, err := defaultsOf(stacks.Defaults(profile))
		if err != nil {
			return "", err
		}
		defaults = append(defaults, values)
	}
	var page strings.Builder
	page.WriteString(head)
	for _, section := range types["Config"] {
		fmt.Fprintf(&page, "\n## %s\n\n%s\n", section.key, section.about)
		if section.element == "" {
			continue
		}
		fmt.Fprintf(&page, "\n| key | type | default in %s | what it is |\n|---|---|%s---|\n",
			strings.Join(profiles, " | in "), strings.Repeat("---|", len(profiles)))
		writeRows(&page, types, section.element, "", below(defaults, section.key))
	}
	return page.String(), nil
}

// writeRows writes a row for each key of the type name; defaults are those of each profile.
func writeRows(page *strings.Builder, types map[string][]field, name, prefix string, defaults []map[string]any) {
	for _, f := range types[name] {
		_, nested := types[f.element]
		if nested && f.kind != "list" {
			writeRows(page, types, f.element, prefix+f.key+".", below(defaults, f.key))
			continue
		}
		fmt.Fprintf(page, "| `%s` | %s |", prefix+f.key, f.kind)
		for _, values := range defaults {
			fmt.Fprintf(page, " %s |", shown(values[f.key]))
		}
		fmt.Fprintf(page, " %s |\n", f.about)
		if nested {
			writeRows(page, types, f.element, prefix+f.key+"[].", make([]map[string]any, len(defaults)))
		}
	}
}

// below is what each profile has under key.
func below(defaults []map[string]any, key string) []map[string]any {
	inner := make([]map[string]any, len(defaults))
	for i, values := range defaults {
		inner[i], _ = values[key].(map[string]any)
	}
	return inner
}

// shown is a default as a reader sees it; one that is empty is none.
func shown(value any) string {
	if value == nil || reflect.ValueOf(value).IsZero() {
		return ""
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return "`" + string(text) + "`"
}

func defaultsOf(cfg stacks.Config) (map[string]any, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	var defaults map[string]any
	return defaults, json.Unmarshal(text, &defaults)
}

// structs reads the exported struct types of a Go file: their fields' keys, types and comments.
func structs(source string) (map[string][]field, error) {
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	types := map[string][]field{}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if structure, ok := spec.Type.(*ast.StructType); ok {
			types[spec.Name.Name] = fieldsOf(structure)
		}
		return false
	})
	return types, nil
}

func fieldsOf(structure *ast.StructType) []field {
	var fields []field
	about := ""
	for _, f := range structure.Fields.List {
		// fields that share one comment stand together under it
		if text := strings.Join(strings.Fields(f.Doc.Text()), " "); text != "" {
			about = text
		}
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		kind, element := typeOf(f.Type)
		fields = append(fields, field{key: strings.TrimSuffix(tag, ",omitempty"), kind: kind, about: about, element: element})
	}
	return fields
}

// typeOf names a field's type as a user writes it, and the struct it is or holds.
func typeOf(expression ast.Expr) (kind, element string) {
	switch t := expression.(type) {
	case *ast.ArrayType:
		_, element = typeOf(t.Elt)
		return "list", element
	case *ast.MapType:
		return "map", ""
	case *ast.StarExpr: // left out as a whole, and told of as a whole
		return "object", ""
	case *ast.Ident:
		switch t.Name {
		case "int":
			return "number", ""
		case "string", "Role":
			return "text", ""
		case "bool":
			return "true or false", ""
		}
		return "object", t.Name
	}
	return "", ""
}
