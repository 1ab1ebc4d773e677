package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Checkpoint is the file in which pulumi keeps a stack's state.
func (w *Workspace) Checkpoint(stack string) string {
	return w.Path("state", ".pulumi", "stacks", "exchange-platform", stack+".json")
}

// MendCheckpoint restores a stack's state from the copy that pulumi makes before each write, if the state itself is cut
// short: pulumi writes it in place on a file system, and so one that is killed at that moment leaves half of it. (On
// object storage a write is whole or not there.) It says whether it had to.
func (w *Workspace) MendCheckpoint(stack string) (mended bool, err error) {
	text, err := os.ReadFile(w.Checkpoint(stack))
	if errors.Is(err, fs.ErrNotExist) || err == nil && json.Valid(text) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	backup, err := os.ReadFile(w.Checkpoint(stack) + ".bak")
	if err == nil && !json.Valid(backup) {
		err = errors.New("it is cut short too")
	}
	if err != nil {
		return false, fmt.Errorf("the state of %s in %s is cut short, and its copy does not help: %w", stack, w.Checkpoint(stack), err)
	}
	return true, os.WriteFile(w.Checkpoint(stack), backup, 0o600)
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
