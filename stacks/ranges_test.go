package stacks

import (
	"errors"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// The ranges that the stack file calls "cdn" are those of ArvanCloud's list, as long as it is one.
func TestTheCDNsRanges(t *testing.T) {
	last := []any{"192.0.2.0/25", "192.0.2.128/25", "198.51.100.0/24"}
	known := []mocktest.Left{{Type: rememberedType, Name: "settings", Outputs: map[string]any{"webRanges": last}}}
	for name, test := range map[string]struct {
		left    []mocktest.Left
		listed  []any
		err     error
		taken   string
		refused string
	}{
		"at first":                   {nil, []any{"192.0.2.0/25"}, nil, "192.0.2.0/25", ""},
		"one came, one went":         {known, []any{"192.0.2.0/25", "198.51.100.0/24", "203.0.113.0/24"}, nil, "192.0.2.0/25,198.51.100.0/24,203.0.113.0/24", ""},
		"most of them went":          {known, []any{"192.0.2.0/25", "203.0.113.0/24"}, nil, "192.0.2.0/25,192.0.2.128/25,198.51.100.0/24", ""},
		"the list cannot be read":    {known, nil, errors.New("no route"), "192.0.2.0/25,192.0.2.128/25,198.51.100.0/24", ""},
		"nor could it ever be read ": {nil, nil, errors.New("no route"), "", "network.webCidrs[0]: no route. List the ranges themselves"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := Load(project, "prod", completed(t, "prod"))
			assert.NilError(t, err)
			recording, err := tryIn(t, mocktest.World{Last: test.left, Ranges: func() ([]any, error) { return test.listed, test.err }}, cfg)
			if test.refused != "" {
				assert.ErrorContains(t, err, test.refused)
				return
			}
			assert.NilError(t, err)
			for _, rule := range recording.Get(t, "test-workers").Inputs["rules"].ArrayValue() {
				assert.Equal(t, joined(mocktest.Plain(rule).(map[string]any)["cidrs"]), test.taken)
			}
			values := mocktest.Plain(resource.NewProperty(recording.Get(t, "ingress-release").Inputs)).(map[string]any)["values"].(map[string]any)
			believed := values["ports"].(map[string]any)["websecure"].(map[string]any)["forwardedHeaders"].(map[string]any)["trustedIPs"]
			assert.Equal(t, joined(believed), test.taken)
		})
	}
}

// joined is a list of texts, with commas between them.
func joined(list any) string {
	var texts []string
	for _, each := range list.([]any) {
		texts = append(texts, each.(string))
	}
	return strings.Join(texts, ",")
}
