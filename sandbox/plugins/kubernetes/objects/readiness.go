package objects

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
)

// check tells what a live object still lacks; nothing means it is ready. An error ends the waiting.
type check func(ctx context.Context, client kubernetes.Interface, live *object) ([]string, error)

// readiness are the kinds that are not ready as soon as they are there.
var readiness = map[string]check{
	"apps/v1/Deployment":           rolledOut("replicas", "updatedReplicas", "availableReplicas"),
	"apps/v1/StatefulSet":          rolledOut("replicas", "updatedReplicas", "readyReplicas"),
	"apps/v1/DaemonSet":            daemonSetReady,
	"batch/v1/Job":                 jobComplete,
	"v1/Pod":                       podReady,
	"v1/Service":                   serviceReady,
	"v1/PersistentVolumeClaim":     claimBound,
	"v1/PersistentVolume":          volumeAvailable,
	"networking.k8s.io/v1/Ingress": ingressReady,
}

func number(object *object, path ...string) int64 {
	value, _, _ := unstructured.NestedInt64(object.Object, path...)
	return value
}

func text(object *object, path ...string) string {
	value, _, _ := unstructured.NestedString(object.Object, path...)
	return value
}

// observed says whether the controller has seen the object as it now is.
func observed(live *object) bool {
	return number(live, "status", "observedGeneration") >= live.GetGeneration()
}

// rolledOut is for controllers of a number of replicas, which must all be counted in each of the status fields.
func rolledOut(counts ...string) check {
	return func(ctx context.Context, client kubernetes.Interface, live *object) ([]string, error) {
		wanted, set, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
		if !set {
			wanted = 1
		}
		if !observed(live) {
			return []string{"its controller has not seen it yet"}, nil
		}
		for _, count := range counts {
			if has := number(live, "status", count); has != wanted {
				return explain(ctx, client, live, fmt.Sprintf("%d of %d %s", has, wanted, count)), nil
			}
		}
		return nil, nil
	}
}

func daemonSetReady(ctx context.Context, client kubernetes.Interface, live *object) ([]string, error) {
	wanted := number(live, "status", "desiredNumberScheduled")
	switch {
	case !observed(live):
		return []string{"its controller has not seen it yet"}, nil
	case number(live, "status", "updatedNumberScheduled") < wanted || number(live, "status", "numberAvailable") < wanted:
		return explain(ctx, client, live, fmt.Sprintf("%d of %d pods available",
			number(live, "status", "numberAvailable"), wanted)), nil
	}
	return nil, nil
}

func jobComplete(ctx context.Context, client kubernetes.Interface, live *object) ([]string, error) {
	if reasons := conditionsOf(live, "Failed", "True"); len(reasons) > 0 {
		return nil, fmt.Errorf("job %q failed: %v", id(live), explain(ctx, client, live, reasons...))
	}
	if len(conditionsOf(live, "Complete", "True")) > 0 {
		return nil, nil
	}
	return explain(ctx, client, live, "it has not completed"), nil
}

func podReady(_ context.Context, _ kubernetes.Interface, live *object) ([]string, error) {
	var pod corev1.Pod
	if err := decode(live, &pod); err != nil {
		return nil, err
	}
	return podReasons(&pod), nil
}

// serviceReady waits for an address of the load balancer, and for pods behind the service if it selects any.
func serviceReady(ctx context.Context, client kubernetes.Interface, live *object) ([]string, error) {
	var service corev1.Service
	if err := decode(live, &service); err != nil {
		return nil, err
	}
	spec := service.Spec
	if spec.Type == corev1.ServiceTypeLoadBalancer && len(service.Status.LoadBalancer.Ingress) == 0 {
		return []string{"Service was not allocated an IP address; does your cloud provider support this?"}, nil
	}
	if spec.Type == corev1.ServiceTypeExternalName || len(spec.Selector) == 0 || spec.ClusterIP == corev1.ClusterIPNone {
		return nil, nil
	}
	slices, err := client.DiscoveryV1().EndpointSlices(service.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: "kubernetes.io/service-name=" + service.Name,
	})
	if err != nil {
		return nil, err
	}
	for _, slice := range slices.Items {
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				return nil, nil
			}
		}
	}
	return []string{"Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may " +
		"not match labels on any Pods"}, nil
}

func claimBound(ctx context.Context, client kubernetes.Interface, live *object) ([]string, error) {
	phase := text(live, "status", "phase")
	if phase == string(corev1.ClaimBound) {
		return nil, nil
	}
	// A class that waits for a pod leaves the claim pending, and that is fine.
	if name := text(live, "spec", "storageClassName"); name != "" && phase == string(corev1.ClaimPending) {
		class, err := client.StorageV1().StorageClasses().Get(ctx, name, metav1.GetOptions{})
		if err == nil && class.VolumeBindingMode != nil &&
			*class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer {
			return nil, nil
		}
		if apierrors.IsNotFound(err) {
			return []string{fmt.Sprintf("there is no StorageClass %q", name)}, nil
		}
	}
	return []string{"it is " + phase}, nil
}

func volumeAvailable(_ context.Context, _ kubernetes.Interface, live *object) ([]string, error) {
	switch phase := text(live, "status", "phase"); phase {
	case string(corev1.VolumeAvailable), string(corev1.VolumeBound):
		return nil, nil
	default:
		return []string{"it is " + phase}, nil
	}
}

func ingressReady(_ context.Context, _ kubernetes.Interface, live *object) ([]string, error) {
	addresses, _, _ := unstructured.NestedSlice(live.Object, "status", "loadBalancer", "ingress")
	if len(addresses) == 0 {
		return []string{"Ingress .status.loadBalancer field was not updated with a hostname/IP address"}, nil
	}
	return nil, nil
}

// explain adds to reasons what the object's conditions and its pods say.
func explain(ctx context.Context, client kubernetes.Interface, live *object, reasons ...string) []string {
	reasons = append(reasons, conditions(live, "False")...)
	matchLabels, there, _ := unstructured.NestedStringMap(live.Object, "spec", "selector", "matchLabels")
	if !there {
		return reasons
	}
	pods, err := client.CoreV1().Pods(live.GetNamespace()).List(ctx, metav1.ListOptions{
		LabelSelector: labels.SelectorFromSet(matchLabels).String(),
	})
	if err != nil {
		return reasons
	}
	return append(reasons, UnreadyPods(pods.Items)...)
}
