package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// load reads the state file, or makes a new world when there is none.
func (e *Emulator) load() error {
	e.world = newWorld(e.now(), e.pool)
	if e.options.StateFile == "" {
		return nil
	}
	data, err := os.ReadFile(e.options.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read state file: %w", err)
	}
	var loaded world
	if err := json.Unmarshal(data, &loaded); err != nil {
		return fmt.Errorf("state file %s is damaged: %w; move it away to start with nothing", e.options.StateFile, err)
	}
	e.world = &loaded
	return nil
}

// save writes the state file if the world changed since it was last written. Calls that arrive while a write is going on
// share the next one. The reply to a call is sent after this, so that an object a client knows of is never lost.
func (e *Emulator) save() error {
	if e.options.StateFile == "" {
		return nil
	}
	e.saving.Lock()
	defer e.saving.Unlock()
	e.mu.Lock()
	if !e.dirty {
		e.mu.Unlock()
		return nil
	}
	data, err := json.Marshal(e.world)
	e.dirty = false
	e.mu.Unlock()
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	if err := writeAtomically(e.options.StateFile, data); err != nil {
		e.mu.Lock()
		e.dirty = true
		e.mu.Unlock()
		return err
	}
	return nil
}

// writeAtomically replaces a file as a whole. It is for its owner only: user data and keys are in it.
func writeAtomically(path string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write state file: %w", err)
	}
	defer os.Remove(temporary.Name()) // fails after the rename, which is what we want
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Close()); err != nil {
		return fmt.Errorf("write state file: %w", err)
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return fmt.Errorf("write state file: %w", err)
	}
	return nil
}
