package real

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/kubeadm"
	"github.com/iransre/exchange-platform/sandbox/hosts/network"
)

var _ kubeadm.Machine = (*machine)(nil)

// Identity is what the machine is called and reached by.
func (m *machine) Identity() network.Identity {
	spec := m.state.Get().Machine
	return network.Identity{Name: spec.Name, Hostname: m.Hostname(), PublicAddress: spec.PublicAddress, PrivateAddresses: spec.PrivateAddresses}
}

// On returns an error when the machine is switched off.
func (m *machine) On() error {
	_, err := m.live()
	return err
}

// Connected tells whether the machine runs and is on the network.
func (m *machine) Connected() bool {
	state := m.state.Get()
	return state.Running && !state.Faults.Cut
}

// Node returns what kubeadm made of the machine.
func (m *machine) Node() (*hosts.Node, []string) {
	state := m.state.Get()
	return state.Node, state.CertSANs
}

// SetNode remembers what kubeadm made of the machine, and makes it answer accordingly. One that is off does so when it starts.
func (m *machine) SetNode(node *hosts.Node, certSANs []string) error {
	if err := m.state.Update(func(s *state) { s.Node, s.CertSANs = node, certSANs }); err != nil {
		return err
	}
	run, err := m.live()
	if err != nil {
		return nil
	}
	return m.listen(run)
}

// whatNode is what the machine is of a cluster, by what kubeadm has left on it as far as it can be asked, or what a stand-in for kubeadm
// knows.
func (m *machine) whatNode() *hosts.Node {
	known := m.state.Get().Node
	run, err := m.live()
	if err != nil || m.hosts.opts.Cluster != nil {
		return known
	}
	has := func(name string) bool {
		text, err := run.process.readFile("etc/kubernetes/" + name)
		return err == nil && len(text) > 0
	}
	var found *hosts.Node
	if has("kubelet.conf") {
		found = &hosts.Node{Name: m.Hostname(), ControlPlane: has("admin.conf")}
	}
	if (found == nil) == (known == nil) && (found == nil || known.Name == found.Name && known.ControlPlane == found.ControlPlane) {
		return known
	}
	if err := m.state.Update(func(s *state) { s.Node = found }); err != nil {
		m.hosts.log.Warn("what a machine is of its cluster is not kept", "machine", m.Name(), "error", err)
	}
	return found
}

// WriteFile writes a file of the node, for root only.
func (m *machine) WriteFile(name string, content []byte) error {
	return m.inRoot(func(root *os.Root) error {
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(name, content, 0o600); err != nil {
			return err
		}
		return root.Chmod(name, 0o600)
	})
}

// RemoveFile removes a file of the node, if it is there. A machine that is off keeps it.
func (m *machine) RemoveFile(name string) error {
	if m.On() != nil {
		return nil
	}
	return m.inRoot(func(root *os.Root) error {
		if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	})
}

func (m *machine) inRoot(do func(*os.Root) error) error {
	run, err := m.live()
	if err != nil {
		return err
	}
	root, err := run.process.root()
	if err != nil {
		return err
	}
	defer root.Close()
	return do(root)
}

// listen makes the running machine reached from outside by what its state asks for, and reach what it may.
func (m *machine) listen(run *running) error {
	outside, inside := map[string]network.Handler{}, map[string]network.Handler{}
	for _, address := range m.hosts.opts.Services {
		inside[address] = func(conn net.Conn) {
			answer, err := network.Dial(m.hosts.ctx, address)
			if err != nil {
				_ = conn.Close()
				return
			}
			answer(conn)
		}
	}
	api := m.hosts.kubeadm.API(m, m.hosts.log.With("machine", m.Name()))
	if api != nil {
		inside[net.JoinHostPort("0.0.0.0", strconv.Itoa(kubeadm.APIPort))] = api
	}
	if address := m.sshAddress(); address != "" {
		outside[address] = m.lead(run, sshPorts...)
		if api != nil || m.hosts.opts.Cluster == nil {
			outside[net.JoinHostPort(m.state.Get().Machine.PublicAddress, strconv.Itoa(kubeadm.APIPort))] = m.lead(run, kubeadm.APIPort)
		}
	}
	if err := run.outside.Set(m.Name(), m.link, outside); err != nil {
		return err
	}
	return run.inside.Set(m.Name(), m.link, inside)
}

// lead leads a connection to the first of these ports that answers.
func (m *machine) lead(run *running, ports ...int) network.Handler {
	return func(conn net.Conn) {
		far, err := run.dial(m.hosts.ctx, ports...)
		if err != nil {
			_ = conn.Close()
			return
		}
		network.Splice(conn, far)
	}
}

// sshAddress is where users reach the machine's SSH server; empty without a public address.
func (m *machine) sshAddress() string {
	address := m.state.Get().Machine.PublicAddress
	if address == "" {
		return ""
	}
	return net.JoinHostPort(address, strconv.Itoa(sshPort))
}

// Report tells the cluster whether the machine's kubelet can be heard.
func (m *machine) Report(ctx context.Context) error {
	m.reporting.Lock()
	defer m.reporting.Unlock()
	return m.hosts.kubeadm.ReportKubelet(ctx, m)
}

// reportSoon is Report for those who do not wait for it.
func (h *Hosts) reportSoon(m *machine) { h.reports.Soon(h.ctx, h.machines.WhileOpen, h.log, m) }
