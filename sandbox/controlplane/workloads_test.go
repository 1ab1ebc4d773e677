package controlplane_test

import (
	"fmt"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
)

func nodesAreReady(t *testing.T, f *fixture) {
	for _, name := range []string{"control", "worker"} {
		f.eventuallyReady(t, name)
	}
	control, err := f.client.CoreV1().Nodes().Get(t.Context(), "control", metav1.GetOptions{})
	assert.NilError(t, err)
	_, marked := control.Labels["node-role.kubernetes.io/control-plane"]
	assert.Assert(t, marked)
	assert.Equal(t, control.Labels["zone"], "a")
	assert.Equal(t, control.Status.NodeInfo.KubeletVersion, controlplane.KubernetesVersion)
	assert.DeepEqual(t, control.Status.Addresses, []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: "10.20.0.10"},
		{Type: corev1.NodeExternalIP, Address: f.address(10)},
		{Type: corev1.NodeHostName, Address: "control"},
	})
}

func nodeLeavesAndJoinsAgain(t *testing.T, f *fixture) {
	node := controlplane.Node{Name: "guest", InternalIP: "10.20.0.50", Taints: []string{"only=tests:NoSchedule"}}
	assert.NilError(t, f.running.ApplyNode(t.Context(), node))
	f.eventuallyReady(t, "guest")

	namespace := f.namespace(t)
	bound := pod("bound")
	bound.Spec.NodeName = "guest"
	f.create(t, namespace, bound)
	f.eventuallyPod(t, namespace, "bound", corev1.PodRunning)

	assert.NilError(t, f.running.DeleteNode(t.Context(), "guest"))
	assert.NilError(t, f.running.DeleteNode(t.Context(), "guest"))
	_, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "bound", metav1.GetOptions{})
	assert.NilError(t, gone(err))

	node.Taints = nil
	assert.NilError(t, f.running.ApplyNode(t.Context(), node))
	assert.NilError(t, f.running.ApplyNode(t.Context(), node))
	f.eventuallyReady(t, "guest")
	f.create(t, namespace, bound)
	f.eventuallyPod(t, namespace, "bound", corev1.PodRunning)
	assert.NilError(t, f.running.DeleteNode(t.Context(), "guest"))
}

func badTaintIsRefused(t *testing.T, f *fixture) {
	for _, taint := range []string{"key=value", ":NoSchedule", "key:Sometimes"} {
		err := f.running.ApplyNode(t.Context(), controlplane.Node{Name: "odd", Taints: []string{taint}})
		assert.ErrorContains(t, err, fmt.Sprintf("node odd: taint %q", taint))
	}
}

func deploymentBecomesReady(t *testing.T, f *fixture) {
	namespace := f.namespace(t)
	replicas := int32(4)
	labels := map[string]string{"app": "web"}
	spec := pod("web").Spec
	always := corev1.ContainerRestartPolicyAlways
	spec.InitContainers = []corev1.Container{{Name: "once", Image: "example/once:1"}, {Name: "beside", Image: "example/beside:1", RestartPolicy: &always}}
	_, err := f.client.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		},
	}, metav1.CreateOptions{})
	assert.NilError(t, err)
	eventually(t, "ready replicas", func() error {
		deployment, err := f.client.AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{})
		if err == nil && deployment.Status.ReadyReplicas != replicas {
			err = fmt.Errorf("%d of %d", deployment.Status.ReadyReplicas, replicas)
		}
		return err
	})
	pods, err := f.client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	assert.NilError(t, err)
	addresses := map[string]bool{}
	for _, pod := range pods.Items {
		addresses[pod.Status.PodIP] = true
		assert.Assert(t, pod.Status.InitContainerStatuses[0].State.Terminated != nil)
		assert.Assert(t, pod.Status.InitContainerStatuses[1].State.Running != nil)
	}
	assert.Equal(t, len(addresses), int(replicas))
}

func deletedPodGoesAtOnce(t *testing.T, f *fixture) {
	namespace := f.namespace(t)
	f.create(t, namespace, pod("short"))
	f.eventuallyPod(t, namespace, "short", corev1.PodRunning)
	grace := int64(600)
	began := time.Now()
	assert.NilError(t, f.client.CoreV1().Pods(namespace).Delete(t.Context(), "short", metav1.DeleteOptions{GracePeriodSeconds: &grace}))
	eventually(t, "the pod goes", func() error {
		_, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "short", metav1.GetOptions{})
		return gone(err)
	})
	assert.Assert(t, time.Since(began) < 10*time.Second)
}

func jobsFinish(t *testing.T, f *fixture) {
	namespace := f.namespace(t)
	for name, want := range map[string]batchv1.JobConditionType{"good": batchv1.JobComplete, "bad": batchv1.JobFailed} {
		spec := pod(name).Spec
		spec.RestartPolicy = corev1.RestartPolicyNever
		template := corev1.PodTemplateSpec{Spec: spec}
		if want == batchv1.JobFailed {
			template.Annotations = map[string]string{controlplane.FateAnnotation: controlplane.FateFail}
		}
		_, err := f.client.BatchV1().Jobs(namespace).Create(t.Context(), &batchv1.Job{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       batchv1.JobSpec{BackoffLimit: new(int32), Template: template},
		}, metav1.CreateOptions{})
		assert.NilError(t, err)
		eventually(t, "job "+name, func() error {
			job, err := f.client.BatchV1().Jobs(namespace).Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			for _, condition := range job.Status.Conditions {
				if condition.Type == want && condition.Status == corev1.ConditionTrue {
					return nil
				}
			}
			return fmt.Errorf("conditions %v", job.Status.Conditions)
		})
	}
}

func claimsGetVolumes(t *testing.T, f *fixture) {
	namespace := f.namespace(t)
	claims := f.client.CoreV1().PersistentVolumeClaims(namespace)
	for mode, provisioner := range map[storagev1.VolumeBindingMode]string{
		storagev1.VolumeBindingWaitForFirstConsumer: "rancher.io/local-path",
		storagev1.VolumeBindingImmediate:            "disks.example/unheard-of",
	} {
		class, err := f.client.StorageV1().StorageClasses().Create(t.Context(), &storagev1.StorageClass{
			ObjectMeta:  metav1.ObjectMeta{GenerateName: "class-"},
			Provisioner: provisioner, VolumeBindingMode: &mode,
		}, metav1.CreateOptions{})
		assert.NilError(t, err)
		claim, err := claims.Create(t.Context(), &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "claim-"},
			Spec: corev1.PersistentVolumeClaimSpec{
				StorageClassName: &class.Name,
				AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("3Gi")}},
			},
		}, metav1.CreateOptions{})
		assert.NilError(t, err)
		if mode == storagev1.VolumeBindingWaitForFirstConsumer {
			user := pod("user")
			user.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
			}}}
			f.create(t, namespace, user)
			f.eventuallyPod(t, namespace, "user", corev1.PodRunning)
			assert.NilError(t, f.client.CoreV1().Pods(namespace).Delete(t.Context(), "user", metav1.DeleteOptions{}))
		}
		eventually(t, "bound claim", func() error {
			if claim, err = claims.Get(t.Context(), claim.Name, metav1.GetOptions{}); err == nil && claim.Status.Phase != corev1.ClaimBound {
				err = fmt.Errorf("%s is %s", provisioner, claim.Status.Phase)
			}
			return err
		})
		volume, err := f.client.CoreV1().PersistentVolumes().Get(t.Context(), claim.Spec.VolumeName, metav1.GetOptions{})
		assert.NilError(t, err)
		assert.Equal(t, volume.Spec.Capacity.Storage().String(), "3Gi")
		assert.NilError(t, claims.Delete(t.Context(), claim.Name, metav1.DeleteOptions{}))
		eventually(t, "the volume goes", func() error {
			_, err := f.client.CoreV1().PersistentVolumes().Get(t.Context(), volume.Name, metav1.GetOptions{})
			return gone(err)
		})
	}
}

func servicesGetAddresses(t *testing.T, f *fixture) {
	namespace := f.namespace(t)
	services := f.client.CoreV1().Services(namespace)
	create := func(name, asked string) {
		_, err := services.Create(t.Context(), &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, LoadBalancerIP: asked, Ports: []corev1.ServicePort{{Port: 80}}},
		}, metav1.CreateOptions{})
		assert.NilError(t, err)
	}
	eventuallyHas := func(name, address string) {
		t.Helper()
		eventually(t, "address of "+name, func() error {
			service, err := services.Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if ingress := service.Status.LoadBalancer.Ingress; len(ingress) != 1 || ingress[0].IP != address {
				return fmt.Errorf("got %v, want %s", ingress, address)
			}
			return nil
		})
	}
	create("asked", f.address(243))
	eventuallyHas("asked", f.address(243))
	for i, name := range []string{"a", "b", "c"} {
		create(name, "")
		eventuallyHas(name, f.address(240+i))
	}
	create("last", "")
	eventuallyHas("last", f.address(244))
	create("waiting", "")
	eventually(t, "event that says why", func() error {
		events, err := f.client.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=waiting"})
		if err == nil && len(events.Items) == 0 {
			err = fmt.Errorf("no event")
		}
		return err
	})
	assert.NilError(t, services.Delete(t.Context(), "b", metav1.DeleteOptions{}))
	eventuallyHas("waiting", f.address(241))
	_, err := services.Patch(t.Context(), "c", "application/merge-patch+json", []byte(`{"spec":{"type":"ClusterIP"}}`), metav1.PatchOptions{})
	assert.NilError(t, err)
	eventually(t, "address taken away", func() error {
		service, err := services.Get(t.Context(), "c", metav1.GetOptions{})
		if err == nil && len(service.Status.LoadBalancer.Ingress) != 0 {
			err = fmt.Errorf("it has %v", service.Status.LoadBalancer.Ingress)
		}
		return err
	})
}

func pod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "example/main:1"}}},
	}
}

func (f *fixture) create(t *testing.T, namespace string, pod *corev1.Pod) {
	t.Helper()
	_, err := f.client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	assert.NilError(t, err)
}

func (f *fixture) eventuallyPod(t *testing.T, namespace, name string, want corev1.PodPhase) {
	t.Helper()
	eventually(t, "pod "+name, func() error {
		pod, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
		if err == nil && pod.Status.Phase != want {
			err = fmt.Errorf("it is %s: %v", pod.Status.Phase, pod.Status.Conditions)
		}
		return err
	})
}

func (f *fixture) eventuallyReady(t *testing.T, node string) {
	t.Helper()
	eventually(t, "node "+node, func() error {
		node, err := f.client.CoreV1().Nodes().Get(t.Context(), node, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return fmt.Errorf("conditions %v", node.Status.Conditions)
	})
}
