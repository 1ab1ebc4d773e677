package charts_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
	"helm.sh/helm/v3/pkg/chartutil"
)

// schema is what the table of values needs of a JSON schema.
type schema struct {
	Description string             `json:"description"`
	Properties  map[string]*schema `json:"properties"`
	MinLength   int                `json:"minLength"`
	Pattern     string             `json:"pattern"`
}

func TestTheTableOfValuesIsUpToDate(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(exchangeFolder, "values.schema.json"))
	assert.NilError(t, err)
	var root schema
	assert.NilError(t, json.Unmarshal(text, &root))
	delete(root.Properties, "global")
	defaults, err := chartutil.ReadValuesFile(filepath.Join(exchangeFolder, "values.yaml"))
	assert.NilError(t, err)

	table := "| value | default | what |\n|---|---|---|\n" + strings.Join(rows(t, "", &root, defaults), "")
	readme := filepath.Join(exchangeFolder, "README.md")
	current, err := os.ReadFile(readme)
	assert.NilError(t, err)
	before, rest, found := strings.Cut(string(current), "<!-- values:")
	assert.Assert(t, found)
	marker, rest, _ := strings.Cut(rest, "\n")
	_, after, found := strings.Cut(rest, "<!-- /values -->")
	assert.Assert(t, found)
	wanted := before + "<!-- values:" + marker + "\n" + table + "<!-- /values -->" + after
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(readme, []byte(wanted), 0o644))
		return
	}
	assert.Equal(t, string(current), wanted, "the table of values in %s is stale: run go test ./charts -update", readme)
}

// rows makes a row for each value below a key. A default without a property, or a property without a default, is a mistake.
func rows(t *testing.T, prefix string, of *schema, defaults map[string]any) []string {
	t.Helper()
	assert.DeepEqual(t, slices.Sorted(maps.Keys(of.Properties)), slices.Sorted(maps.Keys(defaults)))
	var all []string
	for _, key := range slices.Sorted(maps.Keys(of.Properties)) {
		property, value := of.Properties[key], defaults[key]
		if property.Properties != nil {
			all = append(all, rows(t, prefix+key+".", property, value.(map[string]any))...)
			continue
		}
		assert.Assert(t, property.Description != "", "%s%s has no description in values.schema.json", prefix, key)
		all = append(all, fmt.Sprintf("| `%s%s` | %s | %s |\n", prefix, key, defaultOf(property, value), property.Description))
	}
	return all
}

func defaultOf(property *schema, value any) string {
	if value == "" && (property.MinLength > 0 || strings.HasPrefix(property.Pattern, "^http")) {
		return "*required*"
	}
	text, _ := json.Marshal(value)
	return "`" + string(text) + "`"
}
