// Package roster knows the machines of a kind by their names.
package roster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Member is a machine.
type Member interface {
	ID() string
	Name() string
	Hostname() string
}

// Roster is a set of machines.
type Roster[M Member] struct {
	mu     sync.Mutex
	closed bool
	byID   map[string]M
}

// ErrClosed answers what comes after Close.
var ErrClosed = errors.New("the hosts are closed")

// Ensure returns the machine of this ID, made if it is a new one.
func (r *Roster[M]) Ensure(id string, make func() (M, error)) (M, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		var none M
		return none, ErrClosed
	}
	if m, known := r.byID[id]; known {
		return m, nil
	}
	m, err := make()
	if err == nil {
		if r.byID == nil {
			r.byID = map[string]M{}
		}
		r.byID[id] = m
	}
	return m, err
}

// Take removes the machine of this ID from the set and tells whether it was there.
func (r *Roster[M]) Take(id string) (M, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, known := r.byID[id]
	delete(r.byID, id)
	return m, known
}

// Close keeps new machines out.
func (r *Roster[M]) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// WhileOpen calls do, which must be quick, unless the set is closed; Close waits for it.
func (r *Roster[M]) WhileOpen(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		do()
	}
}

// Closed tells whether it is closed.
func (r *Roster[M]) Closed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// All returns the machines in the order of their names.
func (r *Roster[M]) All() []M {
	r.mu.Lock()
	machines := make([]M, 0, len(r.byID))
	for _, m := range r.byID {
		machines = append(machines, m)
	}
	r.mu.Unlock()
	slices.SortFunc(machines, func(a, b M) int { return cmp.Or(cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.ID(), b.ID())) })
	return machines
}

// Each returns the machines as something that is made of them sees them.
func Each[T any, M Member](r *Roster[M]) []T {
	var seen []T
	for _, m := range r.All() {
		seen = append(seen, any(m).(T))
	}
	return seen
}

// Find returns the machine with this ID, name or hostname.
func (r *Roster[M]) Find(name string) (M, error) {
	var names []string
	all := r.All()
	for _, is := range []func(M) string{M.ID, M.Name, M.Hostname} {
		for _, m := range all {
			if is(m) == name {
				return m, nil
			}
		}
	}
	for _, m := range all {
		names = append(names, m.Name())
	}
	var none M
	return none, fmt.Errorf("no virtual machine is called %q; there are: %s", name, strings.Join(names, ", "))
}
