package outputs_test

import (
	"encoding/json"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/stacks/outputs"
)

// platform is what `pulumi stack output --json` prints, with one output more than this version knows.
const platform = `{
	"contractVersion": 1, "newer": {"unknown": true},
	"exchange": {"url": "https://demo.iransre.ir", "host": "demo.iransre.ir"},
	"nodes": [{"name": "arvan-k8s-m1", "role": "control-plane", "privateIp": "10.10.0.2", "publicIp": "203.0.113.2", "zone": "ir-thr-fr1"}],
	"namespaces": {"postgres": "postgres"}
}`

func values(t *testing.T, text string) map[string]any {
	t.Helper()
	var values map[string]any
	assert.NilError(t, json.Unmarshal([]byte(text), &values))
	return values
}

func TestConsumersReadTheContract(t *testing.T) {
	read, err := outputs.Parse(values(t, platform))
	assert.NilError(t, err)
	assert.Equal(t, read.Exchange.URL, "https://demo.iransre.ir")
	assert.Equal(t, read.Nodes[0].PrivateAddress, "10.10.0.2")
	assert.Equal(t, read.Namespaces["postgres"], "postgres")
}

func TestAnotherContractIsRefused(t *testing.T) {
	_, err := outputs.Parse(values(t, `{"contractVersion": 2}`))
	assert.ErrorContains(t, err, "contract 2, this program reads 1")
}

func TestAStackThatIsNotUpIsNamedAsSuch(t *testing.T) {
	_, err := outputs.Parse(map[string]any{})
	assert.ErrorContains(t, err, "not up")
}
