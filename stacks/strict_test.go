package stacks

import (
	"reflect"
	"testing"

	"gotest.tools/v3/assert"
)

// A key that is written wrongly would leave its default in force, and of two of a name the first would count for nothing.
func TestKeysThatNobodyReadsAreFound(t *testing.T) {
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
	for text, want := range map[string][]string{
		`{"nodes": [{"name": "a"}, {"nam": {"e": [1]}, "name": "b"}], "image": {"labels": {"any": "1"}}}`: {".nodes[1].nam"},
		`{"image": {"Name": "a", "free": {"x": [{"y": 1}]}}, "Nodes": [], "Text": "a"}`:                   {".image.Name", ".Nodes", ".Text"},
		`{"image": null, "image": {"name": "a", "name": "b"}}`:                                            {".image", ".image.name"},
		`{}`: nil,
	} {
		assert.DeepEqual(t, unknownKeys(text, reflect.TypeFor[*section]()), want)
	}
	assert.DeepEqual(t, unknownKeys(`[{"nme": 1}]`, reflect.TypeFor[*[]node]()), []string{"[0].nme"})
	assert.DeepEqual(t, unknownKeys(`"text"`, reflect.TypeFor[*string]()), []string(nil))
}
