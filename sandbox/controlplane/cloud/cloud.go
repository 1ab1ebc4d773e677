// Package cloud is what a Kubernetes control plane finds around itself in a real cluster and the sandbox has to simulate:
// kubelets that run pods (by KWOK), a provisioner that makes volumes, and a load balancer that hands out addresses.
package cloud

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"
)

// component names this program in the events and objects that it writes.
const component = "exchange-sandbox"

// Options says which cluster to surround and with what.
type Options struct {
	// Client reaches the API server with full rights.
	Client *rest.Config
	// PodCIDR is the range that pod addresses come from.
	PodCIDR netip.Prefix
	// LoadBalancerAddresses is the pool for Services of type LoadBalancer, in the order of giving out. Without any, they are left to
	// others.
	LoadBalancerAddresses []netip.Addr
	// Beside is given if the cluster's nodes are real: what cannot run there is simulated on a node beside them.
	Beside *Beside
}

// Run simulates until the context ends. An error means that it could not start; what fails later is logged and tried again.
func Run(ctx context.Context, options Options) error {
	config := rest.CopyConfig(options.Client)
	config.UserAgent = component
	// The client's default limit of 5 requests a second would make a rollout of 60 pods take a minute.
	config.QPS, config.Burst = 200, 400
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("client of the API server: %w", err)
	}

	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	defer broadcaster.Shutdown()
	recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: component})

	factory := informers.NewSharedInformerFactoryWithOptions(client, 10*time.Minute, informers.WithTransform(dropManagedFields))
	heartbeat := nodeHeartbeat
	if options.Beside != nil {
		heartbeat = besideHeartbeat
	}
	runs := []func(context.Context){newVolumeProvisioner(client, factory, recorder, options.Beside != nil).run}
	if len(options.LoadBalancerAddresses) > 0 {
		runs = append(runs, newLoadBalancer(client, factory, recorder, options.LoadBalancerAddresses, options.Beside != nil).run)
	}
	factory.Start(ctx.Done())
	for kind, read := range factory.WaitForCacheSync(ctx.Done()) {
		if !read {
			return fmt.Errorf("read the cluster's objects of %v: %w", kind, context.Cause(ctx))
		}
	}
	if err := startKubelets(ctx, config, client, options.PodCIDR, heartbeat); err != nil {
		return err
	}
	for _, run := range runs {
		go run(ctx)
	}
	if options.Beside != nil {
		if err := options.Beside.begin(ctx, client); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// dropManagedFields halves what the caches keep of each object; nothing here reads those fields.
func dropManagedFields(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	return object, nil
}
