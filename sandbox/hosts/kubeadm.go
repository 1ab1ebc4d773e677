package hosts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"sigs.k8s.io/yaml"
)

// Files that kubeadm leaves on a node.
const (
	adminConf     = "etc/kubernetes/admin.conf"
	kubeletConfig = "var/lib/kubelet/config.yaml"
)

// clusterTimeout bounds one step of kubeadm against the cluster.
const clusterTimeout = 2 * time.Minute

func (m *machine) handleKubeadm(handle handleFunc) {
	handle("POST "+guestapi.Kubeadm+"{action}", func(_ http.ResponseWriter, r *http.Request) error {
		if m.hosts.opts.Cluster == nil {
			return errors.New("this sandbox runs no Kubernetes control plane")
		}
		// A step goes on when its asker is killed: it would otherwise leave half a node.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), clusterTimeout)
		defer cancel()
		if r.PathValue("action") == "reset" {
			return m.leaveCluster(ctx)
		}
		if action, upgrade := strings.CutPrefix(r.PathValue("action"), "upgrade-"); upgrade {
			var request guestapi.UpgradeRequest
			if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
				return err
			}
			return m.upgrade(ctx, action, request.Version)
		}
		var request guestapi.KubeadmRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			return err
		}
		switch action := r.PathValue("action"); action {
		case "init":
			request.ControlPlane = true
			return m.joinCluster(ctx, request)
		case "join":
			if err := m.hosts.reachableAPI(); err != nil {
				return err
			}
			return m.joinCluster(ctx, request)
		default:
			return fmt.Errorf("unknown kubeadm action %q", action)
		}
	})
}

// reachableAPI returns an error unless a control plane runs and is on the network: a node can only join through one.
func (h *Hosts) reachableAPI() error {
	known := false
	for _, m := range h.all() {
		state := m.snapshot()
		if state.Node == nil || !state.Node.ControlPlane {
			continue
		}
		if state.Running && !state.Faults.Cut {
			return nil
		}
		known = true
	}
	if known {
		return errors.New("the API server does not answer: every control plane is switched off or cut from the network")
	}
	return errors.New("there is no cluster to join: no control plane has run kubeadm init")
}

// hasControlPlane tells whether a machine is a control plane, be it switched off.
func (h *Hosts) hasControlPlane() bool {
	return slices.ContainsFunc(h.all(), func(m *machine) bool {
		node := m.snapshot().Node
		return node != nil && node.ControlPlane
	})
}

// joinCluster makes a node of the machine, and opens the API on its public address when it is a control plane.
func (m *machine) joinCluster(ctx context.Context, request guestapi.KubeadmRequest) error {
	m.hosts.kubeadm.Lock()
	defer m.hosts.kubeadm.Unlock()
	run, err := m.live()
	if err != nil {
		return err
	}
	node := m.node(request)
	cluster := m.hosts.opts.Cluster
	sans := m.certSANs(node, request.CertSANs)
	if node.ControlPlane {
		if !m.hosts.hasControlPlane() {
			if err := cluster.Renew(ctx); err != nil {
				return fmt.Errorf("a new control plane: %w", err)
			}
		}
		kubeconfig, err := cluster.Init(ctx, node, append(sans, m.hosts.certSANs(m)...))
		if err != nil {
			return fmt.Errorf("the control plane: %w", err)
		}
		if kubeconfig, err = m.rewriteServer(kubeconfig); err != nil {
			return err
		}
		if err := m.writeNodeFile(adminConf, kubeconfig); err != nil {
			return err
		}
	}
	if err := cluster.Join(ctx, node); err != nil {
		return fmt.Errorf("registering node %s: %w", node.Name, err)
	}
	config := "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
	if err := m.writeNodeFile(kubeletConfig, []byte(config)); err != nil {
		return err
	}
	if err := m.update(func(s *state) { s.Node, s.CertSANs = &node, sans }); err != nil {
		return err
	}
	return m.listen(run)
}

// node completes what kubeadm was told with what is known of the machine.
func (m *machine) node(request guestapi.KubeadmRequest) Node {
	state := m.snapshot()
	node := Node{
		Name: request.NodeName, ControlPlane: request.ControlPlane, InternalIP: request.AdvertiseAddress, ExternalIP: request.ExternalAddress,
		Labels: request.Labels, Taints: request.Taints, Version: request.Version,
	}
	if node.Name == "" {
		node.Name = state.Hostname
	}
	if node.InternalIP == "" {
		node.InternalIP = m.sourceAddress()
	}
	if node.ExternalIP == "" {
		node.ExternalIP = state.Machine.PublicAddress
	}
	// A control plane that joins again keeps what it is.
	if state.Node != nil && state.Node.ControlPlane {
		node.ControlPlane = true
	}
	return node
}

// certSANs are the names the API is reached by through this machine.
func (m *machine) certSANs(node Node, extra []string) []string {
	sans := append([]string{"localhost", "127.0.0.1", node.Name, node.InternalIP, node.ExternalIP, m.snapshot().Machine.PublicAddress}, extra...)
	sans = slices.DeleteFunc(sans, func(name string) bool { return name == "" })
	slices.Sort(sans)
	return slices.Compact(sans)
}

// certSANs are the names of all other control planes: they share one certificate here.
func (h *Hosts) certSANs(except *machine) []string {
	var sans []string
	for _, m := range h.all() {
		if state := m.snapshot(); m != except && state.Node != nil && state.Node.ControlPlane {
			sans = append(sans, state.CertSANs...)
		}
	}
	return sans
}

// rewriteServer makes a kubeconfig go through the machine's own API address. A private address would be the real thing,
// but exists on no interface.
func (m *machine) rewriteServer(kubeconfig []byte) ([]byte, error) {
	public := m.snapshot().Machine.PublicAddress
	if public == "" {
		return kubeconfig, nil
	}
	var config map[string]any
	if err := yaml.Unmarshal(kubeconfig, &config); err != nil {
		return nil, fmt.Errorf("admin kubeconfig: %w", err)
	}
	clusters, _ := config["clusters"].([]any)
	for _, entry := range clusters {
		if named, ok := entry.(map[string]any); ok {
			if cluster, ok := named["cluster"].(map[string]any); ok {
				cluster["server"] = "https://" + net.JoinHostPort(public, strconv.Itoa(apiPort))
			}
		}
	}
	return yaml.Marshal(config)
}

func (m *machine) writeNodeFile(name string, content []byte) error {
	if m.snapshot().Faults.Full {
		return &os.PathError{Op: "write", Path: "/" + name, Err: syscall.ENOSPC}
	}
	root, err := os.OpenRoot(m.root())
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := root.WriteFile(name, content, 0o600); err != nil {
		return err
	}
	return root.Chmod(name, 0o600)
}

// leaveCluster takes back joinCluster.
func (m *machine) leaveCluster(ctx context.Context) error {
	m.hosts.kubeadm.Lock()
	defer m.hosts.kubeadm.Unlock()
	node := m.snapshot().Node
	if node == nil || m.hosts.opts.Cluster == nil {
		return nil
	}
	if err := m.hosts.opts.Cluster.Reset(ctx, node.Name); err != nil {
		return fmt.Errorf("deleting node %s: %w", node.Name, err)
	}
	root, err := os.OpenRoot(m.root())
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range []string{adminConf, kubeletConfig} {
		if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := m.update(func(s *state) { s.Node, s.CertSANs = nil, nil }); err != nil {
		return err
	}
	run, err := m.live()
	if err != nil {
		return nil // the machine is off or being removed: nothing of it listens
	}
	return m.listen(run)
}
