// Package transcript keeps what programs say while somebody reads it.
package transcript

import (
	"bytes"
	"sync"
)

// Transcript is written by programs that run, also by several at once, and read meanwhile. The zero value is an empty one.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what a program says.
func (t *Transcript) Write(said []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(said)
}

// String is what was said so far.
func (t *Transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
