package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// holder is who holds the lock of a stack, as pulumi writes it down.
type holder struct {
	PID       int       `json:"pid"`
	Username  string    `json:"username"`
	Hostname  string    `json:"hostname"`
	Timestamp time.Time `json:"timestamp"`
}

// CheckLock is an error if a pulumi holds the stack's lock, or one that is gone has left it. Pulumi's own words name `pulumi
// cancel` in both cases, and in the first it breaks the state of the one that runs; so this says which it is.
func (w *Workspace) CheckLock(stack string) error {
	files, err := filepath.Glob(w.Path("state", ".pulumi", "locks", "organization", "exchange-platform", stack, "*.json"))
	if err != nil {
		return err
	}
	here, err := os.Hostname()
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // let go meanwhile
		}
		if err != nil {
			return err
		}
		var held holder
		if err := json.Unmarshal(text, &held); err != nil {
			return fmt.Errorf("the lock of the stack %s cannot be read (%s: %w): make sure that no pulumi works on it, then delete the file", stack, file, err)
		}
		return errors.New(held.tell(stack, here, time.Now()))
	}
	return nil
}

// tell says who it is, since when, and whether `pulumi cancel` is right.
func (h holder) tell(stack, here string, now time.Time) string {
	who := fmt.Sprintf("process %d of %s on %s, since %s (%s)", h.PID, h.Username, h.Hostname, h.Timestamp.Local().Format(time.DateTime),
		now.Sub(h.Timestamp).Round(time.Second))
	cancel := fmt.Sprintf(`eval "$(./scripts/sandbox env %s)" && pulumi cancel --yes %s`, stack, stack)
	switch {
	case h.Hostname != here:
		return fmt.Sprintf("the stack %s is locked by %s: wait for it. Only if it has ended there, take its lock away: %s", stack, who, cancel)
	case h.runs():
		return fmt.Sprintf("another pulumi works on the stack %s: %s. It runs: wait until it ends, or interrupt it. "+
			"Do not cancel: that would take the lock from one that writes the state", stack, who)
	default:
		return fmt.Sprintf("the stack %s is locked by a pulumi that is gone: %s. Nobody works on it: take the lock away with: %s", stack, who, cancel)
	}
}

// runs tells whether the process is there and is a pulumi: numbers are given again.
func (h holder) runs() bool {
	program, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", h.PID))
	return err == nil && strings.HasPrefix(string(program), "pulumi")
}
