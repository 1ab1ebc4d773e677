package controlplane

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
)

// Every node has room for the whole platform: what is tried out here is how it is put together, not how it fills machines.
var nodeCapacity = corev1.ResourceList{
	corev1.ResourceCPU:              resource.MustParse("8"),
	corev1.ResourceMemory:           resource.MustParse("32Gi"),
	corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"),
	corev1.ResourcePods:             resource.MustParse("110"),
	"hugepages-1Gi":                 resource.MustParse("0"),
	"hugepages-2Mi":                 resource.MustParse("0"),
}

// Node describes a machine that joins the cluster.
type Node struct {
	Name         string
	ControlPlane bool
	InternalIP   string
	ExternalIP   string
	Labels       map[string]string
	Taints       []string // key=value:Effect, or key:Effect
	Version      string   // of its kubelet; empty is KubernetesVersion
}

// ApplyNode does what a kubelet does when it joins: it makes the Node, or brings an existing one up to date. Labels that others
// put on the node stay, as do the taints of the system; the rest is as described.
func (c *ControlPlane) ApplyNode(ctx context.Context, node Node) error {
	return ApplyNode(ctx, c.client, node)
}

// ApplyNode makes a simulated node part of any cluster.
func ApplyNode(ctx context.Context, client kubernetes.Interface, node Node) error {
	taints, err := parseTaints(node.Taints)
	if err != nil {
		return fmt.Errorf("node %s: %w", node.Name, err)
	}
	nodes := client.CoreV1().Nodes()
	_, err = nodes.Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node.Name, Labels: node.labels()},
		Spec:       corev1.NodeSpec{Taints: taints},
		Status:     node.status(corev1.NodeStatus{}),
	}, metav1.CreateOptions{})
	if err == nil {
		return nil
	}
	if !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create node %s: %w", node.Name, err)
	}
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		current, err := nodes.Get(ctx, node.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if current.Labels == nil {
			current.Labels = map[string]string{}
		}
		maps.Copy(current.Labels, node.labels())
		current.Spec.Taints = append(taints, systemTaints(current.Spec.Taints)...)
		if current, err = nodes.Update(ctx, current, metav1.UpdateOptions{}); err != nil {
			return err
		}
		current.Status = node.status(current.Status)
		_, err = nodes.UpdateStatus(ctx, current, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("update node %s: %w", node.Name, err)
	}
	return nil
}

// UpgradeNode gives a node's kubelet another version and changes nothing else of the node.
func (c *ControlPlane) UpgradeNode(ctx context.Context, name, version string) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		node, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		node.Status.NodeInfo.KubeletVersion = version
		_, err = c.client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("upgrade node %s: %w", name, err)
	}
	return nil
}

// DeleteNode removes the Node and the pods that were left on it. A node that is not there is no error.
func (c *ControlPlane) DeleteNode(ctx context.Context, name string) error {
	err := c.client.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete node %s: %w", name, err)
	}
	// The pod garbage collector would do it too, but only after it has doubted for 40 seconds that the node is gone.
	pods, err := c.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + name})
	if err != nil {
		return fmt.Errorf("pods of deleted node %s: %w", name, err)
	}
	now := int64(0)
	for _, pod := range pods.Items {
		err := c.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete pod %s/%s of deleted node %s: %w", pod.Namespace, pod.Name, name, err)
		}
	}
	return nil
}

func (n Node) labels() map[string]string {
	labels := map[string]string{
		SimulatedLabel:            simulated,
		corev1.LabelHostname:      n.Name,
		corev1.LabelArchStable:    "amd64",
		corev1.LabelOSStable:      "linux",
		"beta.kubernetes.io/os":   "linux",
		"beta.kubernetes.io/arch": "amd64",
	}
	if n.ControlPlane {
		labels["node-role.kubernetes.io/control-plane"] = ""
		labels["node.kubernetes.io/exclude-from-external-load-balancers"] = ""
	}
	maps.Copy(labels, n.Labels)
	return labels
}

// status leaves the conditions alone: they say whether something acts for the node's kubelet.
func (n Node) status(status corev1.NodeStatus) corev1.NodeStatus {
	version := n.Version
	if version == "" {
		version = KubernetesVersion
	}
	status.Capacity, status.Allocatable = nodeCapacity, nodeCapacity
	status.Addresses = nil
	for _, address := range []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: n.InternalIP},
		{Type: corev1.NodeExternalIP, Address: n.ExternalIP},
		{Type: corev1.NodeHostName, Address: n.Name},
	} {
		if address.Address != "" {
			status.Addresses = append(status.Addresses, address)
		}
	}
	status.NodeInfo = corev1.NodeSystemInfo{
		Architecture: "amd64", OperatingSystem: "linux", OSImage: "Sandbox", KernelVersion: "sandbox",
		ContainerRuntimeVersion: "sandbox://1", KubeletVersion: version,
	}
	return status
}

func parseTaints(texts []string) ([]corev1.Taint, error) {
	effects := []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute}
	var taints []corev1.Taint
	for _, text := range texts {
		pair, effect, found := strings.Cut(text, ":")
		key, value, _ := strings.Cut(pair, "=")
		taint := corev1.Taint{Key: key, Value: value, Effect: corev1.TaintEffect(effect)}
		if !found || key == "" || !slices.Contains(effects, taint.Effect) {
			return nil, fmt.Errorf("taint %q: want key=value:Effect with NoSchedule, PreferNoSchedule or NoExecute", text)
		}
		taints = append(taints, taint)
	}
	return taints, nil
}

// systemTaints are those that controllers put on nodes, such as the one for a node that is not ready.
func systemTaints(taints []corev1.Taint) []corev1.Taint {
	return slices.DeleteFunc(slices.Clone(taints), func(taint corev1.Taint) bool {
		return !strings.HasPrefix(taint.Key, "node.kubernetes.io/")
	})
}
