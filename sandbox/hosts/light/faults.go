package light

import (
	"context"
	"errors"
	"fmt"

	"github.com/iransre/exchange-platform/sandbox/hosts"
)

// Kill takes a machine's power away: all its processes die at once, nothing answers. It stays off, also when the daemon
// restarts, until Start, or until its cloud boots it. The machine is given by ID, name or hostname, here and below.
func (h *Hosts) Kill(ctx context.Context, name string) error {
	return h.disturb(ctx, name, func(m *machine) error { return m.powerFails() })
}

// Start switches a machine on that is off.
func (h *Hosts) Start(ctx context.Context, name string) error {
	return h.disturb(ctx, name, func(m *machine) error { return m.start() })
}

// Reboot stops and starts a machine: its disk stays, its processes and transient services do not.
func (h *Hosts) Reboot(ctx context.Context, name string) error {
	return h.disturb(ctx, name, func(m *machine) error { return m.reboot() })
}

// Cut takes the machine's network away: connections hang, new ones get no answer, processes go on.
func (h *Hosts) Cut(ctx context.Context, name string) error {
	return h.disturb(ctx, name, func(m *machine) error {
		m.link.Cut()
		return m.state.Update(func(s *state) { s.Faults.Cut = true })
	})
}

// Drop breaks all connections to the machine from outside, once: new ones are made as before, and those between machines
// stay.
func (h *Hosts) Drop(ctx context.Context, name string) error {
	return h.disturb(ctx, name, func(m *machine) error {
		run, err := m.live()
		if err != nil {
			return err
		}
		run.listeners.Drop()
		return nil
	})
}

// Slow makes the machine's network slow.
func (h *Hosts) Slow(ctx context.Context, name string, slowness hosts.Slowness) error {
	if err := slowness.Check(); err != nil {
		return err
	}
	return h.disturb(ctx, name, func(m *machine) error {
		m.link.Slow(slowness)
		return m.state.Update(func(s *state) { s.Faults.Slow = &slowness })
	})
}

// Restore gives a machine its network back, at full speed; what hung goes on.
func (h *Hosts) Restore(ctx context.Context, name string) error {
	return h.disturb(ctx, name, func(m *machine) error {
		m.link.Mend()
		return m.state.Update(func(s *state) { s.Faults.Cut, s.Faults.Slow = false, nil })
	})
}

// Fill makes the machine's disk full: see package disks.
func (h *Hosts) Fill(ctx context.Context, name string) error {
	return h.disturb(ctx, name, func(m *machine) error {
		if err := h.disks.Fill(m.dir); err != nil {
			return fmt.Errorf("filling the disk of %s: %w", m.Name(), errors.Join(err, h.disks.Free(m.dir)))
		}
		return m.state.Update(func(s *state) { s.Faults.Full = true })
	})
}

// Free makes room on the disk again.
func (h *Hosts) Free(ctx context.Context, name string) error {
	return h.disturb(ctx, name, func(m *machine) error {
		if err := h.disks.Free(m.dir); err != nil {
			return fmt.Errorf("freeing the disk of %s: %w", m.Name(), err)
		}
		return m.state.Update(func(s *state) { s.Faults.Full = false })
	})
}

// disturb does something to a machine and returns when its cluster knows what has become of it.
func (h *Hosts) disturb(ctx context.Context, name string, do func(*machine) error) error {
	m, err := h.machines.Find(name)
	if err != nil {
		return err
	}
	if err := do(m); err != nil {
		return err
	}
	return h.reports.Now(ctx, m)
}

// Report tells the cluster whether the machine's kubelet can be heard.
func (m *machine) Report(ctx context.Context) error {
	m.reporting.Lock()
	defer m.reporting.Unlock()
	return m.hosts.kubeadm.ReportKubelet(ctx, m)
}

// reportSoon is Report for those who do not wait for it.
func (h *Hosts) reportSoon(m *machine) { h.reports.Soon(h.ctx, h.machines.WhileOpen, h.log, m) }
