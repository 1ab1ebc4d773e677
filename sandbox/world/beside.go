package world

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/real"
	"github.com/iransre/exchange-platform/sandbox/mirrors"
	"github.com/iransre/exchange-platform/sandbox/pki"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// beside looks for the cluster that the machines have made of themselves, and has simulated beside it what cannot run there.
type beside struct {
	workspace *workspace.Workspace
	machines  nodes
	logger    *slog.Logger
	simulate  func(ctx context.Context, kubeconfig string) error
	balancers *balancers
	silence   time.Duration // of a control plane, after which it is given up: another one may answer

	mu     sync.Mutex
	client kubernetes.Interface // of the cluster that is there, or nil
}

// nodes are machines that run Kubernetes themselves: their files can be read and their ports connected to.
type nodes interface {
	List() []hosts.Status
	ReadFile(machine, name string) ([]byte, error)
	visitable
}

const (
	// administrator is where kubeadm leaves an administrator's kubeconfig on a control plane.
	administrator = "etc/kubernetes/admin.conf"
	lookEvery     = time.Second
)

func newBeside(w *workspace.Workspace, machines nodes, logger *slog.Logger) *beside {
	b := &beside{workspace: w, machines: machines, logger: logger, silence: 10 * time.Second}
	options := controlplane.Beside{
		Images: availableImagesFile(w), Address: net.JoinHostPort(w.Address(1).String(), strconv.Itoa(workspace.AdmissionPort)),
	}
	b.balancers = &balancers{here: map[netip.Addr]netip.Addr{}, dial: b.dialNode, logger: logger}
	for _, here := range loadBalancerAddresses(w) {
		if there, err := real.OnPublicSide(here); err == nil {
			b.balancers.here[there] = here
			options.LoadBalancerAddresses = append(options.LoadBalancerAddresses, there)
		}
	}
	b.simulate = func(ctx context.Context, kubeconfig string) error {
		if err := KeepAvailableImages(w); err != nil {
			return err
		}
		return options.Run(ctx, w.Binary("kube"), kubeconfig, w.Path("logs", "simulation.log"), logger)
	}
	return b
}

func availableImagesFile(w *workspace.Workspace) string { return w.Path("simulation", "images") }

// KeepAvailableImages leaves the names of the images that can be had where those find them who simulate what cannot run, also while they do.
func KeepAvailableImages(w *workspace.Workspace) error {
	available := availableImages(w.Says)
	if w.Origin() == workspace.Upstream {
		available = controlplane.EveryImage
	}
	return pki.WriteFile(availableImagesFile(w), []byte(available))
}

// availableImages are the names of those that can be had for stacks that say what is told of them, one a line.
func availableImages(says func(setting string) bool) string {
	var list strings.Builder
	for _, row := range mirrors.RowsFor(says) {
		if row.Kind != mirrors.Nothing {
			fmt.Fprintln(&list, row.Image)
		}
	}
	return list.String()
}

// run looks for a cluster, simulates beside it as long as it is the one, and looks again.
func (b *beside) run(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		if found := b.find(ctx); found != nil {
			b.accompany(ctx, found, look.C)
		} else if len(b.machines.List()) == 0 {
			_ = os.Remove(b.workspace.ClusterAuthority()) // that cluster is gone for good
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// accompany returns when the cluster is another one, or does not answer any more.
func (b *beside) accompany(ctx context.Context, found *found, look <-chan time.Time) {
	kubeconfig := b.workspace.Path("simulation", "kubeconfig")
	if err := errors.Join(pki.WriteFile(kubeconfig, found.kubeconfig), pki.WriteFile(b.workspace.ClusterAuthority(), found.authority)); err != nil {
		b.logger.Error("nothing is simulated", "error", err)
		return
	}
	b.logger.Info("the machines have a cluster: what cannot run in it is simulated beside it", "control plane", found.machine)
	b.set(found.client)
	defer b.set(nil)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.simulate(ctx, kubeconfig) }()
	var balancing sync.WaitGroup
	balancing.Go(func() { b.balancers.run(ctx, found.client) })
	defer func() {
		cancel()
		balancing.Wait()
		if err := <-ended; err != nil {
			b.logger.Error("the simulation beside the machines' cluster", "error", err)
		}
	}()
	heard := time.Now()
	for time.Since(heard) < b.silence {
		select {
		case <-ctx.Done():
			return
		case err := <-ended:
			ended <- err
			return
		case <-look:
		}
		text, err := b.machines.ReadFile(found.machine, administrator)
		if err == nil && string(text) != string(found.original) {
			return
		}
		if err == nil && answers(ctx, found.client) {
			heard = time.Now()
		}
	}
}

// visitor is from where those who use a load balancer come: out there.
var visitor = netip.MustParseAddr("192.0.2.1")

// dialNode connects to a port of the first machine that answers on it.
func (b *beside) dialNode(ctx context.Context, port int) (net.Conn, error) {
	failed := []error{errors.New("no node answers")}
	for _, machine := range b.machines.List() {
		address, err := netip.ParseAddr(machine.PublicAddress)
		if err != nil || !machine.Running {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, 2*time.Second)
		conn, err := b.machines.Dial(limited, visitor, netip.AddrPortFrom(address, uint16(port)))
		cancel()
		if err == nil {
			return conn, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// found is a control plane that answers.
type found struct {
	machine              string
	original, kubeconfig []byte
	authority            []byte
	client               kubernetes.Interface
}

// find returns the first control plane that answers, or nil.
func (b *beside) find(ctx context.Context) *found {
	for _, machine := range b.machines.List() {
		if !machine.Running || machine.PublicAddress == "" {
			continue
		}
		text, err := b.machines.ReadFile(machine.Name, administrator)
		if err != nil {
			continue // it is no control plane, or not yet
		}
		made := &found{machine: machine.Name, original: text}
		if made.kubeconfig, err = fromOutside(text, net.JoinHostPort(machine.PublicAddress, strconv.Itoa(real.APIPort))); err != nil {
			b.logger.Warn("the kubeconfig of a control plane", "machine", machine.Name, "error", err)
			continue
		}
		config, err := clientcmd.RESTConfigFromKubeConfig(made.kubeconfig)
		if err != nil {
			continue
		}
		made.authority = config.CAData
		if made.client, err = kubernetes.NewForConfig(config); err == nil && answers(ctx, made.client) {
			return made
		}
	}
	return nil
}

// fromOutside makes a kubeconfig lead to another address of the server, which is known by the name it had.
func fromOutside(text []byte, address string) ([]byte, error) {
	config, err := clientcmd.Load(text)
	if err != nil {
		return nil, err
	}
	for _, cluster := range config.Clusters {
		host, _, err := net.SplitHostPort(strings.TrimPrefix(cluster.Server, "https://"))
		if err != nil {
			return nil, fmt.Errorf("server %q: %w", cluster.Server, err)
		}
		cluster.Server, cluster.TLSServerName = "https://"+address, host
	}
	return clientcmd.Write(*config)
}

func answers(ctx context.Context, client kubernetes.Interface) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return client.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() == nil
}

func (b *beside) set(client kubernetes.Interface) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.client = client
}

// pods counts the cluster's pods; nil if there is no cluster that answers.
func (b *beside) pods(ctx context.Context) *Pods {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	client := b.client
	b.mu.Unlock()
	if client == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	list, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return nil
	}
	return countPods(list.Items)
}

func countPods(pods []corev1.Pod) *Pods {
	counted := &Pods{}
	for _, pod := range pods {
		switch {
		case pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed:
		case pod.Spec.NodeName == controlplane.SimulatedNode:
			counted.Simulated++
		default:
			counted.Real++
			if !isReady(pod) {
				counted.NotReady = append(counted.NotReady, pod.Namespace+"/"+pod.Name)
			}
		}
	}
	return counted
}

func isReady(pod corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
