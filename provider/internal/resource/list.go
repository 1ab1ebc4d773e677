package resource

import (
	"context"
	"sync"
	"time"
)

// List is a list that a session keeps by place, so that a refresh of a hundred servers reads one list and not a hundred servers.
type List[T any] struct {
	Name string // tells it from other lists
	// Catalogue says that the list is ArvanCloud's own, or is wanted as it was when the run began: nothing that a session does
	// changes it.
	Catalogue bool
	Read      func(ctx context.Context, s *Session, place string) (T, error)
}

// lists are the lists of one kind, by place.
type lists[T any] struct {
	mu     sync.Mutex
	places map[string]*listed[T]
}

type listed[T any] struct {
	mu     sync.Mutex
	value  T
	at     time.Time
	writes uint64
}

// listFreshness is how old a list may be. Whatever this session changes ends it at once.
const listFreshness = 5 * time.Second

// Get is the place's list: the one at hand if it is fresh, else a new one. Callers that come at the same time share it.
func (l List[T]) Get(ctx context.Context, s *Session, place string) (T, error) {
	list := l.at(s, place)
	list.mu.Lock()
	defer list.mu.Unlock()
	writes := s.Writes()
	fresh := list.writes == writes && time.Since(list.at) < listFreshness
	if !list.at.IsZero() && (fresh || l.Catalogue) {
		return list.value, nil
	}
	value, err := l.Read(ctx, s, place)
	if err != nil {
		return value, err
	}
	list.value, list.at, list.writes = value, time.Now(), writes
	return value, nil
}

// Peek is the place's list if there is one at hand, however old.
func (l List[T]) Peek(s *Session, place string) (value T, there bool) {
	list := l.at(s, place)
	list.mu.Lock()
	defer list.mu.Unlock()
	return list.value, !list.at.IsZero()
}

func (l List[T]) at(s *Session, place string) *listed[T] {
	all := Remembered[lists[T]](s, "list of "+l.Name)
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.places == nil {
		all.places = map[string]*listed[T]{}
	}
	if all.places[place] == nil {
		all.places[place] = &listed[T]{}
	}
	return all.places[place]
}
