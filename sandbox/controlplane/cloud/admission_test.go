package cloud

import (
	"testing"

	"gotest.tools/v3/assert"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
)

func TestDaemonSetsThatWereThereBeforeAreSentOrKeptOffToo(t *testing.T) {
	set := func(name, image string, affinity *corev1.Affinity) *appsv1.DaemonSet {
		return &appsv1.DaemonSet{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "kube-system"},
			Spec: appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				Containers: []corev1.Container{{Name: "main", Image: image}}, Affinity: affinity,
			}}},
		}
	}
	onWorkers := corev1.NodeSelectorRequirement{Key: "worker", Operator: corev1.NodeSelectorOpExists}
	off := corev1.NodeSelectorRequirement{Key: controlplane.SimulatedLabel, Operator: corev1.NodeSelectorOpDoesNotExist}
	required := func(terms ...corev1.NodeSelectorTerm) *corev1.Affinity {
		return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms}}}
	}
	term := func(expressions ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: expressions}
	}
	client := fake.NewClientset(
		set("plain", "proxy:1", nil), set("choosy", "proxy:1", required(term(onWorkers), term())), set("logs", "nowhere:1", required(term(onWorkers))),
	)
	answers := admission{func(image string) bool { return image == "proxy:1" }}
	for range 2 { // the second time nothing is left to change
		assert.NilError(t, answers.daemonSetsBefore(t.Context(), client))
		for name, want := range map[string]*corev1.Affinity{"plain": required(term(off)), "choosy": required(term(onWorkers, off), term(off)), "logs": nil} {
			changed, err := client.AppsV1().DaemonSets("kube-system").Get(t.Context(), name, metav1.GetOptions{})
			assert.NilError(t, err)
			assert.DeepEqual(t, changed.Spec.Template.Spec.Affinity, want)
			assert.Equal(t, len(changed.Spec.Template.Spec.NodeSelector) > 0, name == "logs")
		}
	}
	patches := 0
	for _, action := range client.Actions() {
		if action.GetVerb() == "patch" {
			patches++
		}
	}
	assert.Equal(t, patches, 4, "the simulated one is sent again, which changes nothing") // see send
}
