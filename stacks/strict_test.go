package stacks

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/assert"
)

// A key that is written wrongly would leave its default in force, and of two of a name the first would count for nothing.
func TestKeysThatNobodyReadsAreFound(t *testing.T) {
	const unknown, twice = "unknown key; docs/configuration.md lists the known ones", "is there twice: leave one of the two"
	type node struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels,omitempty"`
		Free   any               `json:"free"`
	}
	type section struct {
		Nodes []node `json:"nodes"`
		Image *node  `json:"image"`
		Text  string
	}
	for text, want := range map[string][]unknownKey{
		`{"nodes": [{"name": "a"}, {"nam": {"e": [1]}, "name": "b"}], "image": {"labels": {"any": "1"}}}`: {{".nodes[1].nam", unknown}},
		`{"image": {"Name": "a", "free": {"x": [{"y": 1}]}}, "Nodes": [], "Text": "a"}`:                   {{".image.Name", "unknown key: it is name"}, {".Nodes", "unknown key: it is nodes"}, {".Text", unknown}},
		`{"image": null, "image": {"name": "a", "name": "b"}}`:                                            {{".image", twice}, {".image.name", twice}},
		`{}`: nil,
	} {
		assert.DeepEqual(t, unknownKeys(text, reflect.TypeFor[*section]()), want, cmp.AllowUnexported(unknownKey{}))
	}
	assert.DeepEqual(t, unknownKeys(`[{"nme": 1}]`, reflect.TypeFor[*[]node]()), []unknownKey{{"[0].nme", unknown}}, cmp.AllowUnexported(unknownKey{}))
	assert.DeepEqual(t, unknownKeys(`"text"`, reflect.TypeFor[*string]()), []unknownKey(nil))
}
