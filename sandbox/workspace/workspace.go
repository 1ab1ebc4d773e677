// Package workspace says where a sandbox keeps its things: everything lies under .sandbox in the checkout.
package workspace

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// Workspace is one checkout and the sandbox in it.
type Workspace struct {
	// Root is the checkout: the folder that holds Pulumi.yaml.
	Root string
	// Tools is Root/.sandbox: the built programs, which all sandboxes of the checkout share.
	Tools string
	// Name tells sandboxes of one checkout apart; the first one has none.
	Name string
	// Dir holds everything else of this sandbox: Tools itself, or a folder in it for one that has a name.
	Dir string
	// Network is the loopback /24 this sandbox owns, so that two sandboxes on one machine never share an address.
	Network netip.Prefix
}

// Open is Named for the sandbox that the environment names (SANDBOX_NAME).
func Open() (*Workspace, error) { return Named(os.Getenv("SANDBOX_NAME")) }

// Named finds the checkout at or above the working directory and the sandbox of this name in it, making its folder and choosing
// its addresses if they are not there yet.
func Named(name string) (*Workspace, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	w := &Workspace{Root: root, Tools: filepath.Join(root, ".sandbox"), Name: name}
	w.Dir = filepath.Join(w.Tools, name)
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the sandbox's folder: %w", err)
	}
	if w.Network, err = w.network(); err != nil {
		return nil, err
	}
	return w, nil
}

func findRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "Pulumi.yaml")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not in a checkout of exchange-platform: no Pulumi.yaml here or above", start)
		}
	}
}

// network reads the sandbox's addresses, or chooses them once: they stand in the stack's state, so they must stay.
func (w *Workspace) network() (netip.Prefix, error) {
	file := filepath.Join(w.Dir, "network")
	if text, err := os.ReadFile(file); err == nil {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(string(text)))
		if err != nil {
			return netip.Prefix{}, fmt.Errorf("%s: %w; delete the folder .sandbox to start anew", file, err)
		}
		return prefix, nil
	}
	sum := sha256.Sum256([]byte(w.Dir))
	for i := range 32 {
		// 127.64.0.0/10 keeps clear of 127.0.0.0/16, where people and resolvers put their own servers.
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 64 + sum[i]%64, sum[(i+1)%32], 0}), 24)
		if !inUse(prefix) {
			return prefix, os.WriteFile(file, []byte(prefix.String()+"\n"), 0o644)
		}
	}
	return netip.Prefix{}, errors.New("no free loopback network found: another program listens on each that was tried")
}

func inUse(prefix netip.Prefix) bool {
	listener, err := net.Listen("tcp", netip.AddrPortFrom(host(prefix, 1), APIPort).String())
	if err != nil {
		return true
	}
	return listener.Close() != nil
}

// The ports of the sandbox's services, all on Address(1).
const (
	APIPort      = 7000 // the ArvanCloud emulator
	FilesPort    = 7001 // charts and archives
	StoragePort  = 7002 // S3-compatible object storage
	RegistryPort = 7003 // images, for real machines
	MessagesPort = 7004 // what stands for Telegram and for providers of SMS, for real machines
	GitPort      = 7005 // Exchange-DevOps, for an Argo CD that runs
	// AdmissionPort is where the API server of the machines' own cluster asks which pods are simulated.
	AdmissionPort = 7009
)

// Address is the n-th address of the sandbox's network: 1 serves, 2 is the CDN's, 10 to 239 are machines, 240 to 254 load balancers.
func (w *Workspace) Address(n byte) netip.Addr { return host(w.Network, n) }

// Addresses are the addresses first to last.
func (w *Workspace) Addresses(first, last byte) []netip.Addr {
	var addresses []netip.Addr
	for n := int(first); n <= int(last); n++ {
		addresses = append(addresses, w.Address(byte(n)))
	}
	return addresses
}

func host(prefix netip.Prefix, n byte) netip.Addr {
	bytes := prefix.Addr().As4()
	bytes[3] = n
	return netip.AddrFrom4(bytes)
}

// Where the CDN answers browsers, on EdgeAddress: if the ports of the web are taken, on these.
const (
	EdgePort       = 7080
	EdgeSecurePort = 7443
)

// EdgeAddress is the CDN's address.
func (w *Workspace) EdgeAddress() netip.Addr { return w.Address(2) }

// APIURL is the base address of the ArvanCloud emulator.
func (w *Workspace) APIURL() string { return fmt.Sprintf("http://%s:%d", w.Address(1), APIPort) }

// FilesURL is the base address of charts (/charts) and archives (/files).
func (w *Workspace) FilesURL() string { return fmt.Sprintf("http://%s:%d", w.Address(1), FilesPort) }

// StorageURL is the base address of the object storage.
func (w *Workspace) StorageURL() string {
	return fmt.Sprintf("http://%s:%d", w.Address(1), StoragePort)
}

// RegistryURL is the base address of the mirror of all registries of images.
func (w *Workspace) RegistryURL() string {
	return fmt.Sprintf("https://%s:%d", w.Address(1), RegistryPort)
}

// GitURL is the base address of the Git server.
func (w *Workspace) GitURL() string { return fmt.Sprintf("https://%s:%d", w.Address(1), GitPort) }

// MirrorURL is the base address of the mirror of files.
func (w *Workspace) MirrorURL() string { return w.FilesURL() + "/mirror" }

// Path is a path in the sandbox's folder.
func (w *Workspace) Path(elements ...string) string {
	return filepath.Join(append([]string{w.Dir}, elements...)...)
}

// Binary is where a program that was built for the sandbox is.
func (w *Workspace) Binary(name string) string { return filepath.Join(w.Tools, "bin", name) }

// Files is where files may lie that the mirror of files serves besides its own, by their paths there: "github.com/…". The sandbox only reads it.
func (w *Workspace) Files() string { return filepath.Join(w.Tools, "files") }

// Additions is what lies over the system of each real machine, if it is there: the root of a file system. The sandbox only reads it.
func (w *Workspace) Additions() string { return filepath.Join(w.Tools, "additions") }

// Systems is where the systems of real machines are made: see package debian.
func (w *Workspace) Systems() string { return filepath.Join(w.Tools, "systems") }

// Images is where the images of real machines are made: see package mirrors.
func (w *Workspace) Images() string { return filepath.Join(w.Tools, "images") }

// Manifests are what programs that real machines run say of the objects that they need: a file for each chart.
func (w *Workspace) Manifests() string { return filepath.Join(w.Images(), "manifests") }

// PulumiHome is where pulumi finds its plugins.
func (w *Workspace) PulumiHome() string { return filepath.Join(w.Tools, "pulumi") }

// Kind is what a sandbox's virtual machines are made of.
type Kind string

// The kinds there are.
const (
	Light Kind = "light" // the default: see package light
	Real  Kind = "real"  // see package real; Kubernetes really runs on them
)

// Kind is that of this sandbox's machines.
func (w *Workspace) Kind() Kind {
	if text, err := os.ReadFile(w.kindFile()); err == nil {
		return Kind(strings.TrimSpace(string(text)))
	}
	return Light
}

func (w *Workspace) kindFile() string { return w.Path("machines") }

// ChooseKind decides what the machines are made of from now on. The machines that there are stay what they are.
func (w *Workspace) ChooseKind(kind Kind) error {
	if kind != Light && kind != Real {
		return fmt.Errorf("there are no machines of the kind %q: it is %s or %s", kind, Light, Real)
	}
	if kind == w.Kind() {
		return nil
	}
	if w.HasMachines() {
		return fmt.Errorf("the machines of this sandbox are of the kind %s: destroy their stack first, or take a second sandbox, SANDBOX_NAME=%s ./scripts/sandbox …",
			w.Kind(), kind)
	}
	return os.WriteFile(w.kindFile(), []byte(kind+"\n"), 0o644)
}

// Origin is where the images come from that real machines run.
type Origin string

// The origins there are.
const (
	Made     Origin = "sandbox"  // the default: made here, and simulated where that cannot be
	Upstream Origin = "upstream" // each from its own registry
)

// Origin is that of this sandbox's images.
func (w *Workspace) Origin() Origin {
	if text, err := os.ReadFile(w.originFile()); err == nil {
		return Origin(strings.TrimSpace(string(text)))
	}
	return Made
}

func (w *Workspace) originFile() string { return w.Path("registry") }

// ChooseOrigin decides where images come from from now on. What machines have pulled is not pulled again.
func (w *Workspace) ChooseOrigin(origin Origin) error {
	if origin != Made && origin != Upstream {
		return fmt.Errorf("there are no images of the origin %q: it is %s or %s", origin, Made, Upstream)
	}
	if w.Kind() != Real {
		return errors.New("no image runs on light machines: take --machines real")
	}
	if origin != w.Origin() && w.HasMachines() {
		return fmt.Errorf("the machines of this sandbox run images of the origin %s: destroy their stack first", w.Origin())
	}
	return os.WriteFile(w.originFile(), []byte(origin+"\n"), 0o644)
}

// HasMachines tells whether there are any, on or off.
func (w *Workspace) HasMachines() bool {
	machines, err := os.ReadDir(w.Path("hosts"))
	return err == nil && len(machines) > 0
}

// Secret reads secrets/<name> in the sandbox's folder, making it at random the first time. It is the user's alone.
func (w *Workspace) Secret(name string) (string, error) {
	file := w.Path("secrets", name)
	if text, err := os.ReadFile(file); err == nil {
		return string(text), nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	secret := hex.EncodeToString(random)
	return secret, os.WriteFile(file, []byte(secret), 0o600)
}
