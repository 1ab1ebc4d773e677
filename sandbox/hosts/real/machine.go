package real

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/kept"
	"github.com/iransre/exchange-platform/sandbox/hosts/netns"
	"github.com/iransre/exchange-platform/sandbox/hosts/network"
	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
	"github.com/iransre/exchange-platform/sandbox/hosts/roster"
)

// state is what a machine is known by on disk.
type state struct {
	Machine  emulator.Machine `json:"machine"`
	Hostname string           `json:"hostname"` // as it was when the machine was last asked
	Running  bool             `json:"running"`
	Node     *hosts.Node      `json:"node,omitempty"` // what kubeadm made of it, as far as it could be asked
	Faults   hosts.Faults     `json:"faults,omitzero"`
}

// machine is one virtual machine.
type machine struct {
	hosts  *Hosts
	id     string
	dir    string
	state  *kept.Value[state]
	link   *network.Link // what connects from outside goes through it
	groups groups

	power    sync.Mutex // serialises boot, start, stop and remove
	removed  bool       // guarded by power
	staysOff bool       // guarded by power: its power failed before this daemon started

	mu  sync.Mutex
	run *running // nil while the machine is off
}

func newMachine(h *Hosts, spec emulator.Machine) (*machine, error) {
	m := &machine{hosts: h, id: spec.ID, dir: filepath.Join(h.opts.Dir, spec.ID), link: network.NewLink(), groups: h.groups.of(spec.ID)}
	var err error
	m.state, err = kept.New(filepath.Join(m.dir, "machine.json"), state{Machine: spec, Hostname: spec.Name})
	if err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	faults := m.state.Get().Faults
	m.staysOff = faults.Killed
	if faults.Cut {
		m.link.Cut()
	}
	if faults.Slow != nil {
		m.link.Slow(*faults.Slow)
	}
	return m, nil
}

// ID, Name and Hostname are what the machine is found by.
func (m *machine) ID() string   { return m.id }
func (m *machine) Name() string { return m.state.Get().Machine.Name }

// Hostname is what the machine calls itself, as far as it can be asked.
func (m *machine) Hostname() string {
	known := m.state.Get().Hostname
	run, err := m.live()
	if err != nil {
		return known
	}
	text, err := run.process.readFile("etc/hostname")
	name := strings.TrimSpace(string(text))
	if err != nil || name == "" || name == known {
		return known
	}
	if err := m.state.Update(func(s *state) { s.Hostname = name }); err != nil {
		m.hosts.log.Warn("a machine's new name is not kept", "machine", m.Name(), "error", err)
	}
	return name
}

// live returns what runs, or an error when the machine is off.
func (m *machine) live() (*running, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, fmt.Errorf("machine %s is off", m.Name())
	}
	return m.run, nil
}

// boot is Boot for one machine.
func (m *machine) boot(spec emulator.Machine) error {
	m.power.Lock()
	defer m.power.Unlock()
	if m.removed {
		return fmt.Errorf("machine %s is being removed", spec.Name)
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return fmt.Errorf("machine %s: %w", spec.Name, err)
	}
	err := m.state.Update(func(s *state) {
		s.Machine = spec
		if s.Hostname == "" {
			s.Hostname = spec.Name
		}
	})
	if err != nil {
		return fmt.Errorf("machine %s: %w", spec.Name, err)
	}
	if run, err := m.live(); err == nil {
		if err := errors.Join(m.wire(run), m.attach(run)); err != nil {
			return fmt.Errorf("machine %s: %w", spec.Name, err)
		}
		return nil
	}
	if m.staysOff {
		// The cloud boots what ran when it was closed, and this machine ran as far as it knows.
		m.staysOff = false
		return nil
	}
	return m.startLocked()
}

func (m *machine) start() error {
	m.power.Lock()
	defer m.power.Unlock()
	if _, err := m.live(); err == nil {
		return nil
	}
	return m.startLocked()
}

// startLimit is how long a machine may take until its SSH server answers: all processors may be busy.
const startLimit = 2 * time.Minute

// startLocked switches the machine on.
func (m *machine) startLocked() (err error) {
	begin := time.Now()
	name := m.Name()
	if m.hosts.machines.Closed() {
		return fmt.Errorf("machine %s: %w", name, roster.ErrClosed)
	}
	run := &running{nics: map[string]*nic{}}
	defer func() {
		if err != nil {
			err = fmt.Errorf("machine %s: %w", name, errors.Join(err, m.end(run)))
		}
	}()
	if err := errors.Join(m.writeSeed(), m.writeAuthority()); err != nil {
		return err
	}
	if err := m.groups.make(); err != nil {
		return err
	}
	if run.network, err = netns.New(); err != nil {
		return err
	}
	run.inside.Listen = run.network.Listen
	if err := m.serve(run); err != nil {
		return err
	}
	if err := m.wire(run); err != nil {
		return err
	}
	if run.process, err = m.launch(run.network); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := m.answers(ctx, run); err != nil {
		return err
	}
	if err := m.attach(run); err != nil {
		return err
	}
	if err := run.mountKnown(); err != nil {
		return err
	}
	if err := m.state.Update(func(s *state) { s.Running, s.Faults.Killed = true, false }); err != nil {
		return err
	}
	m.mu.Lock()
	m.run = run
	m.mu.Unlock()
	go m.follow(run)
	m.hosts.log.Info("machine started", "machine", name, "address", m.state.Get().Machine.PublicAddress, "after", time.Since(begin).Round(time.Millisecond))
	return nil
}

// follow does what a machine asks for by its end.
func (m *machine) follow(run *running) {
	<-run.process.done
	m.mu.Lock()
	current := m.run == run
	m.mu.Unlock()
	if !current {
		return // it was ended from here
	}
	do, what := m.powerFails, "poweroff"
	if run.process.rebooted() {
		do, what = m.reboot, "reboot"
	}
	if err := do(); err != nil {
		m.hosts.log.Error(what+" failed", "machine", m.Name(), "error", err)
	}
}

// halt shuts the machine down, without changing what it should be after a restart of the daemon.
func (m *machine) halt() {
	m.power.Lock()
	defer m.power.Unlock()
	if err := m.haltLocked(true); err != nil {
		m.hosts.log.Error("machine not switched off cleanly", "machine", m.Name(), "error", err)
	}
}

// haltLocked ends what runs: in an orderly way, or as when the power fails.
func (m *machine) haltLocked(orderly bool) error {
	m.mu.Lock()
	run := m.run
	m.run = nil
	m.mu.Unlock()
	if run == nil {
		return nil
	}
	if orderly {
		run.process.shutDown()
	}
	return m.end(run)
}

// end ends what is there of a run and waits until nothing of it is left.
func (m *machine) end(run *running) error {
	run.outside.Close()
	run.inside.Close()
	m.link.Drop()
	if run.process != nil {
		run.process.kill()
	}
	err := m.groups.remove()
	run.mu.Lock()
	defer run.mu.Unlock()
	for _, each := range run.nics {
		err = errors.Join(err, each.unplug())
	}
	run.nics = nil
	for _, each := range run.volumes {
		err = errors.Join(err, each.loop.Close())
	}
	run.volumes = nil
	if run.network != nil {
		err = errors.Join(err, run.network.Close())
	}
	return err
}

func (m *machine) remove() error {
	m.power.Lock()
	defer m.power.Unlock()
	m.removed = true
	err := m.haltLocked(false)
	return errors.Join(err, rootfs.Remove(m.dir))
}
