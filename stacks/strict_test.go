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
	for text, want := range map[string][]misread{
		`{"nodes": [{"name": "a"}, {"nam": {"e": [1]}, "name": "b"}], "image": {"labels": {"any": "1"}}}`: {{".nodes[1].nam", unknown, false}},
		`{"image": {"Name": "a", "free": {"x": [{"y": 1}]}}, "Nodes": [], "Text": "a"}`:                   {{".image.Name", "unknown key: it is name", false}, {".Nodes", "unknown key: it is nodes", false}, {".Text", unknown, false}},
		`{"image": null, "image": {"name": "a", "name": "b"}}`:                                            {{".image", twice, false}, {".image.name", twice, false}},
		`{}`: nil,
	} {
		assert.DeepEqual(t, misreadIn(text, reflect.TypeFor[section]()), want, cmp.AllowUnexported(misread{}))
	}
	assert.DeepEqual(t, misreadIn(`[{"nme": 1}]`, reflect.TypeFor[[]node]()), []misread{{"[0].nme", unknown, false}}, cmp.AllowUnexported(misread{}))
	assert.DeepEqual(t, misreadIn(`"text"`, reflect.TypeFor[string]()), []misread(nil))
}

// encoding/json names the first only, and forgets the keys of maps.
func TestEachValueOfAnotherTypeIsNamed(t *testing.T) {
	type page struct {
		Host string `json:"host"`
	}
	type section struct {
		Port  int             `json:"port"`
		Hosts []string        `json:"hosts"`
		Pages map[string]page `json:"pages"`
		Image *page           `json:"image"`
		On    *bool           `json:"on"`
		Free  any             `json:"free"`
		Rials int64           `json:"rials"`
	}
	text := `{"port": "22", "hosts": ["a", 1], "pages": {"grafana": {"host": ["x"]}}, "image": "ghcr.io", "on": "yes", "free": [{"x": 1}], "rials": "1"}`
	assert.DeepEqual(t, misreadIn(text, reflect.TypeFor[section]()), []misread{
		{".port", "must be a number, not text", true},
		{".hosts[1]", "must be text, not a number", true},
		{".pages.grafana.host", "must be text, not a list", true},
		{".image", "must be an object, not text", true},
		{".on", "must be true or false, not text", true},
		{".rials", "must be a number, not text", true},
	}, cmp.AllowUnexported(misread{}))
	for text, why := range map[string]string{
		`{"port": 1.5}`: "must be a whole number, without fraction or exponent", `{"port": 1e3}`: "must be a whole number, without fraction or exponent",
		`{"hosts": {"a": [1]}}`: "must be a list of texts, not an object", `{"pages": []}`: "must be an object, not a list",
	} {
		found := misreadIn(text, reflect.TypeFor[section]())
		assert.Equal(t, len(found), 1, text)
		assert.Equal(t, found[0].why, why)
	}
	assert.Equal(t, len(misreadIn(`{"port": null, "image": null, "on": true, "hosts": null, "rials": 9000000000}`, reflect.TypeFor[section]())), 0)
}
