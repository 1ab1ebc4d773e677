// Package kept holds values that outlive the daemon.
package kept

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Value is a value that is in a file too.
type Value[T any] struct {
	file string

	mu    sync.Mutex
	value T
}

// New is the value that the file holds, or initial if there is none yet.
func New[T any](file string, initial T) (*Value[T], error) {
	v := &Value[T]{file: file, value: initial}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &v.value)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return v, nil
}

// Get returns the value.
func (v *Value[T]) Get() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.value
}

// Update changes the value and writes it so that a crash leaves the old or the new one.
func (v *Value[T]) Update(change func(*T)) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	change(&v.value)
	data, err := json.MarshalIndent(v.value, "", "  ")
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(v.file), ".kept-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), v.file)
}
