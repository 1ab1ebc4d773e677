package hosts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

func isTimer(name string) bool { return strings.HasSuffix(name, ".timer") }

// since are the settings that count from an event, by what the event is.
var since = map[string]func(*units, *timer) time.Time{
	"OnActiveSec":       func(_ *units, t *timer) time.Time { return t.started },
	"OnBootSec":         func(us *units, _ *timer) time.Time { return us.booted },
	"OnStartupSec":      func(us *units, _ *timer) time.Time { return us.booted },
	"OnUnitActiveSec":   func(us *units, t *timer) time.Time { return us.serviceOf(t).started },
	"OnUnitInactiveSec": func(us *units, t *timer) time.Time { return us.serviceOf(t).exited },
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
func (us *units) readTimer(name string) (*timer, error) {
	t := &timer{name: name, activates: strings.TrimSuffix(name, ".timer") + ".service", description: name, lengths: map[string]time.Duration{}}
	settings, err := us.readSettings(name)
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
func (us *units) startTimerLocked(name string) error {
	t, err := us.readTimer(name)
	if err != nil {
		return err
	}
	if _, err := us.readUnitFile(t.activates); err != nil {
		return fmt.Errorf("unit %s to trigger: %w", t.activates, err)
	}
	if us.timers[name] != nil {
		return nil
	}
	t.started, t.stopped = time.Now(), make(chan struct{})
	if t.persistent {
		if t.last, err = us.readStamp(t); err != nil {
			return err
		}
	}
	us.timers[name] = t
	us.scheduleLocked(t)
	us.waiting.Go(func() { us.tick(t) })
	return nil
}

func (us *units) stopTimerLocked(name string) {
	if t := us.timers[name]; t != nil {
		close(t.stopped)
		delete(us.timers, name)
	}
}

// scheduleLocked says when the timer elapses next; never, if that is the zero time.
func (us *units) scheduleLocked(t *timer) {
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
		if event := since[setting](us, t); !event.IsZero() && event.Add(length).After(t.last) {
			consider(event.Add(length))
		}
	}
}

// lookAgain bounds how long a timer waits without looking whether its service ran meanwhile, started by somebody else.
const lookAgain = time.Second

// tick starts the timer's service whenever it elapses, until it is stopped or the machine ends.
func (us *units) tick(t *timer) {
	for {
		us.mu.Lock()
		us.scheduleLocked(t)
		wait := lookAgain
		if !t.next.IsZero() {
			wait = min(wait, time.Until(t.next))
		}
		us.mu.Unlock()
		if wait <= 0 {
			us.elapse(t)
			continue
		}
		select {
		case <-time.After(wait):
		case <-t.stopped:
			return
		case <-us.run.ctx.Done():
			return
		}
	}
}

// elapse starts what the timer activates. A service that still runs is left alone, as by systemd.
func (us *units) elapse(t *timer) {
	us.mu.Lock()
	t.last = time.Now()
	us.mu.Unlock()
	err := us.start(t.activates)
	if t.persistent {
		err = errors.Join(err, us.writeStamp(t))
	}
	if err != nil {
		us.m.hosts.log.Warn("timer", "machine", us.m.name(), "unit", t.name, "error", err)
	}
}

// stamp is the file whose time says when a persistent timer elapsed last; systemd's lies there too.
func (us *units) stamp(t *timer) string {
	return filepath.Join("var/lib/systemd/timers", "stamp-"+t.name)
}

// readStamp gives the time of the stamp. A timer that never had one begins with one of now.
func (us *units) readStamp(t *timer) (time.Time, error) {
	root, err := os.OpenRoot(us.m.root())
	if err != nil {
		return time.Time{}, err
	}
	defer root.Close()
	info, err := root.Stat(us.stamp(t))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, us.writeStamp(t)
	}
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

func (us *units) writeStamp(t *timer) error {
	root, err := os.OpenRoot(us.m.root())
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.Dir(us.stamp(t)), 0o755); err != nil {
		return err
	}
	if err := root.WriteFile(us.stamp(t), nil, 0o644); err != nil {
		return err
	}
	now := time.Now()
	return root.Chtimes(us.stamp(t), now, now)
}

// serviceOf is what the timer activates, as it is; nothing yet, if it never ran.
func (us *units) serviceOf(t *timer) *unit {
	if u := us.byName[t.activates]; u != nil {
		return u
	}
	return &unit{}
}

func (us *units) describeTimerLocked(name, fileState string) guestapi.Unit {
	unit := guestapi.Unit{Name: name, Description: name, LoadState: "not-found", ActiveState: "inactive", SubState: "dead", Result: "success"}
	if !us.fileExists(name) {
		return unit
	}
	t, err := us.readTimer(name)
	unit.LoadState, unit.UnitFileState, unit.Description = "loaded", fileState, t.description
	if err != nil {
		unit.LoadState = "bad-setting"
		return unit
	}
	if running := us.timers[name]; running != nil {
		t = running
		unit.ActiveState, unit.SubState = "active", "waiting"
		if us.serviceOf(t).alive() {
			unit.SubState = "running"
		}
	}
	unit.Timer = &guestapi.Timer{Activates: t.activates, Schedule: t.schedule, Next: t.next, Last: t.last}
	if ran := us.serviceOf(t).started; ran.After(t.last) {
		unit.Timer.Last = ran
	}
	return unit
}
