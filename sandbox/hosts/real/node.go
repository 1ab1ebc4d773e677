package real

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/network"
)

// APIPort is where a control plane's API server answers.
const APIPort = 6443

// whatNode is what the machine is of a cluster, by what kubeadm has left on it as far as it can be asked.
func (m *machine) whatNode() *hosts.Node {
	known := m.state.Get().Node
	run, err := m.live()
	if err != nil {
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

// listen makes the running machine reached from outside by what its state asks for, and reach what it may.
func (m *machine) listen(run *running) error {
	outside, inside := map[string]network.Handler{}, map[string]network.Handler{}
	for _, address := range m.hosts.opts.Services {
		answer := func(conn net.Conn) {
			far, err := network.Dial(m.hosts.ctx, address)
			if err != nil {
				_ = conn.Close()
				return
			}
			far(conn)
		}
		inside[address] = answer
		forPods, err := onPublicSide(address)
		if err != nil {
			return err
		}
		inside[forPods.String()] = answer
	}
	if address := m.sshAddress(); address != "" {
		outside[address] = m.lead(run, sshPorts...)
		outside[net.JoinHostPort(m.state.Get().Machine.PublicAddress, strconv.Itoa(APIPort))] = m.lead(run, APIPort)
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

// serve gives a machine the addresses at which its pods reach what the machine itself reaches by a loopback address: a pod's loopback
// is its own.
func (m *machine) serve(run *running) error {
	var commands []string
	for _, address := range m.hosts.opts.Services {
		forPods, err := onPublicSide(address)
		if err != nil {
			return err
		}
		commands = append(commands, fmt.Sprintf("addr replace %s/32 dev lo", forPods.Addr()))
	}
	return run.network.Configure(commands...)
}

// onPublicSide is OnPublicSide of an address with a port.
func onPublicSide(address string) (netip.AddrPort, error) {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("a service's address: %w", err)
	}
	there, err := OnPublicSide(parsed.Addr())
	return netip.AddrPortFrom(there, parsed.Port()), err
}
