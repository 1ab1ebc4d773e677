package controlplane_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/controlplane/controlplanetest"
)

// TestBeside: beside a node that nobody simulates, pods whose images cannot be had run on the simulated one, and the others do not.
func TestBeside(t *testing.T) {
	options := controlplanetest.Options(t)
	f := &fixture{options: options}
	options.Beside = &controlplane.Beside{Images: filepath.Join(t.TempDir(), "images"), Address: f.address(2) + ":7003"}
	assert.NilError(t, os.WriteFile(options.Beside.Images, []byte("docker.io/example/main\n"), 0o644))
	var err error
	f.running, err = controlplane.Start(t.Context(), options)
	assert.NilError(t, err)
	t.Cleanup(f.running.Stop)
	f.client = clientOf(t, f.running.Kubeconfig())
	f.eventuallyReady(t, controlplane.SimulatedNode)
	f.realNode(t, "worker")
	eventually(t, "the API server asks", func() error {
		_, err := f.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), "exchange-sandbox", metav1.GetOptions{})
		return err
	})
	namespace := f.namespace(t)

	const digest = "@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
	pinned := pod("real")
	pinned.Spec.Containers[0].Image += digest
	f.create(t, namespace, pinned)
	mixed := pod("mixed")
	mixed.Spec.NodeSelector = map[string]string{"zone": "a"}
	mixed.Spec.Containers = append(mixed.Spec.Containers, corev1.Container{Name: "beside", Image: "example/nowhere:2" + digest})
	mixed.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: &metav1.LabelSelector{},
	}}
	mixed.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
		TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpDoesNotExist}}},
	}}}}
	f.create(t, namespace, mixed)
	second := mixed.DeepCopy() // which the first would not suffer on its node
	second.Name = "second"
	f.create(t, namespace, second)
	for _, name := range []string{"mixed", "second"} {
		f.eventuallyPod(t, namespace, name, corev1.PodRunning)
		simulated, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
		assert.NilError(t, err)
		assert.Equal(t, simulated.Spec.NodeName, controlplane.SimulatedNode)
		assert.Equal(t, simulated.Annotations[controlplane.UnavailableAnnotation], mixed.Spec.Containers[1].Image)
		assert.Equal(t, simulated.Status.PodIP[:11], "198.51.100.")
	}
	eventually(t, "the other pod has a place on the worker", func() error {
		real, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "real", metav1.GetOptions{})
		if err == nil && (real.Spec.NodeName != "worker" || real.Status.Phase != corev1.PodPending) {
			err = fmt.Errorf("it is %s on %q", real.Status.Phase, real.Spec.NodeName)
		}
		if err == nil {
			assert.Equal(t, real.Spec.Containers[0].Image, "example/main:1", "what can be had has another digest")
		}
		return err
	})

	for image, node := range map[string]string{"example/main:1": "worker", "example/nowhere:2": controlplane.SimulatedNode} {
		f.daemonSetRunsOnlyOn(t, namespace, image, node)
	}
	f.onlySimulatedPodsGetVolumes(t, namespace)
}

// realNode makes a node that has room and is Ready, and for whose kubelet nobody acts.
func (f *fixture) realNode(t *testing.T, name string) {
	t.Helper()
	room := corev1.ResourceList{"cpu": resource.MustParse("4"), "memory": resource.MustParse("8Gi"), "pods": resource.MustParse("110")}
	node, err := f.client.CoreV1().Nodes().Create(t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}},
		Status:     corev1.NodeStatus{Capacity: room, Allocatable: room, Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastHeartbeatTime: metav1.Now()}}},
	}, metav1.CreateOptions{})
	assert.NilError(t, err)
	eventually(t, "the node is not held back", func() error {
		if node, err = f.client.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{}); err == nil && len(node.Spec.Taints) > 0 {
			err = fmt.Errorf("taints %v", node.Spec.Taints)
		}
		return err
	})
}

func (f *fixture) daemonSetRunsOnlyOn(t *testing.T, namespace, image, node string) {
	labels := map[string]string{"image": node}
	spec := pod("each").Spec
	spec.Containers[0].Image = image
	spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	set, err := f.client.AppsV1().DaemonSets(namespace).Create(t.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "each-"},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		},
	}, metav1.CreateOptions{})
	assert.NilError(t, err)
	eventually(t, "the daemon set of "+image, func() error {
		pods, err := f.client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "image=" + node})
		if err != nil {
			return err
		}
		if len(pods.Items) != 1 || pods.Items[0].Spec.NodeName != node {
			return fmt.Errorf("it has %d pods", len(pods.Items))
		}
		set, err = f.client.AppsV1().DaemonSets(namespace).Get(t.Context(), set.Name, metav1.GetOptions{})
		if err == nil && set.Status.DesiredNumberScheduled != 1 {
			err = fmt.Errorf("it wants %d", set.Status.DesiredNumberScheduled)
		}
		return err
	})
}

func (f *fixture) onlySimulatedPodsGetVolumes(t *testing.T, namespace string) {
	waits := storagev1.VolumeBindingWaitForFirstConsumer
	class, err := f.client.StorageV1().StorageClasses().Create(t.Context(), &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "class-"}, Provisioner: "rancher.io/local-path", VolumeBindingMode: &waits,
	}, metav1.CreateOptions{})
	assert.NilError(t, err)
	claims := f.client.CoreV1().PersistentVolumeClaims(namespace)
	for name, image := range map[string]string{"kept-for-real": "example/main:1", "kept": "example/nowhere:2"} {
		_, err := claims.Create(t.Context(), &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: corev1.PersistentVolumeClaimSpec{
				StorageClassName: &class.Name, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
			},
		}, metav1.CreateOptions{})
		assert.NilError(t, err)
		user := pod(name)
		user.Spec.Containers[0].Image = image
		user.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
		}}}
		f.create(t, namespace, user)
	}
	f.eventuallyPod(t, namespace, "kept", corev1.PodRunning)
	eventually(t, "the scheduler has chosen for the other", func() error {
		claim, err := claims.Get(t.Context(), "kept-for-real", metav1.GetOptions{})
		if err == nil && claim.Annotations["volume.kubernetes.io/selected-node"] != "worker" {
			err = fmt.Errorf("annotations %v", claim.Annotations)
		}
		if err == nil && claim.Spec.VolumeName != "" {
			t.Fatal("its provisioner is a real one, which is not there")
		}
		return err
	})
}
