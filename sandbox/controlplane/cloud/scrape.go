package cloud

import (
	"encoding/json"
	"fmt"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
)

// prometheus keeps simulated pods out of what a Prometheus asks: nobody answers at their addresses, and each would be a target that is
// down. A class of scrapes is what the operator has for whatever all of them have in common.
func prometheus(raw []byte) ([]change, error) {
	var object struct {
		Spec struct {
			ScrapeClasses []map[string]any `json:"scrapeClasses"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("a Prometheus: %w", err)
	}
	for _, class := range object.Spec.ScrapeClasses {
		if class["default"] == true { // ours, or somebody's, and there can be one
			return nil, nil
		}
	}
	return []change{{"add", "/spec/scrapeClasses", append(object.Spec.ScrapeClasses, map[string]any{
		"name": component, "default": true, "relabelings": []any{map[string]any{
			"action": "drop", "sourceLabels": []any{"__meta_kubernetes_pod_node_name"}, "regex": controlplane.SimulatedNode,
		}},
	})}}, nil
}
