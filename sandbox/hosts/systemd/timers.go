package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

func isTimer(name string) bool { return strings.HasSuffix(name, ".timer") }

// since are the settings that count from an event, by what the event is.
var since = map[string]func(*Manager, *timer) time.Time{
	"OnActiveSec":       func(_ *Manager, t *timer) time.Time { return t.started },
	"OnBootSec":         func(m *Manager, _ *timer) time.Time { return m.booted },
	"OnStartupSec":      func(m *Manager, _ *timer) time.Time { return m.booted },
	"OnUnitActiveSec":   func(m *Manager, t *timer) time.Time { return m.serviceOf(t).started },
	"OnUnitInactiveSec": func(m *Manager, t *timer) time.Time { return m.serviceOf(t).exited },
}

// timer is a timer unit: what its file says and, once it is started, how far it is.
type timer struct {
	name, activates, description string
	schedule                     []string // as written
	calendars                    []calendar
	lengths                      map[string]time.Duration // by setting
	persistent                   bool

	started, last, next time.Time
	stopped             chan struct{}
}

// readTimer reads a timer's unit file.
func (m *Manager) readTimer(name string) (*timer, error) {
	t := &timer{name: name, activates: strings.TrimSuffix(name, ".timer") + ".service", description: name, lengths: map[string]time.Duration{}}
	settings, err := m.readSettings(name)
	if err != nil {
		return t, err
	}
	for _, setting := range settings {
		switch setting.key {
		case "Unit":
			t.activates = setting.value
		case "Description":
			t.description = setting.value
		case "Persistent":
			t.persistent = slices.Contains([]string{"yes", "true", "on", "1"}, setting.value)
		case "OnCalendar":
			c, err := parseCalendar(setting.value)
			if err != nil {
				return t, fmt.Errorf("timer unit %s: %w", name, err)
			}
			t.calendars = append(t.calendars, c)
			t.schedule = append(t.schedule, "OnCalendar="+setting.value)
		}
		if since[setting.key] != nil && setting.value != "" {
			length, known := parseLength(setting.value)
			if !known {
				return t, fmt.Errorf("timer unit %s: %s=%s is no length of time", name, setting.key, setting.value)
			}
			t.lengths[setting.key] = length
			t.schedule = append(t.schedule, setting.key+"="+setting.value)
		}
	}
	if len(t.schedule) == 0 {
		return t, fmt.Errorf("timer unit %s lacks a value setting: OnCalendar= or one of On…Sec= says when it elapses", name)
	}
	return t, nil
}

// startTimerLocked starts a timer whose service can be started. One that runs goes on as it is.
func (m *Manager) startTimerLocked(name string) error {
	t, err := m.readTimer(name)
	if err != nil {
		return err
	}
	if _, err := m.readUnitFile(t.activates); err != nil {
		return fmt.Errorf("unit %s to trigger: %w", t.activates, err)
	}
	if m.timers[name] != nil {
		return nil
	}
	t.started, t.stopped = time.Now(), make(chan struct{})
	if t.persistent {
		if t.last, err = m.readStamp(t); err != nil {
			return err
		}
	}
	m.timers[name] = t
	m.scheduleLocked(t)
	m.waiting.Go(func() { m.tick(t) })
	return nil
}

func (m *Manager) stopTimerLocked(name string) {
	if t := m.timers[name]; t != nil {
		close(t.stopped)
		delete(m.timers, name)
	}
}

// scheduleLocked says when the timer elapses next; never, if that is the zero time.
func (m *Manager) scheduleLocked(t *timer) {
	t.next = time.Time{}
	consider := func(at time.Time) {
		if !at.IsZero() && (t.next.IsZero() || at.Before(t.next)) {
			t.next = at
		}
	}
	// One that remembers when it elapsed last makes up for what it missed while the machine was off.
	from := t.started
	if t.last.After(from) || t.persistent && !t.last.IsZero() {
		from = t.last
	}
	for _, c := range t.calendars {
		consider(c.next(from))
	}
	for setting, length := range t.lengths {
		// What has elapsed once does not do so again until the event is a new one.
		if event := since[setting](m, t); !event.IsZero() && event.Add(length).After(t.last) {
			consider(event.Add(length))
		}
	}
}

// lookAgain bounds how long a timer waits without looking whether its service ran meanwhile, started by somebody else.
const lookAgain = time.Second

// tick starts the timer's service whenever it elapses, until it is stopped or the machine ends.
func (m *Manager) tick(t *timer) {
	for {
		m.mu.Lock()
		m.scheduleLocked(t)
		wait := lookAgain
		if !t.next.IsZero() {
			wait = min(wait, time.Until(t.next))
		}
		m.mu.Unlock()
		if wait <= 0 {
			m.elapse(t)
			continue
		}
		select {
		case <-time.After(wait):
		case <-t.stopped:
			return
		case <-m.on.Done():
			return
		}
	}
}

// elapse starts what the timer activates. A service that still runs is left alone, as by systemd.
func (m *Manager) elapse(t *timer) {
	m.mu.Lock()
	t.last = time.Now()
	m.mu.Unlock()
	err := m.start(t.activates)
	if t.persistent {
		err = errors.Join(err, m.writeStamp(t))
	}
	if err != nil {
		m.machine.Log.Warn("timer", "unit", t.name, "error", err)
	}
}

// stamp is the file whose time says when a persistent timer elapsed last; systemd's lies there too.
func (m *Manager) stamp(t *timer) string {
	return filepath.Join("var/lib/systemd/timers", "stamp-"+t.name)
}

// readStamp gives the time of the stamp. A timer that never had one begins with one of now.
func (m *Manager) readStamp(t *timer) (time.Time, error) {
	root, err := m.machine.Tree.Open()
	if err != nil {
		return time.Time{}, err
	}
	defer root.Close()
	info, err := root.Stat(m.stamp(t))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, m.writeStamp(t)
	}
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

func (m *Manager) writeStamp(t *timer) error {
	root, err := m.machine.Tree.Open()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.Dir(m.stamp(t)), 0o755); err != nil {
		return err
	}
	if err := root.WriteFile(m.stamp(t), nil, 0o644); err != nil {
		return err
	}
	now := time.Now()
	return root.Chtimes(m.stamp(t), now, now)
}

// serviceOf is what the timer activates, as it is; nothing yet, if it never ran.
func (m *Manager) serviceOf(t *timer) *service {
	if u := m.byName[t.activates]; u != nil {
		return u
	}
	return &service{}
}

func (m *Manager) describeTimerLocked(name, fileState string) guestapi.Unit {
	unit := guestapi.Unit{Name: name, Description: name, LoadState: "not-found", ActiveState: "inactive", SubState: "dead", Result: "success"}
	if !m.fileExists(name) {
		return unit
	}
	t, err := m.readTimer(name)
	unit.LoadState, unit.UnitFileState, unit.Description = "loaded", fileState, t.description
	if err != nil {
		unit.LoadState = "bad-setting"
		return unit
	}
	if running := m.timers[name]; running != nil {
		t = running
		unit.ActiveState, unit.SubState = "active", "waiting"
		if m.serviceOf(t).alive() {
			unit.SubState = "running"
		}
	}
	unit.Timer = &guestapi.Timer{Activates: t.activates, Schedule: t.schedule, Next: t.next, Last: t.last}
	if ran := m.serviceOf(t).started; ran.After(t.last) {
		unit.Timer.Last = ran
	}
	return unit
}
