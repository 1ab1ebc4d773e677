package light

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts/cloudinit"
	"github.com/iransre/exchange-platform/sandbox/hosts/disks"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestserver"
	"github.com/iransre/exchange-platform/sandbox/hosts/jail"
	"github.com/iransre/exchange-platform/sandbox/hosts/kept"
	"github.com/iransre/exchange-platform/sandbox/hosts/network"
	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
	"github.com/iransre/exchange-platform/sandbox/hosts/roster"
	"github.com/iransre/exchange-platform/sandbox/hosts/sshd"
	"github.com/iransre/exchange-platform/sandbox/hosts/systemd"
)

// machine is one virtual machine.
type machine struct {
	hosts *Hosts
	id    string
	dir   string
	link  *network.Link

	power     sync.Mutex // serialises boot, start, stop and remove
	removed   bool       // guarded by power
	staysOff  bool       // guarded by power: its power failed before this daemon started
	reporting sync.Mutex // serialises what its cluster is told

	state *kept.Value[state]

	mu  sync.Mutex
	run *running // nil while the machine is off

	volumes mounts
}

// running is what exists only while a machine is on.
type running struct {
	ctx       context.Context
	off       context.CancelFunc
	jail      *jail.Jail
	units     *systemd.Manager
	firstBoot *cloudinit.FirstBoot
	ssh       *sshd.Server
	guest     *guestserver.Server
	listeners network.Listeners
	group     sync.WaitGroup
}

func newMachine(h *Hosts, spec emulator.Machine) (*machine, error) {
	m := &machine{hosts: h, id: spec.ID, dir: filepath.Join(h.opts.Dir, spec.ID), link: network.NewLink()}
	var err error
	// an earlier first boot may have been cut short before anything was known of the machine
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

// tree is the machine's root directory, where package disks expects it.
func (m *machine) tree() rootfs.Tree {
	return rootfs.Tree{Dir: filepath.Join(m.dir, "root"), GuestBinary: m.hosts.opts.GuestBinary, KubectlBinary: m.hosts.opts.KubectlBinary}
}

func (m *machine) journalDir() string { return filepath.Join(m.dir, "journal") }

// ID, Name and Hostname are what the machine is found by.
func (m *machine) ID() string       { return m.id }
func (m *machine) Name() string     { return m.state.Get().Machine.Name }
func (m *machine) Hostname() string { return m.state.Get().Hostname }

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
	moved := m.state.Get().Machine.PublicAddress != spec.PublicAddress
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
		if err := m.detachVolumes(); err != nil {
			return err
		}
		if moved {
			return m.listen(run)
		}
		return nil
	}
	if m.staysOff {
		// The cloud boots what ran when it was closed, and this machine ran as far as it knows.
		m.staysOff = false
		return nil
	}
	if err := m.startLocked(); err != nil {
		return err
	}
	m.hosts.reportSoon(m)
	return nil
}

func (m *machine) start() error {
	m.power.Lock()
	defer m.power.Unlock()
	if _, err := m.live(); err == nil {
		return nil
	}
	return m.startLocked()
}

// startLocked switches the machine on.
func (m *machine) startLocked() (err error) {
	name := m.Name()
	if m.hosts.machines.Closed() {
		return roster.ErrClosed
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("machine %s: %w", name, err)
		}
	}()
	tree, known := m.tree(), m.state.Get()
	if err := tree.Prepare(rootfs.Identity{ID: known.Machine.ID, Hostname: known.Hostname, Image: known.Machine.Image}); err != nil {
		return err
	}
	if known.Faults.Full {
		if err := m.hosts.disks.Fill(m.dir); err != nil {
			return err
		}
	}
	if err := m.mountKnown(); err != nil {
		return err
	}
	run, err := m.assemble(tree)
	if err != nil {
		return err
	}
	if err := run.guest.Start(filepath.Join(tree.Dir, guestapi.Socket)); err != nil {
		m.end(run)
		return err
	}
	if err := m.listen(run); err != nil {
		m.end(run)
		return err
	}
	if err := m.state.Update(func(s *state) { s.Running, s.Faults.Killed = true, false }); err != nil {
		m.end(run)
		return err
	}
	m.mu.Lock()
	m.run = run
	m.mu.Unlock()
	run.group.Go(run.firstBoot.Run)
	run.group.Go(run.units.StartEnabled)
	m.hosts.log.Info("machine started", "machine", name, "address", m.state.Get().Machine.PublicAddress)
	return nil
}

// assemble makes the parts of a run, none of which does anything yet.
func (m *machine) assemble(tree rootfs.Tree) (_ *running, err error) {
	run := &running{}
	run.ctx, run.off = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			run.off()
		}
	}()
	log, known := m.hosts.log.With("machine", m.Name()), m.state.Get()
	run.jail = jail.New(jail.Options{
		Bubblewrap: m.hosts.bwrap, Mounts: tree.Mounts(), Prefix: m.hosts.disks.Enter(), Machine: m.Name(), Hostname: m.Hostname,
	})
	run.firstBoot = cloudinit.New(run.ctx, cloudinit.Machine{
		Tree: tree, Jail: run.jail, Log: log, Text: known.Machine.UserData,
		Result: func() *guestapi.CloudInitStatus { return m.state.Get().UserData },
		Keep: func(status guestapi.CloudInitStatus) error {
			return m.state.Update(func(s *state) { s.UserData = &status })
		},
	})
	if known.UserData == nil {
		if err := m.applyIdentity(run.firstBoot.UserData()); err != nil {
			return nil, err
		}
	}
	run.units, err = systemd.New(run.ctx, systemd.Machine{
		Tree: tree, Journals: m.journalDir(), Jail: run.jail, Log: log, Hostname: m.Hostname,
		Full:   func(path string) bool { return m.state.Get().Faults.Full && disks.Cover(path) },
		IsNode: func() bool { return m.state.Get().Node != nil },
	})
	if err != nil {
		return nil, err
	}
	hostKey, err := tree.HostKey(m.Hostname())
	if err != nil {
		return nil, err
	}
	run.ssh = sshd.New(sshd.Machine{Tree: tree, HostKey: hostKey, Jail: run.jail, Route: m.route})
	run.guest = guestserver.New()
	run.units.Register(run.guest)
	run.firstBoot.Register(run.guest)
	m.hosts.kubeadm.Register(run.guest, m)
	m.register(run.guest)
	m.registerVolumes(run.guest)
	return run, nil
}

// halt ends everything that runs, without changing what the machine should be after a restart of the daemon.
func (m *machine) halt() {
	m.power.Lock()
	defer m.power.Unlock()
	m.haltLocked()
}

func (m *machine) haltLocked() {
	m.mu.Lock()
	run := m.run
	m.run = nil
	m.mu.Unlock()
	if run != nil {
		m.end(run)
	}
	m.logged("unmounting volumes", m.unmountVolumes)
}

// end stops a run and waits until nothing of it is left.
func (m *machine) end(run *running) {
	run.off()
	run.listeners.Close()
	m.link.Drop()
	run.guest.Close()
	run.jail.Close()
	run.group.Wait()
	run.units.Wait()
}

func (m *machine) remove(ctx context.Context) error {
	m.power.Lock()
	defer m.power.Unlock()
	m.removed = true
	m.haltLocked()
	err := m.hosts.kubeadm.Leave(ctx, m)
	if m.state.Get().Faults.Full {
		err = errors.Join(err, m.hosts.disks.Free(m.dir))
	}
	return errors.Join(err, rootfs.Remove(m.dir))
}
