package light

import (
	"context"
	"slices"

	"github.com/iransre/exchange-platform/sandbox/hosts"
)

// List describes all machines, sorted by name.
func (h *Hosts) List() []hosts.Status {
	var list []hosts.Status
	for _, m := range h.machines.All() {
		state := m.state.Get()
		status := hosts.Status{
			ID: m.id, Name: state.Machine.Name, Hostname: state.Hostname, Zone: state.Machine.Zone, SSH: m.sshAddress(),
			PublicAddress: state.Machine.PublicAddress, Running: state.Running, Faults: state.Faults, Node: state.Node,
		}
		for _, address := range state.Machine.PrivateAddresses {
			status.PrivateAddresses = append(status.PrivateAddresses, address)
		}
		slices.Sort(status.PrivateAddresses)
		list = append(list, status)
	}
	return list
}

// Stop switches a machine off in an orderly way of its cloud's. It stays off until Start or Boot.
func (h *Hosts) Stop(_ context.Context, name string) error {
	m, err := h.machines.Find(name)
	if err != nil {
		return err
	}
	if err := m.shutDown(func(s *state) { s.Running, s.Faults.Killed = false, false }); err != nil {
		return err
	}
	h.reportSoon(m)
	return nil
}

// powerFails switches the machine off without its cloud knowing of it.
func (m *machine) powerFails() error {
	return m.shutDown(func(s *state) { s.Running, s.Faults.Killed = false, true })
}

// powerOff is what poweroff inside the machine does.
func (m *machine) powerOff() error {
	defer m.hosts.reportSoon(m)
	return m.powerFails()
}

func (m *machine) shutDown(change func(*state)) error {
	m.power.Lock()
	defer m.power.Unlock()
	m.haltLocked()
	return m.state.Update(change)
}

func (m *machine) reboot() error {
	m.power.Lock()
	defer m.power.Unlock()
	m.haltLocked()
	return m.startLocked()
}
