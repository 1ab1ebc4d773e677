package world

import (
	"context"
	"log/slog"
	"net"
	"sync"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// cluster is the control plane as the machines' kubeadm sees it. It starts at once with the world, in the background: by
// the time a machine wants to be a control plane, it is there.
type cluster struct {
	address string
	started chan struct{}
	plane   *controlplane.ControlPlane
	err     error
	ended   sync.WaitGroup
	cancel  context.CancelFunc
}

var _ hosts.Cluster = (*cluster)(nil)

func startCluster(ctx context.Context, w *workspace.Workspace, logger *slog.Logger) *cluster {
	ctx, cancel := context.WithCancel(ctx)
	c := &cluster{
		address: net.JoinHostPort(w.Address(1).String(), "6443"),
		started: make(chan struct{}),
		cancel:  cancel,
	}
	c.ended.Go(func() {
		defer close(c.started)
		c.plane, c.err = controlplane.Start(ctx, controlplane.Options{
			Dir: w.Path("kubernetes"), Address: w.Address(1).String(), Binary: w.Binary("kube"),
			LoadBalancerAddresses: w.Addresses(240, 254), Logger: logger,
		})
		if c.err != nil {
			logger.Error("the control plane did not start", "error", c.err)
		}
	})
	return c
}

// stop ends the control plane, whether it has started or is about to.
func (c *cluster) stop() {
	c.cancel()
	c.ended.Wait()
	if c.plane != nil {
		c.plane.Stop()
	}
}

func (c *cluster) state() string {
	select {
	case <-c.started:
		if c.err != nil {
			return "failed: " + c.err.Error()
		}
		return "running"
	default:
		return "starting"
	}
}

// ready waits for the control plane.
func (c *cluster) ready(ctx context.Context) (*controlplane.ControlPlane, error) {
	select {
	case <-c.started:
		return c.plane, c.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Init makes the control plane serve certSANs and the node part of it.
func (c *cluster) Init(ctx context.Context, node hosts.Node, certSANs []string) ([]byte, error) {
	plane, err := c.ready(ctx)
	if err != nil {
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

// Reset takes the node out of the cluster.
func (c *cluster) Reset(ctx context.Context, name string) error {
	plane, err := c.ready(ctx)
	if err != nil {
		return err
	}
	return plane.DeleteNode(ctx, name)
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
