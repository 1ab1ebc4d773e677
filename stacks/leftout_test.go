package stacks

import (
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// Names lead to every worker that is not left out. An alert looks whether somebody answers there, where nothing is in front that does.
func TestNoNameLeadsToAWorkerThatIsLeftOut(t *testing.T) {
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	cfg.Edge.LeaveOut = []string{"arvan-prod-w2"}
	for _, mode := range []edge.Mode{edge.WithWAF, edge.DNS} {
		cfg.Edge.Mode = mode
		made := deployedWith(t, cfg)
		for _, name := range []string{"edge-record", "edge-files-record"} {
			addresses := mocktest.Plain(made.Get(t, name).Inputs["addresses"]).([]any)
			assert.Equal(t, len(addresses), 3, "%s: %v", mode, addresses)
		}
		spec := mocktest.Plain(made.Get(t, "ingress-alerts").Inputs["spec"]).(map[string]any)
		var watched []any
		for _, group := range spec["groups"].([]any) {
			for _, each := range group.(map[string]any)["rules"].([]any) {
				if rule := each.(map[string]any); rule["record"] == "platform_record_leads_to" {
					watched = append(watched, rule["labels"].(map[string]any)["node"])
				}
			}
		}
		if mode == edge.DNS {
			assert.DeepEqual(t, watched, []any{"arvan-prod-w1", "arvan-prod-w3", "arvan-prod-w4"})
		} else {
			assert.Equal(t, len(watched), 0)
		}
	}
}
