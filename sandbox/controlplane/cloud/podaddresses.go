package cloud

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// podAddresses gives out pod addresses one after the other and comes back to the start of the range only at its end. KWOK has an
// allocator too, but it forgets at a restart which addresses the running pods have, and would then give them twice.
type podAddresses struct {
	cidr  netip.Prefix
	inUse func() (map[netip.Addr]bool, error)

	mu    sync.Mutex
	last  netip.Addr
	taken map[netip.Addr]bool
}

func newPodAddresses(cidr netip.Prefix, inUse func() (map[netip.Addr]bool, error)) *podAddresses {
	cidr = cidr.Masked()
	return &podAddresses{cidr: cidr, inUse: inUse, last: cidr.Addr()}
}

// next gives a free address.
func (a *podAddresses) next() (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken == nil {
		if err := a.rewind(); err != nil {
			return "", err
		}
	}
	if address, ok := a.advance(); ok {
		return address, nil
	}
	if err := a.rewind(); err != nil {
		return "", err
	}
	if address, ok := a.advance(); ok {
		return address, nil
	}
	return "", fmt.Errorf("no pod address left in %s", a.cidr)
}

func (a *podAddresses) rewind() error {
	taken, err := a.inUse()
	if err != nil {
		return fmt.Errorf("pod addresses in use: %w", err)
	}
	a.taken, a.last = taken, a.cidr.Addr()
	return nil
}

func (a *podAddresses) advance() (string, bool) {
	for address := a.last.Next(); a.cidr.Contains(address); address = address.Next() {
		if !a.taken[address] {
			a.last = address
			return address.String(), true
		}
	}
	return "", false
}

// addressesInUse asks the API server, not a cache: it is needed once per start, and a cache of all pods would cost more.
func addressesInUse(ctx context.Context, client kubernetes.Interface) (map[netip.Addr]bool, error) {
	pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return nil, err
	}
	used := make(map[netip.Addr]bool, len(pods.Items))
	for _, pod := range pods.Items {
		if address, err := netip.ParseAddr(pod.Status.PodIP); err == nil {
			used[address] = true
		}
	}
	return used, nil
}
