package hosts

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// unit is one service. Its manager's lock guards it.
type unit struct {
	spec      guestapi.UnitSpec
	transient bool

	process  *process
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
func (us *units) launchLocked(u *unit) error {
	env := append(userEnv(u.user()), u.spec.Env...)
	root, err := os.OpenRoot(us.m.root())
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
	journal, err := openJournal(us.m.journalDir(), u.spec.Name, filepath.Base(u.spec.Command[0]))
	if err != nil {
		return err
	}
	full := us.m.snapshot().Faults.Full
	stdout, err := openOutput(root, u.spec.Properties["StandardOutput"], full, journal)
	if err != nil {
		return err
	}
	stderr := stdout
	if target := u.spec.Properties["StandardError"]; target != "" && target != "inherit" {
		if stderr, err = openOutput(root, target, full, journal); err != nil {
			return err
		}
	}
	process, err := us.run.jail.start(command{argv: u.spec.Command, env: env, dir: dir, stdout: stdout, stderr: stderr})
	if err != nil {
		return err
	}
	u.process, u.done, u.started, u.exited = process, make(chan struct{}), time.Now(), time.Time{}
	u.code, u.result, u.remains, u.stopping, u.timedOut = 0, "success", false, false, false
	journal.note("Started " + u.spec.Name + " - " + u.description() + ".")
	us.waiting.Go(func() {
		us.attend(u, journal)
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
func (us *units) attend(u *unit, journal *journal) {
	var limit <-chan time.Time
	if length := u.duration("RuntimeMaxSec", 0); length > 0 {
		timer := time.NewTimer(length)
		defer timer.Stop()
		limit = timer.C
	}
	select {
	case <-u.process.done:
	case <-limit:
		us.mu.Lock()
		u.timedOut = true
		us.mu.Unlock()
		u.process.kill()
		<-u.process.done
	}
	us.mu.Lock()
	defer us.mu.Unlock()
	u.exited, u.code = time.Now(), u.process.code
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
	if u.transient && !u.remains && (u.result == "success" || u.spec.Collect) && us.byName[u.spec.Name] == u {
		delete(us.byName, u.spec.Name)
	}
}

// judge gives systemd's word for how the service ended.
func (u *unit) judge() string {
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
func (u *unit) mainExit() (code, status int) {
	if u.code > 128 && u.code <= 128+64 {
		return 2, u.code - 128
	}
	return 1, u.code
}

func (u *unit) alive() bool  { return u.process != nil && u.exited.IsZero() }
func (u *unit) failed() bool { return !u.alive() && u.result != "success" }

func (u *unit) user() string {
	if user := u.spec.Properties["User"]; user != "" {
		return user
	}
	return "root"
}

func (u *unit) description() string {
	if u.spec.Description != "" {
		return u.spec.Description
	}
	return strings.Join(u.spec.Command, " ")
}

func (u *unit) describe(fileState string) guestapi.Unit {
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
		state.MainPID = u.process.mainPID()
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
func (u *unit) duration(property string, otherwise time.Duration) time.Duration {
	if length, known := parseLength(u.spec.Properties[property]); known {
		return length
	}
	return otherwise
}

// lengths are systemd's units of time; a bare number is of seconds.
var (
	lengths = map[string]time.Duration{
		"": time.Second, "s": time.Second, "sec": time.Second, "ms": time.Millisecond, "m": time.Minute, "min": time.Minute,
		"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour, "w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour,
	}
	lengthPart = regexp.MustCompile(`^([0-9.]+) *([a-z]*) *`)
)

// parseLength reads a length of time as systemd writes them, such as "90", "5min" or "1h 30min".
func parseLength(text string) (time.Duration, bool) {
	total := time.Duration(0)
	for rest := text; ; {
		part := lengthPart.FindStringSubmatch(rest)
		if part == nil {
			return 0, false
		}
		number, err := strconv.ParseFloat(part[1], 64)
		unit, known := lengths[part[2]]
		if !known {
			unit, known = lengths[strings.TrimSuffix(part[2], "s")]
		}
		if err != nil || !known {
			return 0, false
		}
		total += time.Duration(number * float64(unit))
		if rest = rest[len(part[0]):]; rest == "" {
			return total, true
		}
	}
}

// openOutput opens where StandardOutput= sends a service's output. On a full disk, that is a file that takes nothing.
func openOutput(root *os.Root, target string, full bool, journal *journal) (io.Writer, error) {
	kind, path, _ := strings.Cut(target, ":")
	flags := os.O_WRONLY | os.O_CREATE
	switch kind {
	case "", "journal", "inherit", "syslog", "kmsg", "journal+console":
		return journal, nil
	case "null":
		return nil, nil
	case "append":
		flags |= os.O_APPEND
	case "truncate":
		flags |= os.O_TRUNC
	case "file":
	default:
		return nil, fmt.Errorf("StandardOutput=%s is not known to the sandbox", target)
	}
	if full && diskPath(path) {
		return os.OpenFile("/dev/full", os.O_WRONLY, 0)
	}
	return root.OpenFile(strings.TrimPrefix(path, "/"), flags, 0o644)
}

// readEnvironment reads an EnvironmentFile; one that starts with - may be missing.
func readEnvironment(root *os.Root, file string) ([]string, error) {
	optional := strings.HasPrefix(file, "-")
	data, err := root.ReadFile(strings.TrimPrefix(strings.TrimPrefix(file, "-"), "/"))
	if err != nil {
		if optional {
			return nil, nil
		}
		return nil, fmt.Errorf("EnvironmentFile: %w", err)
	}
	var env []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if name, value, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			env = append(env, name+"="+strings.Trim(value, `"'`))
		}
	}
	return env, nil
}
