package world

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/iransre/exchange-platform/sandbox/hosts/network"
)

// balancers lead from this machine to Services of type LoadBalancer: each has an address of the machines' public side, which their
// kube-proxies serve, and the loopback address that stands for it here, where we answer and pass connections on to a node.
type balancers struct {
	// here are the loopback addresses, by those on the public side.
	here map[netip.Addr]netip.Addr
	// dial connects to a port of any node.
	dial   func(ctx context.Context, port int) (net.Conn, error)
	logger *slog.Logger

	listening map[netip.AddrPort]*forwarding
}

// forwarding is a port that is answered on.
type forwarding struct {
	net.Listener
	nodePort int
}

// run answers for the cluster's Services until the context ends.
func (b *balancers) run(ctx context.Context, client kubernetes.Interface) {
	factory := informers.NewSharedInformerFactory(client, 0)
	services := factory.Core().V1().Services()
	changed := make(chan struct{}, 1)
	note := func(any) {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: note, UpdateFunc: func(_, object any) { note(object) }, DeleteFunc: note}
	if _, err := services.Informer().AddEventHandler(handler); err != nil {
		b.logger.Error("load balancers", "error", err)
		return
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	var serving sync.WaitGroup
	defer serving.Wait()
	defer b.set(ctx, nil, &serving)
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		list, err := services.Lister().List(labels.Everything())
		if err != nil {
			b.logger.Error("load balancers", "error", err)
			continue
		}
		b.set(ctx, b.wanted(list), &serving)
	}
}

// wanted are the ports to answer on, and the ports of nodes that they lead to.
func (b *balancers) wanted(services []*corev1.Service) map[netip.AddrPort]int {
	ports := map[netip.AddrPort]int{}
	for _, service := range services {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			address, err := netip.ParseAddr(ingress.IP)
			if here, ours := b.here[address]; err == nil && ours {
				for _, port := range service.Spec.Ports {
					if port.Protocol == corev1.ProtocolTCP && port.NodePort != 0 {
						ports[netip.AddrPortFrom(here, uint16(port.Port))] = int(port.NodePort)
					}
				}
			}
		}
	}
	return ports
}

func (b *balancers) set(ctx context.Context, wanted map[netip.AddrPort]int, serving *sync.WaitGroup) {
	for place, listening := range b.listening {
		if wanted[place] != listening.nodePort {
			_ = listening.Close()
			delete(b.listening, place)
		}
	}
	for place, nodePort := range wanted {
		if b.listening[place] != nil {
			continue
		}
		listener, err := net.Listen("tcp", place.String())
		if err != nil {
			b.logger.Warn("a load balancer's port is taken on this machine", "error", err)
			continue
		}
		if b.listening == nil {
			b.listening = map[netip.AddrPort]*forwarding{}
		}
		made := &forwarding{listener, nodePort}
		b.listening[place] = made
		serving.Go(func() { b.forward(ctx, made) })
	}
}

// forward passes connections on until the listener is closed.
func (b *balancers) forward(ctx context.Context, f *forwarding) {
	for {
		conn, err := f.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			b.logger.Warn("a load balancer", "error", err)
			time.Sleep(100 * time.Millisecond) // too many open files, as a rule
			continue
		}
		go func() {
			far, err := b.dial(ctx, f.nodePort)
			if err != nil {
				_ = conn.Close()
				return
			}
			network.Splice(conn, far)
		}()
	}
}
