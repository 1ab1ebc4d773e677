package hosts

import (
	"context"
	"slices"
)

// Status is a machine as `sandbox status` shows it.
type Status struct {
	ID               string
	Name             string
	Hostname         string
	Zone             string
	SSH              string // host:port; empty without a public address
	PublicAddress    string
	PrivateAddresses []string
	Running          bool
	Cut              bool
	Node             *Node // nil unless kubeadm made a node of it
}

// List describes all machines, sorted by name.
func (h *Hosts) List() []Status {
	var list []Status
	for _, m := range h.all() {
		state := m.snapshot()
		status := Status{
			ID: m.id, Name: state.Machine.Name, Hostname: state.Hostname, Zone: state.Machine.Zone, SSH: m.sshAddress(),
			PublicAddress: state.Machine.PublicAddress, Running: state.Running, Cut: m.link.isCut(), Node: state.Node,
		}
		for _, address := range state.Machine.PrivateAddresses {
			status.PrivateAddresses = append(status.PrivateAddresses, address)
		}
		slices.Sort(status.PrivateAddresses)
		list = append(list, status)
	}
	return list
}

// Stop switches a machine off at once, as if its power failed: all its processes die, nothing answers. It stays off,
// also when the daemon restarts, until Start or Boot. The machine is given by ID, name or hostname, here and below.
func (h *Hosts) Stop(_ context.Context, name string) error {
	m, err := h.find(name)
	if err != nil {
		return err
	}
	return m.shutDown()
}

// Start switches a machine on that was stopped.
func (h *Hosts) Start(_ context.Context, name string) error {
	m, err := h.find(name)
	if err != nil {
		return err
	}
	return m.start()
}

// Reboot stops and starts a machine: its disk stays, its processes and transient services do not.
func (h *Hosts) Reboot(_ context.Context, name string) error {
	m, err := h.find(name)
	if err != nil {
		return err
	}
	return m.reboot()
}

// Cut takes the machine's network away: connections hang, new ones get no answer, processes go on.
func (h *Hosts) Cut(name string) error {
	m, err := h.find(name)
	if err != nil {
		return err
	}
	m.link.cut()
	return nil
}

// Restore gives a machine its network back; what hung goes on.
func (h *Hosts) Restore(name string) error {
	m, err := h.find(name)
	if err != nil {
		return err
	}
	m.link.mend()
	return nil
}

func (m *machine) shutDown() error {
	m.power.Lock()
	defer m.power.Unlock()
	m.haltLocked()
	return m.update(func(s *state) { s.Running = false })
}

func (m *machine) reboot() error {
	m.power.Lock()
	defer m.power.Unlock()
	m.haltLocked()
	return m.startLocked()
}
