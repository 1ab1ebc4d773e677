package hosts

import (
	"fmt"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// A timer of the sandbox is started, stopped, enabled and listed like a real one, but it never elapses: a machine that lives for
// minutes would not see it, and a rehearsal is started by hand, with `systemctl start` of the timer's service.

func isTimer(name string) bool { return strings.HasSuffix(name, ".timer") }

// schedules are the settings that say when a timer elapses.
var schedules = []string{"OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec"}

// readTimer reads a timer's unit file.
func (us *units) readTimer(name string) (guestapi.Timer, string, error) {
	timer, description := guestapi.Timer{Activates: strings.TrimSuffix(name, ".timer") + ".service"}, name
	settings, err := us.readSettings(name)
	if err != nil {
		return timer, description, err
	}
	for _, setting := range settings {
		switch setting.key {
		case "Unit":
			timer.Activates = setting.value
		case "Description":
			description = setting.value
		}
		for _, key := range schedules {
			if setting.key == key && setting.value != "" {
				timer.Schedule = append(timer.Schedule, key+"="+setting.value)
			}
		}
	}
	if len(timer.Schedule) == 0 {
		return timer, description, fmt.Errorf("timer unit %s lacks a value setting: one of %s= says when it elapses", name, strings.Join(schedules, "=, "))
	}
	return timer, description, nil
}

// startTimerLocked starts a timer whose service can be started.
func (us *units) startTimerLocked(name string) error {
	timer, _, err := us.readTimer(name)
	if err != nil {
		return err
	}
	if _, err := us.readUnitFile(timer.Activates); err != nil {
		return fmt.Errorf("unit %s to trigger: %w", timer.Activates, err)
	}
	us.timers[name] = true
	return nil
}

func (us *units) describeTimerLocked(name, fileState string) guestapi.Unit {
	unit := guestapi.Unit{Name: name, Description: name, LoadState: "not-found", ActiveState: "inactive", SubState: "dead", Result: "success"}
	timer, description, err := us.readTimer(name)
	if !us.fileExists(name) {
		return unit
	}
	unit.LoadState, unit.UnitFileState, unit.Description = "loaded", fileState, description
	if err != nil {
		unit.LoadState = "bad-setting"
		return unit
	}
	unit.Timer = &timer
	if service := us.byName[timer.Activates]; service != nil {
		timer.Last = service.started
	}
	if us.timers[name] {
		unit.ActiveState, unit.SubState = "active", "waiting"
	}
	return unit
}
