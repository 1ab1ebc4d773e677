// Package controlplane runs a real Kubernetes control plane on one loopback address: etcd, kube-apiserver,
// kube-controller-manager and kube-scheduler, and beside them the simulated nodes, volumes and load balancers of package
// cloud. All of them are child processes of one binary (sandbox/cmd/kube) that live and die with the caller.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/iransre/exchange-platform/sandbox/pki"
)

const (
	startTimeout = 90 * time.Second
	portPatience = 3 * time.Second
	stopGrace    = 3 * time.Second
	poll         = 50 * time.Millisecond
)

// Options says where a control plane runs and what from.
type Options struct {
	// Dir holds everything: keys, data, logs. A control plane that is started over the folder of an earlier one continues it.
	Dir string
	// Address is the loopback address that it listens on, with ports 6443, 2379 and 2380.
	Address string
	// Binary is the program built from BinaryPackage with BuildArguments.
	Binary string
	// LoadBalancerAddresses is the pool for Services of type LoadBalancer.
	LoadBalancerAddresses []netip.Addr
	// Beside, if it is given, leaves the nodes of the cluster alone and simulates beside them what cannot run there. Webhooks are on
	// then. It is for tests of that.
	Beside *Beside
	// Logger hears of processes that ended and were started again. Nil is silence.
	Logger *slog.Logger
}

// ControlPlane is a running control plane.
type ControlPlane struct {
	layout    layout
	authority *pki.Authority
	client    kubernetes.Interface
	admin     []byte
	serving   sync.Mutex

	// processes in the order of starting.
	processes []*process
	stopped   sync.Once
}

// Start starts all processes and returns when the API server is ready and the controllers have begun to work. On an error, and when
// the context ends before, nothing keeps running. The context counts for the start only: Stop ends the control plane.
func Start(ctx context.Context, options Options) (_ *ControlPlane, err error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if _, err := os.Stat(options.Binary); err != nil {
		return nil, fmt.Errorf("control plane binary: %w; build it with go build %s", err, BinaryPackage)
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, err
	}
	if err := waitForPorts(options.Address, portPatience, apiPort, etcdPort, etcdPeerPort); err != nil {
		return nil, fmt.Errorf("control plane: %w", err)
	}
	c := &ControlPlane{layout: layout{dir: dir, address: options.Address, binary: options.Binary, pki: pki.Folder(filepath.Join(dir, "pki"))}}
	if err := c.prepare(); err != nil {
		return nil, fmt.Errorf("control plane in %s: %w", dir, err)
	}
	defer func() {
		if err != nil {
			c.Stop()
		}
	}()
	if err := c.bringUp(ctx, options); err != nil {
		return nil, fmt.Errorf("control plane: %w", err)
	}
	return c, nil
}

// prepare writes keys, certificates and configuration files.
func (c *ControlPlane) prepare() error {
	if err := c.issueCertificates(); err != nil {
		return err
	}
	users := map[string]string{"admin": "kubernetes-admin", "controller-manager": "system:kube-controller-manager", "scheduler": "system:kube-scheduler", "cloud": "exchange-sandbox"}
	for certificate, user := range users {
		text, err := c.layout.kubeconfigFor(user, certificate, c.layout.url(apiPort))
		if err != nil {
			return err
		}
		if err := pki.WriteFile(c.layout.kubeconfig(certificate), text); err != nil {
			return err
		}
		if certificate == "admin" {
			c.admin = text
		}
	}
	files := map[string]func() ([]byte, error){"etcd.yaml": c.layout.etcdConfig, "scheduler.yaml": c.layout.schedulerConfig}
	for name, content := range files {
		text, err := content()
		if err != nil {
			return err
		}
		if err := pki.WriteFile(filepath.Join(c.layout.dir, name), text); err != nil {
			return err
		}
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(c.admin)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 200, 400
	c.client, err = kubernetes.NewForConfig(config)
	return err
}

func (c *ControlPlane) bringUp(ctx context.Context, options Options) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	// A process that ends while it starts is most likely to do so again; later on it deserves another try.
	ctx, abort := context.WithCancelCause(ctx)
	l := c.layout
	run := func(name, memory string, flags ...string) error {
		return c.run(&process{
			name: name,
			args: append([]string{l.binary, name}, flags...),
			// Not the caller's environment: a proxy or a kubeconfig set there is not meant for these.
			// Two processors are enough for each, and garbage collected early is memory the machine has for its other guests.
			env:    []string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.dir, "GOMAXPROCS=2", "GOGC=50", "GOMEMLIMIT=" + memory},
			log:    l.log(name),
			logger: options.Logger,
			failed: abort,
		})
	}
	if err := run("etcd", "200MiB", "--config-file="+filepath.Join(l.dir, "etcd.yaml")); err != nil {
		return err
	}
	if err := run("kube-apiserver", "600MiB", l.apiServerFlags(options.Beside != nil)...); err != nil {
		return err
	}
	if err := wait(ctx, "the API server to be ready", c.ready); err != nil {
		return err
	}
	if err := run("kube-controller-manager", "200MiB", l.controllerManagerFlags()...); err != nil {
		return err
	}
	if err := run("kube-scheduler", "150MiB", "--config="+filepath.Join(l.dir, "scheduler.yaml"), "--secure-port=0"); err != nil {
		return err
	}
	cloud := l.cloudFlags(options.LoadBalancerAddresses)
	if options.Beside != nil {
		cloud = options.Beside.Flags(l.kubeconfig("cloud"))
	}
	if err := run("cloud", "150MiB", cloud...); err != nil {
		return err
	}
	return wait(ctx, "the controllers to make the default service account", c.hasServiceAccount)
}

func (c *ControlPlane) run(p *process) error {
	c.processes = append(c.processes, p)
	return p.start()
}

// wait polls a condition until it holds or the context ends.
func wait(ctx context.Context, what string, condition func(context.Context) error) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		last := condition(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up waiting for %s (at last: %w): %w", what, last, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}

func (c *ControlPlane) ready(ctx context.Context) error {
	return c.client.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

// hasServiceAccount: without it the first pods would be refused.
func (c *ControlPlane) hasServiceAccount(ctx context.Context) error {
	_, err := c.client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return errors.New("it is not there yet")
	}
	return err
}

// Address is where the API server listens, as host:port.
func (c *ControlPlane) Address() string { return fmt.Sprintf("%s:%d", c.layout.address, apiPort) }

// Kubeconfig is an administrator's kubeconfig for Address.
func (c *ControlPlane) Kubeconfig() []byte { return c.admin }

// AdminKubeconfig is an administrator's kubeconfig for another way to the API server, for example "https://127.83.12.10:6443". Its host has
// to be among the names given to IssueServing.
func (c *ControlPlane) AdminKubeconfig(server string) []byte {
	text, err := c.layout.kubeconfigFor("kubernetes-admin", "admin", server)
	if err != nil {
		// Start has read the same files.
		panic(err)
	}
	return text
}

// Stop ends all processes and returns when they are gone: first those that use the API, then the API server, then its store. It may
// be called more than once.
func (c *ControlPlane) Stop() {
	c.stopped.Do(func() {
		users := c.processes[min(2, len(c.processes)):]
		var gone sync.WaitGroup
		for _, p := range users {
			gone.Go(func() { p.stop(stopGrace) })
		}
		gone.Wait()
		for i := min(2, len(c.processes)) - 1; i >= 0; i-- {
			c.processes[i].stop(stopGrace)
		}
	})
}

// Erase removes what a stopped control plane left in its folder, keys and data, so that the next one to start there is new.
// Its logs stay.
func Erase(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var failed []error
	for _, entry := range entries {
		if entry.Name() != "logs" {
			failed = append(failed, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	return errors.Join(failed...)
}
