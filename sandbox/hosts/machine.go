package hosts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// state is what a machine is known by on disk.
type state struct {
	Machine  emulator.Machine          `json:"machine"`
	Hostname string                    `json:"hostname"`
	Running  bool                      `json:"running"`
	UserData *guestapi.CloudInitStatus `json:"userData,omitempty"` // nil until the user data ran once
	Node     *Node                     `json:"node,omitempty"`     // what kubeadm made of it
	CertSANs []string                  `json:"certSANs,omitempty"` // names its API endpoint is reached by
	Faults   Faults                    `json:"faults,omitzero"`
}

// machine is one virtual machine.
type machine struct {
	hosts *Hosts
	id    string
	dir   string
	link  *link // its network cable

	power     sync.Mutex // serialises boot, start, stop and remove
	removed   bool       // guarded by power
	staysOff  bool       // guarded by power: its power failed before this daemon started
	reporting sync.Mutex // serialises what its cluster is told

	mu    sync.Mutex // guards what follows
	state state
	run   *running // nil while the machine is off
}

// running is what exists only while a machine is on.
type running struct {
	ctx       context.Context
	off       context.CancelFunc
	jail      *jail
	units     *units
	firstBoot *firstBoot
	ssh       *sshServer
	guest     *http.Server
	listeners listeners
	group     sync.WaitGroup
}

func newMachine(h *Hosts, spec emulator.Machine) *machine {
	return &machine{
		hosts: h, id: spec.ID, dir: filepath.Join(h.opts.Dir, spec.ID), link: newLink(),
		state: state{Machine: spec, Hostname: spec.Name},
	}
}

func (h *Hosts) load(id string) (*machine, error) {
	m := newMachine(h, emulator.Machine{ID: id})
	data, err := os.ReadFile(m.stateFile())
	if errors.Is(err, os.ErrNotExist) {
		return m, nil // its first boot was cut short before anything was known of it
	}
	if err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	if err := json.Unmarshal(data, &m.state); err != nil {
		return nil, fmt.Errorf("hosts: %s: %w", m.stateFile(), err)
	}
	faults := m.state.Faults
	m.staysOff = faults.Killed
	if faults.Cut {
		m.link.cut()
	}
	if faults.Slow != nil {
		m.link.slow(*faults.Slow)
	}
	return m, nil
}

func (m *machine) stateFile() string  { return filepath.Join(m.dir, "machine.json") }
func (m *machine) root() string       { return filepath.Join(m.dir, "root") }
func (m *machine) journalDir() string { return filepath.Join(m.dir, "journal") }

// save writes the state so that a crash leaves the old or the new one.
func (m *machine) save() error {
	m.mu.Lock()
	data, err := json.MarshalIndent(m.state, "", "  ")
	m.mu.Unlock()
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(m.dir, ".machine-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Close())
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), m.stateFile())
}

// update changes the state and saves it.
func (m *machine) update(change func(*state)) error {
	m.mu.Lock()
	change(&m.state)
	m.mu.Unlock()
	return m.save()
}

func (m *machine) snapshot() state {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

func (m *machine) name() string     { return m.snapshot().Machine.Name }
func (m *machine) hostname() string { return m.snapshot().Hostname }

// live returns what runs, or an error when the machine is off.
func (m *machine) live() (*running, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, fmt.Errorf("machine %s is off", m.state.Machine.Name)
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
	moved := m.snapshot().Machine.PublicAddress != spec.PublicAddress
	err := m.update(func(s *state) {
		s.Machine = spec
		if s.Hostname == "" {
			s.Hostname = spec.Name
		}
	})
	if err != nil {
		return fmt.Errorf("machine %s: %w", spec.Name, err)
	}
	if run, err := m.live(); err == nil {
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
	name := m.name()
	if m.hosts.isClosed() {
		return errClosed
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("machine %s: %w", name, err)
		}
	}()
	if err := m.prepareRoot(); err != nil {
		return err
	}
	if m.snapshot().Faults.Full {
		if err := m.hosts.disks.fill(m); err != nil {
			return err
		}
	}
	config, configErr := parseUserData(m.snapshot().Machine.UserData)
	if m.snapshot().UserData == nil {
		if err := m.applyIdentity(config); err != nil {
			return err
		}
	}
	run := &running{}
	run.ctx, run.off = context.WithCancel(context.Background())
	run.jail = newJail(m)
	if run.units, err = newUnits(m, run); err != nil {
		return err
	}
	run.firstBoot = newFirstBoot(m, run, config, configErr)
	if run.ssh, err = newSSHServer(m, run); err != nil {
		return err
	}
	if err := m.serveGuest(run); err != nil {
		m.end(run)
		return err
	}
	if err := m.listen(run); err != nil {
		m.end(run)
		return err
	}
	if err := m.update(func(s *state) { s.Running, s.Faults.Killed = true, false }); err != nil {
		m.end(run)
		return err
	}
	m.mu.Lock()
	m.run = run
	m.mu.Unlock()
	run.group.Go(run.firstBoot.start)
	run.group.Go(run.units.startEnabled)
	m.hosts.log.Info("machine started", "machine", name, "address", m.snapshot().Machine.PublicAddress)
	return nil
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
}

// end stops a run and waits until nothing of it is left.
func (m *machine) end(run *running) {
	run.off()
	run.listeners.close()
	m.link.drop()
	if run.guest != nil {
		_ = run.guest.Close()
	}
	run.jail.close()
	run.group.Wait()
	run.units.close()
}

func (m *machine) remove(ctx context.Context) error {
	m.power.Lock()
	defer m.power.Unlock()
	m.removed = true
	m.haltLocked()
	err := m.leaveCluster(ctx)
	if m.snapshot().Faults.Full {
		err = errors.Join(err, m.hosts.disks.free(m))
	}
	return errors.Join(err, removeTree(m.dir))
}
