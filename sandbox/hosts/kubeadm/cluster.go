package kubeadm

import (
	"context"

	"github.com/iransre/exchange-platform/sandbox/hosts"
)

// Cluster is the Kubernetes side of a machine: what kubeadm and the kubelet would do.
type Cluster interface {
	// Renew makes the cluster a new and empty one: it comes before the Init of a first control plane.
	Renew(ctx context.Context) error
	// Init makes the control plane serve certificates for certSANs and returns an admin kubeconfig. It is idempotent,
	// and called again with more names when another control plane joins.
	Init(ctx context.Context, n hosts.Node, certSANs []string) (adminKubeconfig []byte, err error)
	// Join creates or updates the Node object.
	Join(ctx context.Context, n hosts.Node) error
	// Upgrade changes the version of an existing node, and nothing else of it.
	Upgrade(ctx context.Context, name, version string) error
	// Reset deletes the Node object; a missing one is no error.
	Reset(ctx context.Context, name string) error
	// NodeLost says that a node's kubelet is not heard any more; a missing node is no error, here and below.
	NodeLost(ctx context.Context, name string) error
	// NodeBack says that it is heard again, and returns when the node is ready.
	NodeBack(ctx context.Context, name string) error
	// EtcdKeys gives a machine of that name and with these addresses the keys of etcd.
	EtcdKeys(ctx context.Context, name string, addresses []string) (EtcdKeys, error)
	// Address is the host:port of the API server.
	Address() string
}

// EtcdKeys are what a machine needs to be a client, and would need to be a member, of etcd: certificates and keys in PEM.
type EtcdKeys struct {
	// Endpoint is where etcd answers.
	Endpoint string
	CA       []byte
	// Admin is for etcdctl; Member is what the machine would serve and show to other members.
	Admin, Member KeyPair
}

// KeyPair is a certificate and its key.
type KeyPair struct{ Certificate, Key []byte }
