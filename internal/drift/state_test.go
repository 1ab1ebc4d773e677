package drift_test

import (
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/drift"
)

const state = `{"deployment": {"resources": [
  {"type": "pulumi:pulumi:Stack", "urn": "stack", "outputs": {"kubeconfig": "apiVersion: v1"}},
  {"type": "kubernetes:helm.sh/v3:Release", "urn": "minio", "inputs": {"name": "minio", "namespace": "objectstore"}, "outputs": {"status": {"revision": 3}}},
  {"type": "kubernetes:helm.sh/v3:Release", "urn": "exchange", "ignoreChanges": ["chart", "values"],
   "inputs": {"name": "exchange", "namespace": "exchange"}, "outputs": {"status": {"revision": 7}}}
]}}`

// Each of their deliveries would be a finding, and the command to undo it would bring the old version back.
func TestAReleaseThatOthersDeliverIsTheirs(t *testing.T) {
	read, err := drift.ReadState([]byte(state))
	assert.NilError(t, err)
	assert.DeepEqual(t, read.Releases, []drift.Release{{URN: "minio", Namespace: "objectstore", Name: "minio", Revision: 3}})
}
