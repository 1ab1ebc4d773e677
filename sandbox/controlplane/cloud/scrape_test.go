package cloud

import (
	"encoding/json"
	"testing"

	"gotest.tools/v3/assert"
)

func TestPrometheusDoesNotLookForSimulatedPods(t *testing.T) {
	changes, err := prometheus([]byte(`{"spec": {"scrapeClasses": [{"name": "slow"}]}}`))
	assert.NilError(t, err)
	text, err := json.Marshal(changes)
	assert.NilError(t, err)
	assert.Equal(t, string(text), `[{"op":"add","path":"/spec/scrapeClasses","value":[{"name":"slow"},`+
		`{"default":true,"name":"exchange-sandbox","relabelings":[{"action":"drop","regex":"simulated","sourceLabels":["__meta_kubernetes_pod_node_name"]}]}]}]`)

	again, err := prometheus([]byte(`{"spec": {"scrapeClasses": [{"name": "exchange-sandbox", "default": true}]}}`))
	assert.NilError(t, err)
	assert.Equal(t, len(again), 0, "it is changed once")
}
