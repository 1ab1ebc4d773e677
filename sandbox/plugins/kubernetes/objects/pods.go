package objects

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// UnreadyPods tells of each pod that is not ready why it is not.
func UnreadyPods(pods []corev1.Pod) []string {
	var reasons []string
	for i := range pods {
		for _, reason := range podReasons(&pods[i]) {
			reasons = append(reasons, fmt.Sprintf("[Pod %s/%s]: %s", pods[i].Namespace, pods[i].Name, reason))
		}
	}
	return reasons
}

// podReasons tells why a pod is neither ready nor done.
func podReasons(pod *corev1.Pod) []string {
	if pod.Status.Phase == corev1.PodSucceeded {
		return nil
	}
	var reasons []string
	for _, condition := range pod.Status.Conditions {
		switch {
		case condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue:
			return nil
		case condition.Status == corev1.ConditionFalse && condition.Message != "":
			reasons = append(reasons, condition.Message)
		}
	}
	for _, container := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		switch state := container.State; {
		case state.Waiting != nil && state.Waiting.Reason != "":
			reasons = append(reasons, fmt.Sprintf("container %q: [%s] %s", container.Name, state.Waiting.Reason, state.Waiting.Message))
		case state.Terminated != nil && state.Terminated.ExitCode != 0:
			reasons = append(reasons, fmt.Sprintf("container %q: terminated with code %d (%s)",
				container.Name, state.Terminated.ExitCode, state.Terminated.Reason))
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, fmt.Sprintf("it is %s", pod.Status.Phase))
	}
	return reasons
}

// conditions are the messages of those conditions of an object that have the status.
func conditions(live *object, status string) []string { return conditionsOf(live, "", status) }

func conditionsOf(live *object, kind, status string) []string {
	list, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	var found []string
	for _, element := range list {
		condition, _ := element.(map[string]any)
		if condition["status"] == status && (kind == "" || condition["type"] == kind) {
			found = append(found, fmt.Sprintf("[%v] %v", condition["reason"], condition["message"]))
		}
	}
	return found
}

func decode(live *object, into any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, into)
}
