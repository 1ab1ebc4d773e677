package real

import (
	"context"
	"errors"
	"slices"

	"github.com/iransre/exchange-platform/sandbox/hosts"
)

// List describes all machines, sorted by name.
func (h *Hosts) List() []hosts.Status {
	var list []hosts.Status
	for _, m := range h.machines.All() {
		hostname, state := m.Hostname(), m.state.Get()
		status := hosts.Status{
			ID: m.id, Name: state.Machine.Name, Hostname: hostname, Zone: state.Machine.Zone, SSH: m.sshAddress(),
			PublicAddress: state.Machine.PublicAddress, Running: state.Running, Faults: state.Faults, Node: m.whatNode(),
			MemoryMiB: m.groups.memoryMiB(),
		}
		for _, address := range state.Machine.PrivateAddresses {
			status.PrivateAddresses = append(status.PrivateAddresses, address)
		}
		slices.Sort(status.PrivateAddresses)
		list = append(list, status)
	}
	return list
}

// Stop shuts a machine down in an orderly way of its cloud's. It stays off until Start or Boot.
func (h *Hosts) Stop(_ context.Context, name string) error {
	m, err := h.machines.Find(name)
	if err != nil {
		return err
	}
	return m.shutDown(true, func(s *state) { s.Running, s.Faults.Killed = false, false })
}

// powerFails switches the machine off without its cloud knowing of it.
func (m *machine) powerFails() error {
	return m.shutDown(false, func(s *state) { s.Running, s.Faults.Killed = false, true })
}

func (m *machine) shutDown(orderly bool, change func(*state)) error {
	m.power.Lock()
	defer m.power.Unlock()
	return errors.Join(m.haltLocked(orderly), m.state.Update(change))
}

func (m *machine) reboot() error {
	m.power.Lock()
	defer m.power.Unlock()
	if err := m.haltLocked(true); err != nil {
		return err
	}
	return m.startLocked()
}

// Kill takes a machine's power away: all its processes die at once, nothing answers. It stays off, also when the daemon restarts, until
// Start, or until its cloud boots it. The machine is given by ID, name or hostname, here and below.
func (h *Hosts) Kill(_ context.Context, name string) error {
	return h.disturb(name, func(m *machine) error { return m.powerFails() })
}

// Start switches a machine on that is off.
func (h *Hosts) Start(_ context.Context, name string) error {
	return h.disturb(name, func(m *machine) error { return m.start() })
}

// Reboot shuts a machine down and starts it.
func (h *Hosts) Reboot(_ context.Context, name string) error {
	return h.disturb(name, func(m *machine) error { return m.reboot() })
}

// Cut takes the machine's network away: packets are lost, connections hang, processes go on.
func (h *Hosts) Cut(_ context.Context, name string) error {
	return h.disturb(name, func(m *machine) error {
		m.link.Cut()
		return m.cables(func(s *state) { s.Faults.Cut = true }, func(n *nic) error { return n.cut(true) })
	})
}

// Drop breaks the connections to the machine from outside, once: new ones are made as before, and those between machines stay.
func (h *Hosts) Drop(_ context.Context, name string) error {
	return h.disturb(name, func(m *machine) error {
		run, err := m.live()
		if err != nil {
			return err
		}
		run.outside.Drop()
		return nil
	})
}

// Slow makes the machine's network slow.
func (h *Hosts) Slow(_ context.Context, name string, slowness hosts.Slowness) error {
	if err := slowness.Check(); err != nil {
		return err
	}
	return h.disturb(name, func(m *machine) error {
		m.link.Slow(slowness)
		return m.cables(func(s *state) { s.Faults.Slow = &slowness }, func(n *nic) error { return n.slow(&slowness) })
	})
}

// Restore gives a machine its network back, at full speed; what hung goes on.
func (h *Hosts) Restore(_ context.Context, name string) error {
	return h.disturb(name, func(m *machine) error {
		err := m.cables(func(s *state) { s.Faults.Cut, s.Faults.Slow = false, nil }, func(n *nic) error { return errors.Join(n.slow(nil), n.cut(false)) })
		m.link.Mend()
		return err
	})
}

// cables remembers what is done to a machine's interfaces and does it to those that there are.
func (m *machine) cables(remember func(*state), do func(*nic) error) error {
	errs := []error{m.state.Update(remember)}
	if run, err := m.live(); err == nil {
		run.mu.Lock()
		defer run.mu.Unlock()
		for _, each := range run.nics {
			errs = append(errs, do(each))
		}
	}
	return errors.Join(errs...)
}

// Fill makes the machine's disk full.
func (h *Hosts) Fill(_ context.Context, name string) error {
	return h.disturb(name, func(m *machine) error {
		return errors.Join(m.state.Update(func(s *state) { s.Faults.Full = true }), m.room(fillScript))
	})
}

// Free makes room on the disk again.
func (h *Hosts) Free(_ context.Context, name string) error {
	return h.disturb(name, func(m *machine) error {
		return errors.Join(m.state.Update(func(s *state) { s.Faults.Full = false }), m.room(freeScript))
	})
}

// disturb does something to a machine.
func (h *Hosts) disturb(name string, do func(*machine) error) error {
	m, err := h.machines.Find(name)
	if err != nil {
		return err
	}
	return do(m)
}
