package yaml_test

import (
	"testing"

	"gotest.tools/v3/assert"
	theirs "sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/internal/yaml"
)

type document struct {
	Name   string            `json:"name"`
	Size   int64             `json:"size,omitempty"`
	Share  float64           `json:"share,omitempty"`
	On     bool              `json:"on,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	List   []any             `json:"list,omitempty"`
}

func TestWhatIsWrittenReadsAsItWas(t *testing.T) {
	for _, written := range []document{
		{Name: "a"}, {Name: "yes", Labels: map[string]string{"b": "1", "a": "null", "": "true"}},
		{Name: "0123", Size: 1 << 60, Share: 0.25, On: true, List: []any{"x", map[string]any{"y": []any{"z"}}, nil}},
		{Name: "#!/bin/sh\nset -e\n\techo \"a: b\"\n", Labels: map[string]string{"key": " - ", "other": "é\u200f\x07"}},
		{Name: "2026-11-27", Labels: map[string]string{"on": "off", "~": "~", "1e3": "1e3", "=": "<<"}},
	} {
		text, err := yaml.Marshal(written)
		assert.NilError(t, err)
		var ours, their document
		assert.NilError(t, yaml.UnmarshalStrict(text, &ours))
		assert.DeepEqual(t, ours, written)
		assert.NilError(t, theirs.UnmarshalStrict(text, &their), "%s", text)
		assert.DeepEqual(t, their, written)
	}
}

func TestItReadsAsKubernetesDoes(t *testing.T) {
	for _, text := range []string{
		"name: a\nsize: 7\nshare: 1\nlist: [1, 2.5, true, null, {a: b}]\n", "# nothing\nname: |\n  two\n  lines\nlabels: {a: \"1\"}\n", "", "{}",
		`{"name": "a", "list": ["b"]}`, "name: &x a\nlabels: {a: *x}\n", "name: a\nlist:\n- b\n- - c\n",
	} {
		var ours, their document
		assert.NilError(t, yaml.UnmarshalStrict([]byte(text), &ours), "%s", text)
		assert.NilError(t, theirs.UnmarshalStrict([]byte(text), &their), "%s", text)
		assert.DeepEqual(t, ours, their)
	}
	for _, text := range []string{"name: a\nnme: b\n", "name: a\nname: b\n", "name: [\n", "name: [a]\n", "- a\n"} {
		assert.Assert(t, yaml.UnmarshalStrict([]byte(text), &document{}) != nil, "%s", text)
		assert.Assert(t, theirs.UnmarshalStrict([]byte(text), &document{}) != nil, "%s", text)
	}
	assert.NilError(t, yaml.Unmarshal([]byte("nme: b\n"), &document{}))
}
