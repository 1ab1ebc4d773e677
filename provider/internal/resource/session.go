package resource

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// Tuning is how patient the provider is. Tests make it impatient.
type Tuning struct {
	RetryInterval time.Duration // first pause before a failed call is repeated; 0 is the client's default
	PollInterval  time.Duration // first pause between two looks at something that takes time; it grows
	MaxPoll       time.Duration // longest such pause
	AskTimeout    time.Duration // how long a question may take that can go without an answer
	UserPatience  time.Duration // how long a deletion waits for users of which this run has not begun to delete each
	HTTP          *http.Client  // nil is the client's own
	// Warn tells the user something that is no failure.
	Warn func(ctx context.Context, message string)
}

// Patient is the tuning for the real API.
func Patient() Tuning {
	return Tuning{
		PollInterval: 250 * time.Millisecond, MaxPoll: 5 * time.Second, AskTimeout: 10 * time.Second,
		UserPatience: 30 * time.Second,
		Warn:         func(ctx context.Context, message string) { p.GetLogger(ctx).Warning(message) },
	}
}

// How long an operation may take when the user sets no customTimeouts. Servers take half an hour on bad days.
const (
	createTimeout = 45 * time.Minute
	deleteTimeout = 20 * time.Minute
)

// Session is what the resources of one configured provider share.
type Session struct {
	*client.Client
	tuning Tuning

	mu     sync.Mutex
	silent bool // the API could not be asked something; see Ask
	owned  map[string]bool
	ending map[string]bool        // what this run deletes, or has deleted
	turns  map[string]*sync.Mutex // of creations
	things map[string]any         // see Remembered
}

func newSession(api *client.Client, tuning Tuning) *Session {
	return &Session{Client: api, tuning: tuning, owned: map[string]bool{}, ending: map[string]bool{}, turns: map[string]*sync.Mutex{}, things: map[string]any{}}
}

// SessionOf is the session of the provider that serves the context's request.
func SessionOf(ctx context.Context) *Session { return infer.GetConfig[Config](ctx).session }

// Remembered is what the session remembers under that name, empty at first.
func Remembered[T any](s *Session, name string) *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, there := s.things[name].(*T); there {
		return known
	}
	made := new(T)
	s.things[name] = made
	return made
}

// Own notes that an object of that kind belongs to a resource in the state. It is never adopted by another one.
func (s *Session) Own(kind, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owned[kind+" "+id] = true
}

// disown notes that a resource's object is gone: another one may get its id.
func (s *Session) disown(kind, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.owned, kind+" "+id)
}

// IsOwned tells whether the object belongs to a resource in the state, as far as this session has heard of it.
func (s *Session) IsOwned(kind, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owned[kind+" "+id]
}

// end notes that this run deletes an object.
func (s *Session) end(kind, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending[kind+" "+id] = true
}

// ends tells whether a user of something goes by itself: because this run deletes it, or somebody has already.
func (s *Session) ends(user User) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return user.Leaving || s.ending[user.Kind+" "+user.Identity.String()]
}

// turn waits until nobody else has the turn of that name, takes it, and returns what gives it back.
func (s *Session) turn(name string) (done func()) {
	s.mu.Lock()
	turn := s.turns[name]
	if turn == nil {
		turn = &sync.Mutex{}
		s.turns[name] = turn
	}
	s.mu.Unlock()
	turn.Lock()
	return turn.Unlock
}

// Ask asks the API something that the caller can do without, quickly and without insisting. When the API cannot be reached it
// warns, once in a session, and is not asked again.
func (s *Session) Ask(ctx context.Context, question func(context.Context) error) (answered bool) {
	s.mu.Lock()
	silent := s.silent
	s.mu.Unlock()
	if silent {
		return false
	}
	quick, cancel := context.WithTimeout(client.Once(ctx), s.tuning.AskTimeout)
	defer cancel()
	err := question(quick)
	if err == nil || !client.IsUnanswered(err) || ctx.Err() != nil {
		return err == nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.silent {
		s.silent = true
		s.tuning.Warn(ctx, fmt.Sprintf("ArvanCloud's API could not be asked, so this run goes without prices and without the checks against "+
			"the account (plans, images, quota, existing networks): %v", err))
	}
	return false
}
