// Package hoststest boots virtual machines without the rest of a sandbox: for tests of what runs on them, and for trying
// them by hand (go run ./hosts/try).
package hoststest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/kubeadm"
	gossh "golang.org/x/crypto/ssh"
)

// Network is the id of the private network that all machines made by Machine share.
const Network = "net-1"

// BuildGuest builds the machines' stand-ins into dir and returns the binary's path.
func BuildGuest(dir string) (string, error) {
	path := filepath.Join(dir, "guest")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path, "github.com/iransre/exchange-platform/sandbox/cmd/guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the stand-ins: %w\n%s", err, output)
	}
	return path, nil
}

// Key is an SSH key pair.
type Key struct {
	Private    []byte // OpenSSH format
	Authorized string // one line of authorized_keys
	Signer     gossh.Signer
}

// NewKey makes a key pair.
func NewKey() (Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, err
	}
	signer, err := gossh.NewSignerFromKey(private)
	if err != nil {
		return Key{}, err
	}
	block, err := gossh.MarshalPrivateKey(private, "hoststest")
	if err != nil {
		return Key{}, err
	}
	return Key{
		Private: pem.EncodeToMemory(block), Signer: signer,
		Authorized: string(gossh.MarshalAuthorizedKey(signer.PublicKey())[:len(gossh.MarshalAuthorizedKey(signer.PublicKey()))-1]),
	}, nil
}

// Machine describes machine number i (from 1) named name: public address prefix.(9+i), private address 10.0.0.i.
func Machine(prefix string, i int, name string, key Key) emulator.Machine {
	return emulator.Machine{
		ID: "vm-" + name, Name: name, Zone: "ir-thr-fr1", Image: "ubuntu/24.04", AuthorizedKeys: []string{key.Authorized},
		PublicAddress: fmt.Sprintf("%s.%d", prefix, 9+i), PrivateAddresses: map[string]string{Network: fmt.Sprintf("10.0.0.%d", i)},
		Subnets: map[string]string{Network: "10.0.0.0/24"},
	}
}

// Cluster is a kubeadm.Cluster that only remembers what it was told.
type Cluster struct {
	// API is what Address returns.
	API string

	mu    sync.Mutex
	nodes map[string]hosts.Node
	lost  map[string]bool
	sans  []string
	made  int
}

var _ kubeadm.Cluster = (*Cluster)(nil)

// Renew counts the clusters there were, and forgets the nodes of the one before.
func (c *Cluster) Renew(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	c.nodes, c.lost = nil, nil
	return nil
}

// Made is how many clusters there were.
func (c *Cluster) Made() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made
}

// Init remembers the certificate's names.
func (c *Cluster) Init(_ context.Context, _ hosts.Node, certSANs []string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sans = slices.Clone(certSANs)
	return []byte("apiVersion: v1\nkind: Config\nclusters:\n- name: sandbox\n  cluster:\n    server: https://" + c.API + "\n"), nil
}

// Join remembers the node.
func (c *Cluster) Join(_ context.Context, n hosts.Node) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nodes == nil {
		c.nodes = map[string]hosts.Node{}
	}
	c.nodes[n.Name] = n
	return nil
}

// Upgrade remembers the version.
func (c *Cluster) Upgrade(_ context.Context, name, version string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	node, known := c.nodes[name]
	if !known {
		return fmt.Errorf("no node %s", name)
	}
	node.Version = version
	c.nodes[name] = node
	return nil
}

// Reset forgets the node.
func (c *Cluster) Reset(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.nodes, name)
	return nil
}

// NodeLost remembers it.
func (c *Cluster) NodeLost(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil {
		c.lost = map[string]bool{}
	}
	c.lost[name] = true
	return nil
}

// NodeBack remembers it.
func (c *Cluster) NodeBack(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.lost, name)
	return nil
}

// Lost tells whether the node was lost and did not come back.
func (c *Cluster) Lost(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost[name]
}

// EtcdKeys gives something at every place.
func (c *Cluster) EtcdKeys(_ context.Context, name string, addresses []string) (kubeadm.EtcdKeys, error) {
	pair := func(what string) kubeadm.KeyPair {
		return kubeadm.KeyPair{Certificate: []byte(what + " of " + name), Key: []byte("key of " + what)}
	}
	return kubeadm.EtcdKeys{
		Endpoint: "https://etcd.example:2379", CA: []byte("CA"),
		Admin: pair("admin"), Member: pair("member at " + strings.Join(addresses, " ")),
	}, nil
}

// Address is where API servers' relays go to.
func (c *Cluster) Address() string { return c.API }

// Nodes returns the nodes by name.
func (c *Cluster) Nodes() map[string]hosts.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	nodes := map[string]hosts.Node{}
	maps.Copy(nodes, c.nodes)
	return nodes
}

// CertSANs returns the names that the control plane's certificate was last asked to carry.
func (c *Cluster) CertSANs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sans)
}
