package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
)

// ofMetalLB is the annotation of a Service by which MetalLB is asked for an address.
const ofMetalLB = "metallb.io/loadBalancerIPs"

// loadBalancer gives each Service of type LoadBalancer one address, in the cloud's place or, where one is asked of it and it does not run, in MetalLB's. Which ones are taken is read from the Services
// themselves, so deleting a Service frees its address and a restart forgets nothing.
type loadBalancer struct {
	client   kubernetes.Interface
	events   record.EventRecorder
	services corelisters.ServiceLister
	pool     []netip.Addr
	// metalLB runs itself: what is asked of it is left to it.
	metalLB bool
	// given covers the moment between an address being written and the cache showing it.
	given map[string]netip.Addr
	queue *reconciler
}

func newLoadBalancer(client kubernetes.Interface, factory informers.SharedInformerFactory, events record.EventRecorder, pool []netip.Addr, metalLB bool) *loadBalancer {
	services := factory.Core().V1().Services()
	b := &loadBalancer{client: client, events: events, services: services.Lister(), pool: pool, metalLB: metalLB, given: map[string]netip.Addr{}}
	b.queue = newReconciler("load balancer address", b.assign)
	b.queue.watch(services.Informer(), b.affected)
	return b
}

func (b *loadBalancer) run(ctx context.Context) { b.queue.run(ctx) }

// affected names the changed Service first, and then those that wait for an address which it may have set free.
func (b *loadBalancer) affected(object any) []string {
	keys := ownKey(object)
	for _, service := range b.balanced() {
		if len(service.Status.LoadBalancer.Ingress) == 0 {
			keys = append(keys, ownKey(service)...)
		}
	}
	return keys
}

func (b *loadBalancer) assign(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil
	}
	service, err := b.services.Services(namespace).Get(name)
	if err != nil {
		delete(b.given, key)
		return ignoreAbsence(err)
	}
	if b.metalLB && service.Annotations[ofMetalLB] != "" {
		return nil
	}
	given := service.Status.LoadBalancer.Ingress
	has := len(given) > 0
	if asked := service.Annotations[ofMetalLB]; has && asked != "" && given[0].IP != asked {
		has = false
		delete(b.given, key)
	}
	if service.Spec.LoadBalancerClass != nil {
		return nil // another's
	}
	wants := service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.DeletionTimestamp == nil
	switch {
	case wants && !has:
		pool, asked := b.pool, service.Spec.LoadBalancerIP
		if address := service.Annotations[ofMetalLB]; address != "" {
			asked = address
			if pool, err = b.poolOfMetalLB(ctx, address); err != nil {
				return err // and is tried again: the pool may come yet
			}
		}
		address, err := b.choose(key, pool, asked)
		if err != nil {
			b.events.Event(service, corev1.EventTypeWarning, "AllocationFailed", err.Error())
			return nil // a Service that goes away brings this one back to the queue
		}
		return b.write(ctx, service, address)
	case !wants && has:
		delete(b.given, key)
		return b.write(ctx, service, netip.Addr{})
	case !wants:
		delete(b.given, key)
	}
	return nil
}

// poolOfMetalLB is the address that MetalLB is asked for, if one of its pools has it as the platform writes them: ADDRESS/32.
func (b *loadBalancer) poolOfMetalLB(ctx context.Context, asked string) ([]netip.Addr, error) {
	text, err := b.client.CoreV1().RESTClient().Get().AbsPath("/apis/metallb.io/v1beta1/ipaddresspools").DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("pools of MetalLB: %w", err)
	}
	var pools struct {
		Items []struct{ Spec struct{ Addresses []string } }
	}
	if err := json.Unmarshal(text, &pools); err != nil {
		return nil, fmt.Errorf("pools of MetalLB: %w", err)
	}
	for _, pool := range pools.Items {
		if slices.Contains(pool.Spec.Addresses, asked+"/32") {
			address, err := netip.ParseAddr(asked)
			return []netip.Addr{address}, err
		}
	}
	return nil, fmt.Errorf("no pool of MetalLB has %s/32", asked)
}

// choose takes the address asked for, or else the first of the pool that nobody has.
func (b *loadBalancer) choose(key string, pool []netip.Addr, asked string) (netip.Addr, error) {
	if address, ok := b.given[key]; ok {
		return address, nil
	}
	taken := map[netip.Addr]string{}
	for owner, address := range b.given {
		taken[address] = owner
	}
	for _, service := range b.balanced() {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			if address, err := netip.ParseAddr(ingress.IP); err == nil {
				taken[address] = service.Namespace + "/" + service.Name
			}
		}
	}
	candidates := pool
	if asked != "" {
		address, err := netip.ParseAddr(asked)
		if err != nil || !slices.Contains(pool, address) {
			return netip.Addr{}, fmt.Errorf("spec.loadBalancerIP %s is not in the pool of %d addresses; leave it empty or take one of the pool", asked, len(pool))
		}
		candidates = []netip.Addr{address}
	}
	for _, address := range candidates {
		if taken[address] == "" {
			b.given[key] = address
			return address, nil
		}
	}
	if asked != "" {
		return netip.Addr{}, fmt.Errorf("spec.loadBalancerIP %s belongs to Service %s", asked, taken[candidates[0]])
	}
	return netip.Addr{}, fmt.Errorf("all %d load balancer addresses are given out; delete a Service of type LoadBalancer", len(b.pool))
}

// write sets the Service's address, or takes it away if the address is the zero one.
func (b *loadBalancer) write(ctx context.Context, service *corev1.Service, address netip.Addr) error {
	changed := service.DeepCopy()
	changed.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	if address.IsValid() {
		mode := corev1.LoadBalancerIPModeVIP
		changed.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address.String(), IPMode: &mode}}
	}
	_, err := b.client.CoreV1().Services(service.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	return ignoreAbsence(err)
}

// balanced lists the Services of type LoadBalancer.
func (b *loadBalancer) balanced() []*corev1.Service {
	all, err := b.services.List(labels.Everything())
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(service *corev1.Service) bool {
		return service.Spec.Type != corev1.ServiceTypeLoadBalancer
	})
}
