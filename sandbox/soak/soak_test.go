package soak

import (
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

const output = `Updating (demo):
@ updating....
 +  kubernetes:core/v1:Secret login creating (0s)
@ updating.......
 +  kubernetes:core/v1:Secret login created (0.1s)

`

func TestMomentsAreCountedBySteps(t *testing.T) {
	assert.Equal(t, steps(output), 2)
	assert.Equal(t, last(output), "+  kubernetes:core/v1:Secret login created (0.1s)")
	assert.Equal(t, last(""), "nothing yet")

	watched, ended := &watched{}, make(chan error, 1)
	_, err := watched.Write([]byte(output))
	assert.NilError(t, err)
	_, done := watched.reach(2, time.Nanosecond, ended)
	assert.Assert(t, !done)
	ended <- nil
	_, done = watched.reach(3, 0, ended)
	assert.Assert(t, done, "it ended at its second step")
}

func TestTheInventorySaysWhatIsThereTwiceAndWhatIsNotWhole(t *testing.T) {
	found := inventory{}
	assert.NilError(t, found.addObjects([]byte(`{"items": [
		{"kind": "Namespace", "metadata": {"name": "web"}},
		{"kind": "Secret", "metadata": {"namespace": "web", "name": "v1", "labels": {"owner": "helm", "name": "shop", "status": "superseded"}}},
		{"kind": "Secret", "metadata": {"namespace": "web", "name": "v2", "labels": {"owner": "helm", "name": "shop", "status": "deployed"}}},
		{"kind": "Secret", "metadata": {"namespace": "web", "name": "v3", "labels": {"owner": "helm", "name": "shop", "status": "deployed"}}},
		{"kind": "Secret", "type": "bootstrap.kubernetes.io/token", "metadata": {"namespace": "kube-system", "name": "bootstrap-token-1a2b3c"}},
		{"kind": "Secret", "metadata": {"namespace": "web", "name": "v4", "labels": {"owner": "helm", "name": "shop", "status": "pending-upgrade"}}}
	]}`)))
	assert.DeepEqual(t, found, inventory{"cluster: namespace /web": 1, "cluster: release web/shop deployed": 2, "cluster: release web/shop pending-upgrade": 1})
}
