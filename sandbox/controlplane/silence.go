package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
)

// LoseNode makes a node fall silent, as one does whose machine has no power or no network: nothing acts for its kubelet any
// more, so that its pods neither start nor end. The conditions that Kubernetes would come to after a while are set at once;
// what follows from them, taints and the eviction of pods, is left to its controllers. A node that is not there is no error.
func (c *ControlPlane) LoseNode(ctx context.Context, name string) error {
	if err := c.labelSimulated(ctx, name, silent); err != nil {
		return ignoreNotFound(err)
	}
	nodes := c.client.CoreV1().Nodes()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		node, err := nodes.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for i := range node.Status.Conditions {
			condition := &node.Status.Conditions[i]
			if condition.Status == corev1.ConditionUnknown {
				continue
			}
			condition.Status, condition.LastTransitionTime = corev1.ConditionUnknown, metav1.Now()
			condition.Reason, condition.Message = "NodeStatusUnknown", "Kubelet stopped posting node status."
		}
		_, err = nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return ignoreNotFound(fmt.Errorf("conditions of silent node %s: %w", name, err))
	}
	return c.markPods(ctx, name, corev1.ConditionFalse)
}

// FindNode takes LoseNode back and returns when the node is ready. A node that is not silent is left alone.
func (c *ControlPlane) FindNode(ctx context.Context, name string) error {
	node, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return ignoreNotFound(fmt.Errorf("node %s: %w", name, err))
	}
	if node.Labels[SimulatedLabel] != silent {
		return nil
	}
	if err := c.labelSimulated(ctx, name, simulated); err != nil {
		return err
	}
	if err := c.markPods(ctx, name, corev1.ConditionTrue); err != nil {
		return err
	}
	return wait(ctx, "node "+name+" to be ready", func(ctx context.Context) error {
		node, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return ignoreNotFound(err)
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return errors.New("it is not ready yet")
	})
}

func (c *ControlPlane) labelSimulated(ctx context.Context, name, value string) error {
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, SimulatedLabel, value)
	if _, err := c.client.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("label of node %s: %w", name, err)
	}
	return nil
}

// markPods says of a node's running pods whether they are ready: Services send nothing to those that are not.
func (c *ControlPlane) markPods(ctx context.Context, node string, ready corev1.ConditionStatus) error {
	pods, err := c.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node + ",status.phase=Running"})
	if err != nil {
		return fmt.Errorf("pods of node %s: %w", node, err)
	}
	patch := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":%q,"lastTransitionTime":%q}]}}`, ready, time.Now().UTC().Format(time.RFC3339))
	for _, pod := range pods.Items {
		_, err := c.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
		if ignoreNotFound(err) != nil {
			return fmt.Errorf("pod %s/%s of node %s: %w", pod.Namespace, pod.Name, node, err)
		}
	}
	return nil
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
