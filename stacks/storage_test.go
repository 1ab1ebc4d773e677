package stacks

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// What grows on a node's disk has a limit there, and is warned of before it gets near.
func TestWhatGrowsHasALimitAndAnAlert(t *testing.T) {
	for stack, sizes := range map[string]map[string]string{
		"demo": {"postgres": "5Gi", "objectstore": "5Gi", "logging": "4Gi"}, "prod": {"postgres": "20Gi", "objectstore": "40Gi", "logging": "30Gi"},
	} {
		recording := deployed(t, stack)
		for name, size := range sizes {
			if stack == "demo" { // prod's servers have volumes
				limits := mocktest.Plain(recording.Get(t, name+"-storage-limit").Inputs["spec"]).(map[string]any)["limits"].([]any)
				assert.DeepEqual(t, limits[0].(map[string]any)["default"], map[string]any{"ephemeral-storage": size})
			}
			if name == "logging" { // keeps itself within its size
				recording.Get(t, map[string]string{"demo": "logging-retention", "prod": "logging-settings"}[stack])
				continue
			}
			groups := mocktest.Plain(recording.Get(t, name+"-alerts").Inputs["spec"]).(map[string]any)["groups"].([]any)
			limit := groups[0].(map[string]any)["rules"].([]any)[0].(map[string]any)
			assert.DeepEqual(t, limit["labels"], map[string]any{"store": name})
			assert.Equal(t, limit["expr"], "vector("+strings.TrimSuffix(size, "Gi")+" * 1024^3)")
		}
		recording.Get(t, "monitoring-alerts")
	}
}
