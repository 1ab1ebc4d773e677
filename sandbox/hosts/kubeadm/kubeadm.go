// Package kubeadm makes Kubernetes nodes of machines, takes them to other versions and back, as kubeadm does, and says for their
// kubelets whether they are there.
package kubeadm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestserver"
	"github.com/iransre/exchange-platform/sandbox/hosts/network"
	"sigs.k8s.io/yaml"
)

// Files that kubeadm leaves on a node.
const (
	adminConf     = "etc/kubernetes/admin.conf"
	kubeletConfig = "var/lib/kubelet/config.yaml"
)

// Timeout bounds one step against the cluster.
const Timeout = 2 * time.Minute

// Machine is what kubeadm has to know of a machine and does to it.
type Machine interface {
	Identity() network.Identity
	// On returns an error when the machine is switched off.
	On() error
	// Connected tells whether the machine runs and is on the network: whether its kubelet can be heard.
	Connected() bool
	// Node is what kubeadm made of the machine, nil for nothing yet, and the names its API is reached by.
	Node() (node *hosts.Node, certSANs []string)
	// SetNode remembers that, and opens or closes the machine's API.
	SetNode(node *hosts.Node, certSANs []string) error
	// WriteFile writes a file of the node, RemoveFile removes it if it is there.
	WriteFile(name string, content []byte) error
	RemoveFile(name string) error
}

// Kubeadm makes nodes of machines.
type Kubeadm struct {
	cluster  Cluster
	machines func() []Machine
	mu       sync.Mutex // one init, join or reset at a time: they share the certificate's names
}

// New makes the kubeadm of a set of machines. A nil cluster means that it refuses.
func New(cluster Cluster, machines func() []Machine) *Kubeadm {
	return &Kubeadm{cluster: cluster, machines: machines}
}

// Register answers one machine's kubeadm, and its script that makes etcd's keys.
func (k *Kubeadm) Register(server *guestserver.Server, m Machine) {
	server.Handle("POST "+guestapi.Kubeadm+"{action}", func(_ http.ResponseWriter, r *http.Request) error {
		if k.cluster == nil {
			return errors.New("this sandbox runs no Kubernetes control plane")
		}
		// A step goes on when its asker is killed: it would otherwise leave half a node.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), Timeout)
		defer cancel()
		if r.PathValue("action") == "reset" {
			return k.Leave(ctx, m)
		}
		if action, upgrade := strings.CutPrefix(r.PathValue("action"), "upgrade-"); upgrade {
			var request guestapi.UpgradeRequest
			if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
				return err
			}
			return k.upgrade(ctx, m, action, request.Version)
		}
		var request guestapi.KubeadmRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			return err
		}
		switch action := r.PathValue("action"); action {
		case "init":
			request.ControlPlane = true
			return k.join(ctx, m, request)
		case "join":
			if err := k.reachableAPI(); err != nil {
				return err
			}
			return k.join(ctx, m, request)
		default:
			return fmt.Errorf("unknown kubeadm action %q", action)
		}
	})
	server.Handle("POST "+guestapi.EtcdKeys, func(w http.ResponseWriter, r *http.Request) error {
		endpoint, err := k.writeEtcdKeys(r.Context(), m)
		if err != nil {
			return err
		}
		return json.NewEncoder(w).Encode(guestapi.EtcdAnswer{Endpoint: endpoint})
	})
}

// reachableAPI returns an error unless a control plane runs and is on the network: a node can only join through one.
func (k *Kubeadm) reachableAPI() error {
	known := false
	for _, m := range k.machines() {
		if !isControlPlane(m) {
			continue
		}
		if m.Connected() {
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
func (k *Kubeadm) hasControlPlane() bool {
	return slices.ContainsFunc(k.machines(), isControlPlane)
}

func isControlPlane(m Machine) bool {
	node, _ := m.Node()
	return node != nil && node.ControlPlane
}

// join makes a node of the machine, and opens the API on its public address when it is a control plane.
func (k *Kubeadm) join(ctx context.Context, m Machine, request guestapi.KubeadmRequest) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := m.On(); err != nil {
		return err
	}
	node := complete(m, request)
	sans := certSANs(m, node, request.CertSANs)
	if node.ControlPlane {
		if !k.hasControlPlane() {
			if err := k.cluster.Renew(ctx); err != nil {
				return fmt.Errorf("a new control plane: %w", err)
			}
		}
		kubeconfig, err := k.cluster.Init(ctx, node, append(sans, k.otherSANs(m)...))
		if err != nil {
			return fmt.Errorf("the control plane: %w", err)
		}
		if kubeconfig, err = rewriteServer(m, kubeconfig); err != nil {
			return err
		}
		if err := m.WriteFile(adminConf, kubeconfig); err != nil {
			return err
		}
	}
	if err := k.cluster.Join(ctx, node); err != nil {
		return fmt.Errorf("registering node %s: %w", node.Name, err)
	}
	config := "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
	if err := m.WriteFile(kubeletConfig, []byte(config)); err != nil {
		return err
	}
	return m.SetNode(&node, sans)
}

// complete adds to what kubeadm was told what is known of the machine.
func complete(m Machine, request guestapi.KubeadmRequest) hosts.Node {
	identity := m.Identity()
	node := hosts.Node{
		Name: request.NodeName, ControlPlane: request.ControlPlane, InternalIP: request.AdvertiseAddress, ExternalIP: request.ExternalAddress,
		Labels: request.Labels, Taints: request.Taints, Version: request.Version,
	}
	if node.Name == "" {
		node.Name = identity.Hostname
	}
	if node.InternalIP == "" {
		node.InternalIP = identity.Source()
	}
	if node.ExternalIP == "" {
		node.ExternalIP = identity.PublicAddress
	}
	// A control plane that joins again keeps what it is.
	if isControlPlane(m) {
		node.ControlPlane = true
	}
	return node
}

// certSANs are the names the API is reached by through this machine.
func certSANs(m Machine, node hosts.Node, extra []string) []string {
	sans := append([]string{"localhost", "127.0.0.1", node.Name, node.InternalIP, node.ExternalIP, m.Identity().PublicAddress}, extra...)
	sans = slices.DeleteFunc(sans, func(name string) bool { return name == "" })
	slices.Sort(sans)
	return slices.Compact(sans)
}

// otherSANs are the names of all other control planes: they share one certificate here.
func (k *Kubeadm) otherSANs(except Machine) []string {
	var sans []string
	for _, m := range k.machines() {
		if m != except && isControlPlane(m) {
			_, own := m.Node()
			sans = append(sans, own...)
		}
	}
	return sans
}

// rewriteServer makes a kubeconfig go through the machine's own API address. A private address would be the real thing,
// but exists on no interface.
func rewriteServer(m Machine, kubeconfig []byte) ([]byte, error) {
	public := m.Identity().PublicAddress
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
				cluster["server"] = "https://" + net.JoinHostPort(public, strconv.Itoa(APIPort))
			}
		}
	}
	return yaml.Marshal(config)
}

// Leave takes back join.
func (k *Kubeadm) Leave(ctx context.Context, m Machine) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	node, _ := m.Node()
	if node == nil || k.cluster == nil {
		return nil
	}
	if err := k.cluster.Reset(ctx, node.Name); err != nil {
		return fmt.Errorf("deleting node %s: %w", node.Name, err)
	}
	for _, name := range []string{adminConf, kubeletConfig} {
		if err := m.RemoveFile(name); err != nil {
			return err
		}
	}
	return m.SetNode(nil, nil)
}
