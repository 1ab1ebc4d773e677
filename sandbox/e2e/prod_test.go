//go:build e2e

package e2e

import (
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/stacks/outputs"
)

var prodNodes = []string{
	"arvan-prod-m1", "arvan-prod-m2", "arvan-prod-m3", "arvan-prod-w1", "arvan-prod-w2", "arvan-prod-w3", "arvan-prod-w4",
}

// The life of the prod stack: what demo does not show is that nodes come, change and go, and that versions do. It begins one
// release before the newest.
func TestTheProdStack(t *testing.T) {
	beside(t, 11*time.Minute)
	s := newSandbox(t, "e2e-prod", "prod")
	s.must(t, "preview", s.stack) // makes the stack and its world, changes nothing
	l := newLife(t, s)
	l.versions(t, "v2.30.0", "1.34.3")
	l.admit(t)
	steps := []struct {
		name string
		run  func(*testing.T, *life)
	}{
		{"up ends with every node and pod ready", prodUp},
		{"refresh finds no drift", func(t *testing.T, _ *life) { refresh(t, s) }},
		{"one more worker touches nothing else", addWorker},
		{"a label changes, another goes", relabel},
		{"a volume that was made larger in the panel is used", growVolume},
		{"a removed worker is drained before its machine goes", removeWorker},
		{"what the cluster could not bear is refused", unbearable},
		{"a worker gets another image under its name", replaceWorker},
		{"the third control plane does, too", replaceControlPlane},
		{"an upgrade takes the next release", upgrade},
		{"destroy leaves nothing", func(t *testing.T, _ *life) { destroy(t, s) }},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, l) }) {
			t.FailNow()
		}
	}
}

// dataPath is where a worker's own volume is mounted.
const dataPath = "/opt/local-path-provisioner"

func prodUp(t *testing.T, l *life) {
	output := l.up(t)
	inOrder(t, output, "VolumeAttachment arvan-prod-w4-data-attachment created", "Command arvan-prod-w4-data-disk created", "Command prod-cluster-run creating")
	assert.Equal(t, l.on(t, "arvan-prod-w4", "mountpoint "+dataPath), dataPath+" is a mountpoint")
	l.again(t)
	l.settled(t, "v1.34.3", prodNodes...)
	assert.DeepEqual(t, l.servers(t), append([]string{"arvan-prod-b1"}, prodNodes...))
	var values map[string]any
	l.query(t, &values, "pulumi", "stack", "output", "--json")
	platform, err := outputs.Parse(values)
	assert.NilError(t, err)
	assert.Equal(t, platform.Nodes[0].Role, "bastion")
}
