package controlplane_test

import (
	"errors"
	"fmt"
	"testing"

	"gotest.tools/v3/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
)

// lostNodeComesBack: what Kubernetes does about a node that is silent, and that nothing happens on it meanwhile.
func lostNodeComesBack(t *testing.T, f *fixture) {
	const name = "far"
	assert.NilError(t, f.running.ApplyNode(t.Context(), controlplane.Node{Name: name, InternalIP: "10.20.0.50", Taints: []string{"far=true:NoSchedule"}}))
	eventually(t, "the node is ready", func() error { return f.condition(t, name, corev1.NodeReady, corev1.ConditionTrue) })
	namespace := f.namespace(t)
	second, hour := int64(1), int64(3600)
	for pod, patience := range map[string]*int64{"impatient": &second, "patient": &hour, "deleted": &hour} {
		p := onNode(pod, name)
		p.Spec.Tolerations = []corev1.Toleration{{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute, Operator: corev1.TolerationOpExists, TolerationSeconds: patience}}
		f.create(t, namespace, p)
		f.eventuallyPod(t, namespace, pod, corev1.PodRunning)
	}

	assert.NilError(t, f.running.LoseNode(t.Context(), name))
	assert.NilError(t, f.condition(t, name, corev1.NodeReady, corev1.ConditionUnknown))
	assert.NilError(t, f.ready(t, namespace, "patient", corev1.ConditionFalse))
	assert.NilError(t, f.client.CoreV1().Pods(namespace).Delete(t.Context(), "deleted", metav1.DeleteOptions{}))
	f.create(t, namespace, onNode("late", name))
	eventually(t, "the pod that cannot wait is evicted", func() error {
		pod, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "impatient", metav1.GetOptions{})
		assert.NilError(t, err, "nobody on the node ends it")
		if pod.DeletionTimestamp == nil {
			return errors.New("it is not being deleted")
		}
		return nil
	})
	_, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "deleted", metav1.GetOptions{})
	assert.NilError(t, err)
	late, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "late", metav1.GetOptions{})
	assert.NilError(t, err)
	assert.Equal(t, late.Status.Phase, corev1.PodPending)

	assert.NilError(t, f.running.FindNode(t.Context(), name))
	assert.NilError(t, f.condition(t, name, corev1.NodeReady, corev1.ConditionTrue))
	assert.NilError(t, f.ready(t, namespace, "patient", corev1.ConditionTrue))
	f.eventuallyPod(t, namespace, "late", corev1.PodRunning)
	for _, pod := range []string{"impatient", "deleted"} {
		eventually(t, pod+" ends", func() error {
			_, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), pod, metav1.GetOptions{})
			return gone(err)
		})
	}
	eventually(t, "no taint is left", func() error {
		node, err := f.client.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
		if err == nil && len(node.Spec.Taints) != 1 {
			return fmt.Errorf("taints: %v", node.Spec.Taints)
		}
		return err
	})
	assert.NilError(t, f.running.FindNode(t.Context(), name), "twice is no error")

	before, err := f.client.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
	assert.NilError(t, err)
	assert.NilError(t, f.running.UpgradeNode(t.Context(), name, "v1.36.1"))
	after, err := f.client.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
	assert.NilError(t, err)
	assert.Equal(t, after.Status.NodeInfo.KubeletVersion, "v1.36.1")
	assert.DeepEqual(t, after.Spec, before.Spec)
	assert.DeepEqual(t, after.Labels, before.Labels)
	assert.NilError(t, f.running.DeleteNode(t.Context(), name))
	assert.NilError(t, f.running.LoseNode(t.Context(), name), "nor is a node that is not there")
	assert.NilError(t, f.running.FindNode(t.Context(), name))
}

// onNode is a pod that no scheduler has to place.
func onNode(name, node string) *corev1.Pod {
	p := pod(name)
	p.Spec.NodeName = node
	return p
}

func (f *fixture) condition(t *testing.T, node string, kind corev1.NodeConditionType, status corev1.ConditionStatus) error {
	t.Helper()
	found, err := f.client.CoreV1().Nodes().Get(t.Context(), node, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range found.Status.Conditions {
		if condition.Type == kind && condition.Status == status {
			return nil
		}
	}
	return fmt.Errorf("conditions of %s: %v", node, found.Status.Conditions)
}

func (f *fixture) ready(t *testing.T, namespace, name string, status corev1.ConditionStatus) error {
	t.Helper()
	found, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range found.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == status {
			return nil
		}
	}
	return fmt.Errorf("conditions of %s: %v", name, found.Status.Conditions)
}
