package workspace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/natefinch/atomic"
)

// BackendURL is where pulumi keeps the state. It goes without the files of attributes that it would keep beside each of its own: of
// one that a kill leaves empty, it says that the state is.
func (w *Workspace) BackendURL() string { return "file://" + w.Path("state") + "?metadata=skip" }

// Checkpoint is the file in which pulumi keeps a stack's state.
func (w *Workspace) Checkpoint(stack string) string {
	return w.Path("state", ".pulumi", "stacks", "exchange-platform", stack+".json")
}

// KeepCheckpoint keeps a copy of a stack's state, if it is whole: what fits on a full disk of a state, pulumi puts in the place of the
// whole one, and of its own copy.
func (w *Workspace) KeepCheckpoint(stack string) error {
	text, err := os.ReadFile(w.Checkpoint(stack))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !json.Valid(text) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(w.lastGood(stack)), 0o700); err != nil {
		return err
	}
	return atomic.WriteFile(w.lastGood(stack), bytes.NewReader(text))
}

func (w *Workspace) lastGood(stack string) string { return w.Path("state", "last-good", stack+".json") }

// MendCheckpoint brings back a stack's state where that is cut short: pulumi puts a new one in its place even where the disk had no
// room for all of it. (On object storage a write is whole or not there.) The newest whole copy is taken: the one from before pulumi's
// last write, the sandbox's own, or one from after an earlier update. It returns what it had to do, in words.
func (w *Workspace) MendCheckpoint(stack string) (done string, err error) {
	removed, err := w.removeBrokenAttributes(stack)
	if err != nil {
		return "", err
	}
	path := w.Checkpoint(stack)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case json.Valid(text) && removed:
		return "an interrupted pulumi had left an empty file of attributes beside the state: removed it; the state is whole", nil
	case json.Valid(text):
		return "", nil
	}
	copies, err := filepath.Glob(w.Path("state", ".pulumi", "backups", "exchange-platform", stack, "*.json"))
	if err != nil {
		return "", err
	}
	from, whole, written := newestWhole(append(copies, path+".bak", w.lastGood(stack)))
	if from == "" {
		return "", fmt.Errorf("the state of %s in %s is cut short, and no copy of it is whole: docs/state.md says what is left to do", stack, path)
	}
	if err := atomic.WriteFile(path, bytes.NewReader(whole)); err != nil {
		return "", err
	}
	return fmt.Sprintf("the last pulumi could not write the state to its end: went back to the copy of %s (%s). What was made after it is not in it",
		written.Local().Format(time.DateTime), from), nil
}

// removeBrokenAttributes removes those of a stack's state that cannot be read. Nobody misses them.
func (w *Workspace) removeBrokenAttributes(stack string) (removed bool, err error) {
	files, err := filepath.Glob(w.Checkpoint(stack) + "*.attrs")
	if err != nil {
		return false, err
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err != nil || json.Valid(text) {
			continue
		}
		if err := os.Remove(file); err != nil {
			return removed, err
		}
		removed = true
	}
	return removed, nil
}

// newestWhole is the copy of a state that was written last of those that are whole.
func newestWhole(paths []string) (newest string, text []byte, written time.Time) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.ModTime().After(written) || strings.HasSuffix(path, ".attrs") {
			continue
		}
		if found, err := os.ReadFile(path); err == nil && json.Valid(found) {
			newest, text, written = path, found, info.ModTime()
		}
	}
	return newest, text, written
}

// Pending is how many notes of interrupted operations a stack's state holds; pulumi warns of each of them at every update.
func (w *Workspace) Pending(stack string) (int, error) {
	text, err := os.ReadFile(w.Checkpoint(stack))
	if err != nil {
		return 0, err
	}
	var file struct {
		Checkpoint struct {
			Latest struct {
				Pending []json.RawMessage `json:"pending_operations"`
			} `json:"latest"`
		} `json:"checkpoint"`
	}
	err = json.Unmarshal(text, &file)
	return len(file.Checkpoint.Latest.Pending), err
}
