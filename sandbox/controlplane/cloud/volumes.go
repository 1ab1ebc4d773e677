package cloud

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
)

const (
	// staticProvisioner names the classes whose volumes an administrator makes by hand.
	staticProvisioner = "kubernetes.io/no-provisioner"

	provisionedBy = "pv.kubernetes.io/provisioned-by"
	selectedNode  = "volume.kubernetes.io/selected-node"
	// madeHere keeps us from deleting volumes that somebody else made for the same class.
	madeHere = "exchange.sandbox/provisioned"
)

// volumeProvisioner makes a PersistentVolume for each claim that asks a class for one, and deletes it when the class says so.
// It stands in for every provisioner there is: nothing in a simulated pod would run the real one.
type volumeProvisioner struct {
	client  kubernetes.Interface
	events  record.EventRecorder
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	classes storagelisters.StorageClassLister
	nodes   corelisters.NodeLister
	// beside: only claims of simulated pods are its own.
	beside bool

	claimQueue, volumeQueue *reconciler
}

func newVolumeProvisioner(client kubernetes.Interface, factory informers.SharedInformerFactory, events record.EventRecorder, beside bool) *volumeProvisioner {
	core := factory.Core().V1()
	classes := factory.Storage().V1().StorageClasses()
	p := &volumeProvisioner{
		client: client, events: events, beside: beside,
		claims:  core.PersistentVolumeClaims().Lister(),
		volumes: core.PersistentVolumes().Lister(),
		classes: classes.Lister(),
		nodes:   core.Nodes().Lister(),
	}
	p.claimQueue = newReconciler("persistent volume claim", p.provision)
	p.claimQueue.watch(core.PersistentVolumeClaims().Informer(), ownKey)
	p.claimQueue.watch(classes.Informer(), p.claimsOfClass)
	p.volumeQueue = newReconciler("persistent volume", p.reclaim)
	p.volumeQueue.watch(core.PersistentVolumes().Informer(), ownKey)
	core.Nodes().Informer()
	return p
}

func (p *volumeProvisioner) run(ctx context.Context) {
	go p.claimQueue.run(ctx)
	p.volumeQueue.run(ctx)
}

// claimsOfClass names the claims that may have waited for the class to appear.
func (p *volumeProvisioner) claimsOfClass(object any) []string {
	class, ok := object.(*storagev1.StorageClass)
	if !ok {
		return nil
	}
	var keys []string
	claims, err := p.claims.List(labels.Everything())
	if err != nil {
		return nil
	}
	for _, claim := range claims {
		if className(claim) == class.Name && claim.Spec.VolumeName == "" {
			keys = append(keys, ownKey(claim)...)
		}
	}
	return keys
}

func (p *volumeProvisioner) provision(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil
	}
	claim, err := p.claims.PersistentVolumeClaims(namespace).Get(name)
	if err != nil || claim.DeletionTimestamp != nil || claim.Spec.VolumeName != "" || className(claim) == "" {
		return ignoreAbsence(err)
	}
	class, err := p.classes.Get(className(claim))
	if err != nil || class.Provisioner == staticProvisioner {
		return ignoreAbsence(err)
	}
	node := claim.Annotations[selectedNode]
	if p.beside && node != controlplane.SimulatedNode {
		return nil
	}
	if waitsForConsumer(class) && node == "" {
		return nil // the scheduler writes the annotation once a pod wants the claim
	}
	volume, err := p.volumeFor(claim, class, node)
	if err != nil {
		p.events.Event(claim, corev1.EventTypeWarning, "ProvisioningFailed", err.Error())
		return err
	}
	_, err = p.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create volume %s: %w", volume.Name, err)
	}
	p.events.Event(claim, corev1.EventTypeNormal, "ProvisioningSucceeded", "made volume "+volume.Name)
	return nil
}

// volumeFor is named after the claim's UID, like every provisioner does it: so a second try makes no second volume.
func (p *volumeProvisioner) volumeFor(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass, node string) (*corev1.PersistentVolume, error) {
	size, ok := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	if !ok {
		return nil, fmt.Errorf("claim %s/%s asks for no size (spec.resources.requests.storage)", claim.Namespace, claim.Name)
	}
	name := "pvc-" + string(claim.UID)
	kind := corev1.HostPathDirectoryOrCreate
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{provisionedBy: class.Provisioner},
			Labels:      map[string]string{madeHere: "true"},
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:         corev1.ResourceList{corev1.ResourceStorage: size},
			AccessModes:      claim.Spec.AccessModes,
			VolumeMode:       claim.Spec.VolumeMode,
			StorageClassName: class.Name,
			MountOptions:     class.MountOptions,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{
					Path: fmt.Sprintf("/opt/local-path-provisioner/%s_%s_%s", name, claim.Namespace, claim.Name),
					Type: &kind,
				},
			},
		},
	}
	if class.ReclaimPolicy != nil {
		volume.Spec.PersistentVolumeReclaimPolicy = *class.ReclaimPolicy
	}
	if node == "" {
		return volume, nil
	}
	host, err := p.nodes.Get(node)
	if err != nil {
		return nil, fmt.Errorf("claim %s/%s: node that the scheduler chose: %w", claim.Namespace, claim.Name, err)
	}
	volume.Spec.NodeAffinity = onHost(host.Labels[corev1.LabelHostname])
	return volume, nil
}

// onHost ties a volume to one node: data of a local path does not follow a pod elsewhere.
func onHost(hostname string) *corev1.VolumeNodeAffinity {
	return &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchExpressions: []corev1.NodeSelectorRequirement{{
			Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{hostname},
		}},
	}}}}
}

func (p *volumeProvisioner) reclaim(ctx context.Context, name string) error {
	volume, err := p.volumes.Get(name)
	if err != nil {
		return ignoreAbsence(err)
	}
	ours := volume.Labels[madeHere] == "true" && volume.DeletionTimestamp == nil
	released := volume.Status.Phase == corev1.VolumeReleased && volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete
	if !ours || !released {
		return nil
	}
	return ignoreAbsence(p.client.CoreV1().PersistentVolumes().Delete(ctx, name, metav1.DeleteOptions{}))
}

func className(claim *corev1.PersistentVolumeClaim) string {
	if claim.Spec.StorageClassName == nil {
		return ""
	}
	return *claim.Spec.StorageClassName
}

func waitsForConsumer(class *storagev1.StorageClass) bool {
	return class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
}

// ignoreAbsence forgives that an object is not, or no longer, there: its appearance is what brings it back to the queue.
func ignoreAbsence(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
