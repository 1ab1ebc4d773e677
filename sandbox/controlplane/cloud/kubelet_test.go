package cloud

import (
	"encoding/json"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/utils/gotpl"
	"sigs.k8s.io/kwok/pkg/utils/lifecycle"
)

// What KWOK is about to say of a node that has fallen silent meanwhile has to be refused, or the node is ready again although
// nobody acts for it: by the API server, to which each patch names the version of the node that it was made for.
func TestAPatchIsForTheNodeAsItWas(t *testing.T) {
	renderer := gotpl.NewRenderer(gotpl.FuncMap{
		"NodeConditions": func() any {
			return []map[string]string{{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "it is"}}
		},
	})
	stages, err := lifecycle.NewLifecycle(nodeStages(time.Minute))
	assert.NilError(t, err)
	for stage, conditions := range map[string][]corev1.NodeCondition{
		"start":     nil,
		"heartbeat": {{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
	} {
		node := &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: "arvan-demo-w1", ResourceVersion: "4711"}, Status: corev1.NodeStatus{Conditions: conditions},
		}
		next, err := stages.Match(t.Context(), &lifecycle.Event{Data: node})
		assert.NilError(t, err)
		assert.Equal(t, next.Name(), stage)
		patches := 0
		rest, err := next.DoSteps(0, nil, node, renderer,
			func(*internalversion.StageEvent) error { return nil },
			func() error { return nil },
			func(patch *lifecycle.Patch) error {
				patches++
				var patched corev1.Node
				assert.NilError(t, json.Unmarshal(patch.Data, &patched), string(patch.Data))
				assert.Equal(t, patched.ResourceVersion, "4711", string(patch.Data))
				assert.Equal(t, patched.Status.Conditions[0].Type, corev1.NodeReady, string(patch.Data))
				assert.Equal(t, patch.Subresource, "status")
				return nil
			},
			func(*lifecycle.Apply) error { return nil })
		assert.NilError(t, err)
		assert.Equal(t, rest, -1)
		assert.Equal(t, patches, 1, stage)
	}
}
