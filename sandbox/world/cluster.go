package world

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/kubeadm"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// cluster is the control plane as the machines' kubeadm sees it. It starts at once with the world, in the background: by
// the time a machine wants to be a control plane, it is there.
type cluster struct {
	options controlplane.Options
	address string
	ctx     context.Context
	cancel  context.CancelFunc

	mu      sync.Mutex
	current *starting
}

// starting is a control plane that starts, or has started.
type starting struct {
	done  chan struct{} // closed when what follows is known
	plane *controlplane.ControlPlane
	err   error
}

var _ kubeadm.Cluster = (*cluster)(nil)

func startCluster(ctx context.Context, w *workspace.Workspace, logger *slog.Logger) *cluster {
	ctx, cancel := context.WithCancel(ctx)
	c := &cluster{
		address: net.JoinHostPort(w.Address(1).String(), "6443"),
		options: controlplane.Options{
			Dir: w.Path("kubernetes"), Address: w.Address(1).String(), Binary: w.Binary("kube"),
			LoadBalancerAddresses: loadBalancerAddresses(w), Logger: logger,
		},
		ctx: ctx, cancel: cancel,
	}
	c.current = c.start(func() error { return nil })
	return c
}

// loadBalancerAddresses are what Services of type LoadBalancer are reached by from this machine.
func loadBalancerAddresses(w *workspace.Workspace) []netip.Addr { return w.Addresses(240, 254) }

// start starts a control plane in the background when prepare is done.
func (c *cluster) start(prepare func() error) *starting {
	s := &starting{done: make(chan struct{})}
	go func() {
		defer close(s.done)
		if s.err = prepare(); s.err == nil {
			s.plane, s.err = controlplane.Start(c.ctx, c.options)
		}
		if s.err != nil && c.ctx.Err() == nil {
			c.options.Logger.Error("the control plane did not start", "error", s.err)
		}
	}()
	return s
}

// end returns when nothing of the control plane runs any more.
func (s *starting) end() {
	<-s.done
	if s.plane != nil {
		s.plane.Stop()
	}
}

// stop ends the control plane, whether it has started or is about to.
func (c *cluster) stop() {
	c.cancel()
	c.now().end()
}

// describeCluster says what the machines' cluster is: c, or one of their own.
func describeCluster(c *cluster) Part {
	if c == nil {
		return Part{Name: "Kubernetes", Kind: "the real one, " + controlplane.KubernetesVersion + ", installed on the machines", State: "theirs"}
	}
	return Part{
		Name: "Kubernetes", Kind: "the real control plane " + controlplane.KubernetesVersion + "; nodes and pods by KWOK", Address: c.Address(), State: c.state(),
	}
}

func (c *cluster) now() *starting {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

func (c *cluster) state() string {
	current := c.now()
	select {
	case <-current.done:
		if current.err != nil {
			return "failed: " + current.err.Error()
		}
		return "running"
	default:
		return "starting"
	}
}

// ready waits for the control plane.
func (c *cluster) ready(ctx context.Context) (*controlplane.ControlPlane, error) {
	current := c.now()
	select {
	case <-current.done:
		return current.plane, current.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// servedFile tells that machines have used the control plane: what it holds is theirs.
func (c *cluster) servedFile() string { return filepath.Join(c.options.Dir, "served") }

// Renew replaces the control plane by one without data and with keys of its own, unless it is that still. The data of a
// cluster whose machines are gone is kept until then, so that what was left in it can be seen.
func (c *cluster) Renew(ctx context.Context) error {
	if _, err := os.Stat(c.servedFile()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	c.options.Logger.Info("the control plane starts anew: a first machine joins after the last one was gone")
	c.replace(func() error { return controlplane.Erase(c.options.Dir) })
	_, err := c.ready(ctx)
	return err
}

// replace ends the control plane, and starts another one when change is done.
func (c *cluster) replace(change func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.current
	c.current = c.start(func() error {
		old.end()
		return change()
	})
}

// errEtcdLost is what the control plane ends with when its data is taken away on purpose.
var errEtcdLost = errors.New("etcd has lost its data; bring it back with: ./scripts/sandbox etcd restore")

// LoseEtcd ends the control plane and takes etcd's data away.
func (c *cluster) LoseEtcd(ctx context.Context) error {
	c.replace(func() error {
		if err := controlplane.LoseEtcd(c.options.Dir); err != nil {
			return err
		}
		return errEtcdLost
	})
	if _, err := c.ready(ctx); !errors.Is(err, errEtcdLost) {
		return err
	}
	return nil
}

// RestoreEtcd goes on with what etcd held when the snapshot was made.
func (c *cluster) RestoreEtcd(ctx context.Context, snapshot string) error {
	c.replace(func() error { return controlplane.RestoreEtcd(c.ctx, c.options, snapshot) })
	_, err := c.ready(ctx)
	return err
}

// Init makes the control plane serve certSANs and the node part of it.
func (c *cluster) Init(ctx context.Context, node hosts.Node, certSANs []string) ([]byte, error) {
	plane, err := c.ready(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(c.servedFile(), nil, 0o600); err != nil {
		return nil, err
	}
	if err := plane.IssueServing(certSANs); err != nil {
		return nil, err
	}
	if err := plane.ApplyNode(ctx, controlplane.Node(node)); err != nil {
		return nil, err
	}
	return plane.AdminKubeconfig("https://" + net.JoinHostPort(node.ExternalIP, "6443")), nil
}

// Join makes the node part of the cluster.
func (c *cluster) Join(ctx context.Context, node hosts.Node) error {
	plane, err := c.ready(ctx)
	if err != nil {
		return err
	}
	return plane.ApplyNode(ctx, controlplane.Node(node))
}

// Upgrade changes the version of a node.
func (c *cluster) Upgrade(ctx context.Context, name, version string) error {
	plane, err := c.ready(ctx)
	if err != nil {
		return err
	}
	return plane.UpgradeNode(ctx, name, version)
}

// Reset takes the node out of the cluster.
func (c *cluster) Reset(ctx context.Context, name string) error {
	plane, err := c.ready(ctx)
	if err != nil {
		return err
	}
	return plane.DeleteNode(ctx, name)
}

// EtcdKeys gives a machine the keys of etcd.
func (c *cluster) EtcdKeys(ctx context.Context, name string, addresses []string) (kubeadm.EtcdKeys, error) {
	plane, err := c.ready(ctx)
	if err != nil {
		return kubeadm.EtcdKeys{}, err
	}
	keys, err := plane.EtcdKeys(name, addresses)
	if err != nil {
		return kubeadm.EtcdKeys{}, err
	}
	return kubeadm.EtcdKeys{
		Endpoint: keys.Endpoint, CA: keys.CA,
		Admin:  kubeadm.KeyPair{Certificate: keys.AdminCertificate, Key: keys.AdminKey},
		Member: kubeadm.KeyPair{Certificate: keys.MemberCertificate, Key: keys.MemberKey},
	}, nil
}

// Address is where the API server listens.
func (c *cluster) Address() string { return c.address }

// NodeLost tells that a machine's kubelet is not heard any more.
func (c *cluster) NodeLost(ctx context.Context, name string) error {
	plane, err := c.ready(ctx)
	if err != nil {
		return err
	}
	return plane.LoseNode(ctx, name)
}

// NodeBack tells that it is heard again.
func (c *cluster) NodeBack(ctx context.Context, name string) error {
	plane, err := c.ready(ctx)
	if err != nil {
		return err
	}
	return plane.FindNode(ctx, name)
}
