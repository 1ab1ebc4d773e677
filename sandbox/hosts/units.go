package hosts

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// Errors of the service manager that its clients tell apart.
var (
	errNoUnit   = errors.New("not found")
	errUnitBusy = errors.New("was already loaded or has a fragment file")
)

// imagined are services that a real machine has and a machine of the sandbox only says it has.
var imagined = []string{
	"containerd.service", "cron.service", "chrony.service", "rsyslog.service", "ssh.service", "sshd.service", "systemd-networkd.service",
	"systemd-resolved.service", "systemd-timesyncd.service", "systemd-journald.service", "unattended-upgrades.service", "apparmor.service",
}

// kubelet is imagined too, once kubeadm made a node of the machine.
const kubelet = "kubelet.service"

// units is a machine's service manager. What it knows of services lasts as long as the machine runs, as with systemd.
type units struct {
	m   *machine
	run *running

	booted time.Time

	mu      sync.Mutex
	byName  map[string]*unit
	timers  map[string]*timer // those that are active
	toggled map[string]bool   // imagined services that were stopped or started by hand: whether they are active
	waiting sync.WaitGroup
}

func newUnits(m *machine, run *running) (*units, error) {
	return &units{m: m, run: run, byName: map[string]*unit{}, toggled: map[string]bool{}, timers: map[string]*timer{}, booted: time.Now()}, ensureDir(m.journalDir())
}

// close waits until the ends of all services are written down.
func (us *units) close() { us.waiting.Wait() }

// unitName completes a name as systemctl does.
func unitName(name string) string {
	if filepath.Ext(name) == "" || !slices.Contains([]string{".service", ".target", ".timer", ".socket", ".mount"}, filepath.Ext(name)) {
		return name + ".service"
	}
	return name
}

// startTransient starts a service that no file describes.
func (us *units) startTransient(spec guestapi.UnitSpec) (*unit, error) {
	spec.Name = unitName(spec.Name)
	if strings.ContainsAny(spec.Name, "/\x00") || spec.Name == ".service" {
		return nil, fmt.Errorf("unit name %q is not valid", spec.Name)
	}
	us.mu.Lock()
	defer us.mu.Unlock()
	if us.byName[spec.Name] != nil || us.imaginedLocked(spec.Name) || us.fileExists(spec.Name) {
		return nil, fmt.Errorf("unit %s %w", spec.Name, errUnitBusy)
	}
	u := &unit{spec: spec, transient: true}
	if err := us.launchLocked(u); err != nil {
		return nil, err
	}
	us.byName[spec.Name] = u
	return u, nil
}

// start starts a service that a unit file describes, or an imagined one.
func (us *units) start(name string) error {
	name = unitName(name)
	us.mu.Lock()
	defer us.mu.Unlock()
	if us.imaginedLocked(name) {
		us.toggled[name] = true
		return nil
	}
	if isTimer(name) {
		return us.startTimerLocked(name)
	}
	u := us.byName[name]
	if u != nil && u.alive() {
		return nil
	}
	if u == nil || !u.transient {
		spec, err := us.readUnitFile(name)
		if err != nil {
			return err
		}
		u = &unit{spec: spec}
	}
	if err := us.launchLocked(u); err != nil {
		return err
	}
	us.byName[name] = u
	return nil
}

// finish waits for a service of Type=oneshot, whose start is over only when it has ended, and tells how that went. Others
// are up as soon as they run.
func (us *units) finish(ctx context.Context, name string) error {
	u := us.current(name)
	if u == nil || u.spec.Properties["Type"] != "oneshot" {
		return nil
	}
	if unit := us.wait(ctx, u); unit.Result != "success" {
		return fmt.Errorf("job for %s failed because its main process ended with result '%s': see journalctl -u %s", unit.Name, unit.Result, unit.Name)
	}
	return ctx.Err()
}

// stop ends a service: SIGTERM to all of it, then, after its TimeoutStopSec, SIGKILL.
func (us *units) stop(ctx context.Context, name string) error {
	name = unitName(name)
	us.mu.Lock()
	if us.imaginedLocked(name) {
		us.toggled[name] = false
		us.mu.Unlock()
		return nil
	}
	u := us.byName[name]
	if u == nil {
		known := us.fileExists(name)
		us.stopTimerLocked(name)
		us.mu.Unlock()
		if known {
			return nil
		}
		return fmt.Errorf("unit %s not loaded: %w", name, errNoUnit)
	}
	if !u.alive() {
		u.remains = false
		us.mu.Unlock()
		return nil
	}
	u.stopping = true
	process, done := u.process, u.done
	us.mu.Unlock()
	process.signal(syscall.SIGTERM, everyone)
	timer := time.NewTimer(u.duration("TimeoutStopSec", 90*time.Second))
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		us.mu.Lock()
		u.timedOut = true
		us.mu.Unlock()
		process.kill()
		<-done
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// kill sends a signal to all of a service's processes.
func (us *units) kill(name string, s syscall.Signal) error {
	us.mu.Lock()
	u := us.byName[unitName(name)]
	us.mu.Unlock()
	if u == nil || !u.alive() {
		return fmt.Errorf("unit %s not loaded: %w", unitName(name), errNoUnit)
	}
	u.process.signal(s, everyone)
	return nil
}

// resetFailed forgets a failed service; an empty name means all.
func (us *units) resetFailed(name string) error {
	us.mu.Lock()
	defer us.mu.Unlock()
	if name != "" && us.byName[unitName(name)] == nil && !us.imaginedLocked(unitName(name)) && !us.fileExists(unitName(name)) {
		return fmt.Errorf("unit %s not loaded: %w", unitName(name), errNoUnit)
	}
	for key, u := range us.byName {
		if (name == "" || key == unitName(name)) && u.failed() {
			delete(us.byName, key)
		}
	}
	return nil
}

// wait waits for the end of a service, as it was when asked, and describes it then. The manager itself may have forgotten
// a transient service by that time.
func (us *units) wait(ctx context.Context, u *unit) guestapi.Unit {
	select {
	case <-u.done:
	case <-ctx.Done():
	}
	us.mu.Lock()
	defer us.mu.Unlock()
	return u.describe(us.fileState(u.spec.Name))
}

// current returns a service that was started, or nil.
func (us *units) current(name string) *unit {
	us.mu.Lock()
	defer us.mu.Unlock()
	return us.byName[unitName(name)]
}

// show describes a service; one that nobody knows is not-found and inactive.
func (us *units) show(name string) guestapi.Unit {
	name = unitName(name)
	us.mu.Lock()
	defer us.mu.Unlock()
	fileState := us.fileState(name)
	if us.imaginedLocked(name) {
		return us.describeImagined(name)
	}
	if isTimer(name) {
		return us.describeTimerLocked(name, fileState)
	}
	if u := us.byName[name]; u != nil {
		return u.describe(fileState)
	}
	unit := guestapi.Unit{Name: name, Description: name, LoadState: "not-found", ActiveState: "inactive", SubState: "dead", Result: "success"}
	if us.fileExists(name) {
		unit.LoadState, unit.UnitFileState = "loaded", fileState
	}
	return unit
}

func (us *units) describeImagined(name string) guestapi.Unit {
	unit := guestapi.Unit{
		Name: name, Description: name + " (said to run by the sandbox)", LoadState: "loaded", UnitFileState: "enabled",
		ActiveState: "active", SubState: "running", Result: "success",
	}
	if active, known := us.toggled[name]; known && !active {
		unit.ActiveState, unit.SubState = "inactive", "dead"
	}
	return unit
}

func (us *units) imaginedLocked(name string) bool {
	if us.fileExists(name) {
		return false
	}
	return slices.Contains(imagined, name) || name == kubelet && us.m.snapshot().Node != nil
}

// list describes all services that were started or that a unit file describes, sorted by name.
func (us *units) list() []guestapi.Unit {
	us.mu.Lock()
	names := us.fileNames()
	for name := range us.byName {
		names = append(names, name)
	}
	us.mu.Unlock()
	slices.Sort(names)
	var all []guestapi.Unit
	for _, name := range slices.Compact(names) {
		all = append(all, us.show(name))
	}
	return all
}

// startEnabled starts the services that the machine starts at boot.
func (us *units) startEnabled() {
	for _, name := range us.fileNames() {
		if us.fileState(name) != "enabled" {
			continue
		}
		if err := us.start(name); err != nil {
			us.m.hosts.log.Warn("enabled service not started", "machine", us.m.name(), "unit", name, "error", err)
		}
	}
}
