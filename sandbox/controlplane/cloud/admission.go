package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
)

// admission answers the API server's questions about pods, and about daemon sets, whose pods belong to nodes from the beginning: what
// needs an image that cannot be had is sent to the simulated node, and Prometheus does not look for it there. A webhook does it and no admission policy, because clusters of every
// version have it turned on, also those that somebody else's Kubespray made.
type admission struct{ real func(image string) bool }

// register makes the API server ask at this address, and trust it.
func register(ctx context.Context, client kubernetes.Interface, address string, authority []byte) error {
	fail, none, again := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.IfNeededReinvocationPolicy
	rule := func(group, resource string, operations ...admissionregistrationv1.OperationType) admissionregistrationv1.RuleWithOperations {
		return admissionregistrationv1.RuleWithOperations{Operations: operations, Rule: admissionregistrationv1.Rule{
			APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource},
		}}
	}
	wanted := &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: component},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name:         "simulated.exchange.sandbox",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &address, CABundle: authority},
			Rules: []admissionregistrationv1.RuleWithOperations{
				rule("", "pods", admissionregistrationv1.Create),
				rule("apps", "daemonsets", admissionregistrationv1.Create, admissionregistrationv1.Update),
				rule("monitoring.coreos.com", "prometheuses", admissionregistrationv1.Create, admissionregistrationv1.Update),
			},
			// A pod that nobody was asked about would wait for its image for ever; refused, its owner tries again.
			FailurePolicy: &fail, SideEffects: &none, ReinvocationPolicy: &again, AdmissionReviewVersions: []string{"v1"},
		}},
	}
	configurations := client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	_, err := configurations.Create(ctx, wanted, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		var present *admissionregistrationv1.MutatingWebhookConfiguration
		if present, err = configurations.Get(ctx, component, metav1.GetOptions{}); err == nil {
			wanted.ResourceVersion = present.ResourceVersion
			_, err = configurations.Update(ctx, wanted, metav1.UpdateOptions{})
		}
	}
	if err != nil {
		return fmt.Errorf("make the API server ask about pods: %w", err)
	}
	return nil
}

// largest is the size of a question: an object is at most what etcd takes, once as it is and once as it was.
const largest = 8 << 20

func (a admission) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, largest))
	var review admissionv1.AdmissionReview
	if err == nil {
		err = json.Unmarshal(body, &review)
	}
	if err != nil || review.Request == nil {
		http.Error(response, fmt.Sprintf("no AdmissionReview: %v", err), http.StatusBadRequest)
		return
	}
	answer := &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	changes, err := a.changes(review.Request)
	if err == nil && len(changes) > 0 {
		kind := admissionv1.PatchTypeJSONPatch
		answer.PatchType = &kind
		answer.Patch, err = json.Marshal(changes)
	}
	if err != nil {
		answer.Allowed, answer.Result = false, &metav1.Status{Message: err.Error()}
	}
	review.Request, review.Response = nil, answer
	response.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(response).Encode(review)
}

// change is one operation of a JSON patch.
type change struct {
	Operation string `json:"op"`
	Path      string `json:"path"`
	Value     any    `json:"value,omitempty"`
}

func (a admission) changes(request *admissionv1.AdmissionRequest) ([]change, error) {
	switch request.Kind.Kind {
	case "Prometheus":
		return prometheus(request.Object.Raw)
	case "DaemonSet":
		var set appsv1.DaemonSet
		if err := json.Unmarshal(request.Object.Raw, &set); err != nil {
			return nil, err
		}
		return a.daemonSet(&set), nil
	}
	var pod corev1.Pod
	if err := json.Unmarshal(request.Object.Raw, &pod); err != nil {
		return nil, err
	}
	changes := a.withoutDigests(&pod.Spec)
	owner := metav1.GetControllerOf(&pod)
	if pod.Spec.NodeName != "" || owner != nil && owner.Kind == "DaemonSet" {
		return changes, nil // it is where it belongs
	}
	return append(changes, a.send(&pod.ObjectMeta, &pod.Spec, "")...), nil
}

// daemonSet sends one to the simulated node or keeps it off: the taints that most tolerate would let it go everywhere, and nothing
// answers where Prometheus looks for a simulated one.
func (a admission) daemonSet(set *appsv1.DaemonSet) []change {
	const path = "/spec/template"
	template := &set.Spec.Template
	if changes := a.send(&template.ObjectMeta, &template.Spec, path); len(changes) > 0 {
		return changes
	}
	affinity := &corev1.Affinity{}
	if template.Spec.Affinity != nil {
		affinity = template.Spec.Affinity.DeepCopy()
	}
	if affinity.NodeAffinity == nil {
		affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	required := &affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if *required == nil {
		*required = &corev1.NodeSelector{NodeSelectorTerms: make([]corev1.NodeSelectorTerm, 1)}
	}
	changed := false
	for i := range (*required).NodeSelectorTerms { // one of which has to hold
		term := &(*required).NodeSelectorTerms[i].MatchExpressions
		if !slices.ContainsFunc(*term, func(each corev1.NodeSelectorRequirement) bool { return each.Key == controlplane.SimulatedLabel }) {
			*term = append(*term, corev1.NodeSelectorRequirement{Key: controlplane.SimulatedLabel, Operator: corev1.NodeSelectorOpDoesNotExist})
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return []change{{"add", path + "/spec/affinity", affinity}}
}

// withoutDigests names images that can be had by their tags alone: a chart may name the original's digest, too, which ours do not have.
func (a admission) withoutDigests(spec *corev1.PodSpec) []change {
	var changes []change
	for list, containers := range map[string][]corev1.Container{"initContainers": spec.InitContainers, "containers": spec.Containers} {
		for i, container := range containers {
			if name, _, pinned := strings.Cut(container.Image, "@"); pinned && a.real(container.Image) {
				changes = append(changes, change{"replace", fmt.Sprintf("/spec/%s/%d/image", list, i), name})
			}
		}
	}
	return changes
}

// send sends a pod that needs what cannot be had to the simulated node. What it asks of the nodes it runs on is about machines, several of
// them often, and there is one such node.
func (a admission) send(metadata *metav1.ObjectMeta, spec *corev1.PodSpec, path string) []change {
	missing := a.missing(spec)
	if len(missing) == 0 {
		return nil
	}
	annotations := map[string]string{}
	maps.Copy(annotations, metadata.Annotations)
	annotations[controlplane.UnavailableAnnotation] = strings.Join(missing, " ")
	tolerations := slices.Clone(spec.Tolerations)
	if all := (corev1.Toleration{Operator: corev1.TolerationOpExists}); !slices.Contains(tolerations, all) {
		tolerations = append(tolerations, all)
	}
	changes := []change{
		{"add", path + "/metadata/annotations", annotations},
		{"add", path + "/spec/nodeSelector", map[string]string{controlplane.SimulatedLabel: "true"}},
		{"add", path + "/spec/tolerations", tolerations},
	}
	if spec.Affinity != nil {
		changes = append(changes, change{"remove", path + "/spec/affinity", nil})
	}
	if len(spec.TopologySpreadConstraints) > 0 {
		changes = append(changes, change{"remove", path + "/spec/topologySpreadConstraints", nil})
	}
	return changes
}

// missing are the images of a pod that cannot be had. One is enough to keep the whole pod from running.
func (a admission) missing(spec *corev1.PodSpec) []string {
	var missing []string
	for _, container := range slices.Concat(spec.InitContainers, spec.Containers) {
		if !a.real(container.Image) && !slices.Contains(missing, container.Image) {
			missing = append(missing, container.Image)
		}
	}
	return missing
}
