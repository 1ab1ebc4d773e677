package light

import (
	"context"
	"net"
	"strconv"

	"github.com/iransre/exchange-platform/sandbox/hosts/kubeadm"
	"github.com/iransre/exchange-platform/sandbox/hosts/network"
	"github.com/iransre/exchange-platform/sandbox/hosts/roster"
)

// Identity is what the machine is called and reached by.
func (m *machine) Identity() network.Identity {
	state := m.state.Get()
	return network.Identity{
		Name: state.Machine.Name, Hostname: state.Hostname, PublicAddress: state.Machine.PublicAddress, PrivateAddresses: state.Machine.PrivateAddresses,
	}
}

// sshAddress is where users reach the machine's SSH server; empty without a public address.
func (m *machine) sshAddress() string {
	public := m.Identity().PublicAddress
	if public == "" {
		return ""
	}
	return net.JoinHostPort(public, strconv.Itoa(m.hosts.opts.Port))
}

// listen makes the running machine answer on the addresses its state asks for.
func (m *machine) listen(run *running) error {
	wanted := map[string]network.Handler{}
	if public := m.Identity().PublicAddress; public != "" {
		wanted[m.sshAddress()] = run.ssh.Serve
		if api := m.api(); api != nil {
			wanted[net.JoinHostPort(public, strconv.Itoa(kubeadm.APIPort))] = api
		}
	}
	return run.listeners.Set(m.Name(), m.link, wanted)
}

func (m *machine) api() network.Handler {
	return m.hosts.kubeadm.API(m, m.hosts.log.With("machine", m.Name()))
}

// route finds who answers when the machine connects to host and port.
func (m *machine) route(ctx context.Context, host string, port int) (network.Handler, error) {
	return network.Route(ctx, m, roster.Each[network.Machine](&m.hosts.machines), host, port)
}

// Service returns who answers on a port of the machine's private addresses.
func (m *machine) Service(port int) (network.Handler, error) {
	run, err := m.live()
	if err != nil {
		return nil, err
	}
	var answer network.Handler
	switch port {
	case 22, m.hosts.opts.Port:
		answer = run.ssh.Serve
	case kubeadm.APIPort:
		answer = m.api()
	}
	if answer == nil {
		return nil, nil
	}
	return func(conn net.Conn) { answer(m.link.Wrap(conn)) }, nil
}
