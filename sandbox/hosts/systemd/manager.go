package systemd

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestserver"
	"github.com/iransre/exchange-platform/sandbox/hosts/jail"
	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
)

// Errors of the service manager that its clients tell apart.
var (
	errNoUnit   = &guestserver.Refusal{Status: http.StatusNotFound, Reason: "not found"}
	errUnitBusy = &guestserver.Refusal{Status: http.StatusConflict, Reason: "was already loaded or has a fragment file"}
)

// Machine is what a service manager has to know of the machine it is in.
type Machine struct {
	Tree rootfs.Tree
	// Journals is the directory, outside the machine, that keeps what services wrote.
	Journals string
	// Jail runs the services.
	Jail *jail.Jail
	Log  *slog.Logger
	// Hostname is shown in journals.
	Hostname func() string
	// Full tells whether a file at this path would be on a full disk.
	Full func(path string) bool
	// IsNode tells whether the machine is a Kubernetes node, and so has a kubelet.
	IsNode func() bool
}

// Manager is a machine's service manager. What it knows of services lasts as long as the machine runs, as with systemd.
type Manager struct {
	machine Machine
	on      context.Context // ends with the machine
	booted  time.Time

	mu      sync.Mutex
	byName  map[string]*service
	timers  map[string]*timer // those that are active
	toggled map[string]bool   // imagined services that were stopped or started by hand: whether they are active
	waiting sync.WaitGroup
}

// New makes a service manager for one run of a machine, which ends with on.
func New(on context.Context, machine Machine) (*Manager, error) {
	if err := ensureDir(machine.Journals); err != nil {
		return nil, err
	}
	return &Manager{
		machine: machine, on: on, booted: time.Now(), byName: map[string]*service{}, timers: map[string]*timer{}, toggled: map[string]bool{},
	}, nil
}

// Wait returns when the ends of all services are written down: they must have been ended before.
func (m *Manager) Wait() { m.waiting.Wait() }

// unitName completes a name as systemctl does.
func unitName(name string) string {
	if filepath.Ext(name) == "" || !slices.Contains([]string{".service", ".target", ".timer", ".socket", ".mount"}, filepath.Ext(name)) {
		return name + ".service"
	}
	return name
}

// startTransient starts a service that no file describes.
func (m *Manager) startTransient(spec guestapi.UnitSpec) (*service, error) {
	spec.Name = unitName(spec.Name)
	if strings.ContainsAny(spec.Name, "/\x00") || spec.Name == ".service" {
		return nil, fmt.Errorf("unit name %q is not valid", spec.Name)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byName[spec.Name] != nil || m.imaginedLocked(spec.Name) || m.fileExists(spec.Name) {
		return nil, fmt.Errorf("unit %s %w", spec.Name, errUnitBusy)
	}
	u := &service{spec: spec, transient: true}
	if err := m.launchLocked(u); err != nil {
		return nil, err
	}
	m.byName[spec.Name] = u
	return u, nil
}

// start starts a service that a unit file describes, or an imagined one.
func (m *Manager) start(name string) error {
	name = unitName(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.imaginedLocked(name) {
		m.toggled[name] = true
		return nil
	}
	if isTimer(name) {
		return m.startTimerLocked(name)
	}
	u := m.byName[name]
	if u != nil && u.alive() {
		return nil
	}
	if u == nil || !u.transient {
		spec, err := m.readUnitFile(name)
		if err != nil {
			return err
		}
		u = &service{spec: spec}
	}
	if err := m.launchLocked(u); err != nil {
		return err
	}
	m.byName[name] = u
	return nil
}

// finish waits for a service of Type=oneshot, whose start is over only when it has ended, and tells how that went. Others
// are up as soon as they run.
func (m *Manager) finish(ctx context.Context, name string) error {
	u := m.current(name)
	if u == nil || u.spec.Properties["Type"] != "oneshot" {
		return nil
	}
	if unit := m.wait(ctx, u); unit.Result != "success" {
		return fmt.Errorf("job for %s failed because its main process ended with result '%s': see journalctl -u %s", unit.Name, unit.Result, unit.Name)
	}
	return ctx.Err()
}

// stop ends a service: SIGTERM to all of it, then, after its TimeoutStopSec, SIGKILL.
func (m *Manager) stop(ctx context.Context, name string) error {
	name = unitName(name)
	m.mu.Lock()
	if m.imaginedLocked(name) {
		m.toggled[name] = false
		m.mu.Unlock()
		return nil
	}
	u := m.byName[name]
	if u == nil {
		known := m.fileExists(name)
		m.stopTimerLocked(name)
		m.mu.Unlock()
		if known {
			return nil
		}
		return fmt.Errorf("unit %s not loaded: %w", name, errNoUnit)
	}
	if !u.alive() {
		u.remains = false
		m.mu.Unlock()
		return nil
	}
	u.stopping = true
	process, done := u.process, u.done
	m.mu.Unlock()
	process.Signal(syscall.SIGTERM, jail.Everyone)
	timer := time.NewTimer(u.duration("TimeoutStopSec", 90*time.Second))
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		m.mu.Lock()
		u.timedOut = true
		m.mu.Unlock()
		process.Kill()
		<-done
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// kill sends a signal to all of a service's processes.
func (m *Manager) kill(name string, s syscall.Signal) error {
	m.mu.Lock()
	u := m.byName[unitName(name)]
	m.mu.Unlock()
	if u == nil || !u.alive() {
		return fmt.Errorf("unit %s not loaded: %w", unitName(name), errNoUnit)
	}
	u.process.Signal(s, jail.Everyone)
	return nil
}

// resetFailed forgets a failed service; an empty name means all.
func (m *Manager) resetFailed(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if name != "" && m.byName[unitName(name)] == nil && !m.imaginedLocked(unitName(name)) && !m.fileExists(unitName(name)) {
		return fmt.Errorf("unit %s not loaded: %w", unitName(name), errNoUnit)
	}
	for key, u := range m.byName {
		if (name == "" || key == unitName(name)) && u.failed() {
			delete(m.byName, key)
		}
	}
	return nil
}

// wait waits for the end of a service, as it was when asked, and describes it then. The manager itself may have forgotten
// a transient service by that time.
func (m *Manager) wait(ctx context.Context, u *service) guestapi.Unit {
	select {
	case <-u.done:
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return u.describe(m.fileState(u.spec.Name))
}

// current returns a service that was started, or nil.
func (m *Manager) current(name string) *service {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byName[unitName(name)]
}

// show describes a service; one that nobody knows is not-found and inactive.
func (m *Manager) show(name string) guestapi.Unit {
	name = unitName(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	fileState := m.fileState(name)
	if m.imaginedLocked(name) {
		return m.describeImagined(name)
	}
	if isTimer(name) {
		return m.describeTimerLocked(name, fileState)
	}
	if u := m.byName[name]; u != nil {
		return u.describe(fileState)
	}
	unit := guestapi.Unit{Name: name, Description: name, LoadState: "not-found", ActiveState: "inactive", SubState: "dead", Result: "success"}
	if m.fileExists(name) {
		unit.LoadState, unit.UnitFileState = "loaded", fileState
	}
	return unit
}

// list describes all services that were started or that a unit file describes, sorted by name.
func (m *Manager) list() []guestapi.Unit {
	m.mu.Lock()
	names := m.fileNames()
	for name := range m.byName {
		names = append(names, name)
	}
	m.mu.Unlock()
	slices.Sort(names)
	var all []guestapi.Unit
	for _, name := range slices.Compact(names) {
		all = append(all, m.show(name))
	}
	return all
}

// StartEnabled starts the services that the machine starts at boot.
func (m *Manager) StartEnabled() {
	for _, name := range m.fileNames() {
		if m.fileState(name) != "enabled" {
			continue
		}
		if err := m.start(name); err != nil {
			m.machine.Log.Warn("enabled service not started", "unit", name, "error", err)
		}
	}
}
