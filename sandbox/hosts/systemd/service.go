package systemd

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/jail"
	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
)

// service is a unit that runs a command. Its manager's lock guards it.
type service struct {
	spec      guestapi.UnitSpec
	transient bool

	process  *jail.Process
	done     chan struct{} // closed when the end is written down
	started  time.Time
	exited   time.Time
	code     int
	result   string
	remains  bool // ended well, but counts as active
	stopping bool
	timedOut bool
}

// launchLocked starts the service's command, with its output going to the journal or to where it says.
func (m *Manager) launchLocked(u *service) error {
	env := append(rootfs.Environment(u.user()), u.spec.Env...)
	root, err := m.machine.Tree.Open()
	if err != nil {
		return err
	}
	defer root.Close()
	if file := u.spec.Properties["EnvironmentFile"]; file != "" {
		more, err := readEnvironment(root, file)
		if err != nil {
			return err
		}
		env = append(env, more...)
	}
	dir := u.spec.Properties["WorkingDirectory"]
	if dir == "" {
		dir = "/"
	}
	journal, err := openJournal(m.machine.Journals, u.spec.Name, filepath.Base(u.spec.Command[0]))
	if err != nil {
		return err
	}
	stdout, err := openOutput(root, u.spec.Properties["StandardOutput"], m.machine.Full, journal)
	if err != nil {
		return err
	}
	stderr := stdout
	if target := u.spec.Properties["StandardError"]; target != "" && target != "inherit" {
		if stderr, err = openOutput(root, target, m.machine.Full, journal); err != nil {
			return err
		}
	}
	process, err := m.machine.Jail.Start(jail.Command{Argv: u.spec.Command, Env: env, Dir: dir, Stdout: stdout, Stderr: stderr})
	if err != nil {
		return err
	}
	u.process, u.done, u.started, u.exited = process, make(chan struct{}), time.Now(), time.Time{}
	u.code, u.result, u.remains, u.stopping, u.timedOut = 0, "success", false, false, false
	journal.note("Started " + u.spec.Name + " - " + u.description() + ".")
	m.waiting.Go(func() {
		m.attend(u, journal)
		for _, output := range []io.Writer{stdout, stderr, journal} {
			if file, ok := output.(io.Closer); ok {
				_ = file.Close()
			}
		}
		close(u.done)
	})
	return nil
}

// attend waits for the service's end and writes down how it ended.
func (m *Manager) attend(u *service, journal *journal) {
	var limit <-chan time.Time
	if length := u.duration("RuntimeMaxSec", 0); length > 0 {
		timer := time.NewTimer(length)
		defer timer.Stop()
		limit = timer.C
	}
	select {
	case <-u.process.Done():
	case <-limit:
		m.mu.Lock()
		u.timedOut = true
		m.mu.Unlock()
		u.process.Kill()
		<-u.process.Done()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	u.exited, u.code = time.Now(), u.process.ExitCode()
	u.result = u.judge()
	switch {
	case u.result == "success" && u.spec.Properties["RemainAfterExit"] == "yes" && !u.stopping:
		u.remains = true
	case u.result == "success":
		journal.note(u.spec.Name + ": Deactivated successfully.")
	default:
		code, status := u.mainExit()
		journal.note(fmt.Sprintf("%s: Main process exited, code=%s, status=%d", u.spec.Name, []string{1: "exited", 2: "killed"}[code], status))
		journal.note(fmt.Sprintf("%s: Failed with result '%s'.", u.spec.Name, u.result))
	}
	// A transient service that ended well leaves nothing; a failed one stays until reset-failed, so that its result can be seen.
	if u.transient && !u.remains && (u.result == "success" || u.spec.Collect) && m.byName[u.spec.Name] == u {
		delete(m.byName, u.spec.Name)
	}
}

// judge gives systemd's word for how the service ended.
func (u *service) judge() string {
	code, status := u.mainExit()
	switch {
	case u.timedOut:
		return "timeout"
	case u.code == 0, u.stopping && code == 2 && status == 15:
		return "success"
	case code == 2:
		return "signal"
	default:
		return "exit-code"
	}
}

// mainExit splits the exit code as wait does: 1 and the exit status, or 2 and the signal.
func (u *service) mainExit() (code, status int) {
	if u.code > 128 && u.code <= 128+64 {
		return 2, u.code - 128
	}
	return 1, u.code
}

func (u *service) alive() bool  { return u.process != nil && u.exited.IsZero() }
func (u *service) failed() bool { return !u.alive() && u.result != "success" }

func (u *service) user() string {
	if user := u.spec.Properties["User"]; user != "" {
		return user
	}
	return "root"
}

func (u *service) description() string {
	if u.spec.Description != "" {
		return u.spec.Description
	}
	return strings.Join(u.spec.Command, " ")
}

func (u *service) describe(fileState string) guestapi.Unit {
	state := guestapi.Unit{
		Name: u.spec.Name, Description: u.description(), LoadState: "loaded", UnitFileState: fileState, Result: u.result,
		Started: u.started, Exited: u.exited, ActiveState: "inactive", SubState: "dead",
	}
	if u.transient {
		state.UnitFileState = "transient"
	}
	switch {
	case u.alive():
		state.ActiveState, state.SubState = "active", "running"
		if u.spec.Properties["Type"] == "oneshot" {
			state.ActiveState, state.SubState = "activating", "start"
		}
		if u.stopping {
			state.ActiveState, state.SubState = "deactivating", "stop-sigterm"
		}
		state.MainPID = u.process.MainPID()
	case u.failed():
		state.ActiveState, state.SubState = "failed", "failed"
	case u.remains:
		state.ActiveState, state.SubState = "active", "exited"
	}
	if !u.alive() {
		state.ExecMainCode, state.ExecMainStatus = u.mainExit()
	}
	return state
}

// duration reads a property such as "90", "90s" or "5min".
func (u *service) duration(property string, otherwise time.Duration) time.Duration {
	if length, known := parseLength(u.spec.Properties[property]); known {
		return length
	}
	return otherwise
}
