package ingress

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// publishEvery is how often addresses are looked at, whatever changes: as often as ingress-nginx does.
const publishEvery = time.Minute

// publish tells Ingress objects where they are reached, as ingress-nginx does: Argo CD takes those for unwell that are told of no address.
func (c *Controller) publish(ctx context.Context) {
	again := time.NewTicker(publishEvery)
	defer again.Stop()
	for {
		if err := c.publishOnce(ctx); err != nil && ctx.Err() == nil {
			c.options.Logger.Error("Ingress objects are not told where they are reached", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-c.served:
		case <-again.C:
		}
	}
}

func (c *Controller) publishOnce(ctx context.Context) error {
	found, err := c.read()
	if err != nil {
		return err
	}
	addresses, err := c.addresses(ctx)
	if err != nil {
		return err
	}
	for _, each := range found.ingresses {
		if !found.serves(each) || equality.Semantic.DeepEqual(each.Status.LoadBalancer.Ingress, addresses) {
			continue
		}
		told := each.DeepCopy()
		told.Status.LoadBalancer.Ingress = addresses
		if _, err := c.options.Client.NetworkingV1().Ingresses(each.Namespace).UpdateStatus(ctx, told, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// addresses are those of the Service that is published, or else of the machines that controllers run on.
func (c *Controller) addresses(ctx context.Context) ([]networkingv1.IngressLoadBalancerIngress, error) {
	if namespace, name, named := strings.Cut(c.options.PublishService, "/"); named {
		service, err := c.options.Client.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		var addresses []networkingv1.IngressLoadBalancerIngress
		for _, each := range service.Status.LoadBalancer.Ingress {
			addresses = append(addresses, networkingv1.IngressLoadBalancerIngress{IP: each.IP, Hostname: each.Hostname})
		}
		return addresses, nil
	}
	pods := c.options.Client.CoreV1().Pods(c.options.Namespace)
	own, err := pods.Get(ctx, c.options.Pod, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("this controller's own pod: %w", err)
	}
	like := maps.Clone(own.Labels)
	for _, generation := range []string{"controller-revision-hash", "pod-template-generation", "pod-template-hash"} {
		delete(like, generation)
	}
	all, err := pods.List(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(like).String()})
	if err != nil {
		return nil, err
	}
	machines := map[netip.Addr]bool{}
	for _, each := range all.Items {
		if each.Status.Phase != corev1.PodRunning {
			continue
		}
		if address, err := netip.ParseAddr(each.Status.HostIP); err == nil {
			machines[address] = true
		}
	}
	var addresses []networkingv1.IngressLoadBalancerIngress
	for _, each := range slices.SortedFunc(maps.Keys(machines), netip.Addr.Compare) {
		addresses = append(addresses, networkingv1.IngressLoadBalancerIngress{IP: each.String()})
	}
	return addresses, nil
}
