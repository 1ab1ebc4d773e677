package provider

import (
	"context"
	"net/http"
	"sync"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// tuning is how patient the provider is. Tests make it impatient.
type tuning struct {
	retryInterval time.Duration // first pause before a failed call is repeated; 0 is the client's default
	pollInterval  time.Duration // first pause between two looks at something that takes time; it grows
	maxPoll       time.Duration // longest such pause
	askTimeout    time.Duration // how long a question may take that can go without an answer
	http          *http.Client  // nil is the client's own
	// warn tells the user something that is no failure.
	warn func(ctx context.Context, message string)
}

func patient() tuning {
	return tuning{
		pollInterval: 250 * time.Millisecond, maxPoll: 5 * time.Second, askTimeout: 10 * time.Second,
		warn: func(ctx context.Context, message string) { p.GetLogger(ctx).Warning(message) },
	}
}

// How long an operation may take when the user sets no customTimeouts. Servers take half an hour on bad days.
const (
	createTimeout = 45 * time.Minute
	deleteTimeout = 20 * time.Minute
)

// session is what the resources of one configured provider share.
type session struct {
	*client.Client
	tuning tuning

	servers  listing[[]client.Server]
	ports    listing[[]client.Port]
	networks listing[[]client.Network]
	keys     listing[[]client.SSHKey]
	groups   listing[[]client.SecurityGroup]
	plans    listing[[]client.Plan]
	images   listing[[]client.ImageGroup]
	public   listing[string]             // the zone's public network
	records  listing[[]client.DNSRecord] // by domain and type instead of by zone

	diskPrice listing[float64]
	quotas    listing[client.Quota]
	zones     listing[[]client.Zone]
	private   listing[[]client.Image] // images that the account made itself

	mu        sync.Mutex
	silent    bool // the API could not be asked something; see ask
	preflight preflight
	owned     map[string]bool
	lists     map[string]any         // *listing[[]O] of the kinds
	turns     map[string]*sync.Mutex // of creations
}

func newSession(api *client.Client, tuning tuning) *session {
	s := &session{Client: api, tuning: tuning, owned: map[string]bool{}, lists: map[string]any{}, turns: map[string]*sync.Mutex{}}
	s.plans.catalogue, s.images.catalogue, s.public.catalogue, s.diskPrice.catalogue, s.zones.catalogue = true, true, true, true, true
	// What the stack adds is counted from what there was when the run began.
	s.quotas.catalogue, s.private.catalogue = true, true
	return s
}

// sessionOf is the session of the provider that serves the context's request.
func sessionOf(ctx context.Context) *session { return infer.GetConfig[Config](ctx).session }

// own notes that an object of that kind belongs to a resource in the state. It is never adopted by another one.
func (s *session) own(kind, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owned[kind+" "+id] = true
}

// isOwned tells whether the object belongs to a resource in the state, as far as this session has heard of it.
func (s *session) isOwned(kind, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owned[kind+" "+id]
}

// turn waits until nobody else has the turn of that name, takes it, and returns what gives it back.
func (s *session) turn(name string) (done func()) {
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

// listingOf is the session's lists of a kind of objects.
func listingOf[O any](s *session, kind string) *listing[[]O] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, there := s.lists[kind].(*listing[[]O]); there {
		return known
	}
	made := &listing[[]O]{}
	s.lists[kind] = made
	return made
}

// listing keeps the lists of one kind, by zone (or whatever else tells which list it is). A refresh of a hundred servers then reads one list, not a hundred servers.
type listing[T any] struct {
	catalogue bool // ArvanCloud's own: nothing that a session does changes it

	mu    sync.Mutex
	zones map[string]*listed[T]
}

type listed[T any] struct {
	mu     sync.Mutex
	value  T
	at     time.Time
	writes uint64
}

// listFreshness is how old a list may be. Whatever this session changes ends it at once.
const listFreshness = 5 * time.Second

// get is the zone's list: the one at hand if it is fresh, else a new one. Callers that come at the same time share it.
func (l *listing[T]) get(
	ctx context.Context, s *session, zone string, read func(context.Context, string) (T, error),
) (T, error) {
	l.mu.Lock()
	if l.zones == nil {
		l.zones = map[string]*listed[T]{}
	}
	if l.zones[zone] == nil {
		l.zones[zone] = &listed[T]{}
	}
	list := l.zones[zone]
	l.mu.Unlock()

	list.mu.Lock()
	defer list.mu.Unlock()
	writes := s.Writes()
	fresh := list.writes == writes && time.Since(list.at) < listFreshness
	if !list.at.IsZero() && (fresh || l.catalogue) {
		return list.value, nil
	}
	value, err := read(ctx, zone)
	if err != nil {
		return value, err
	}
	list.value, list.at, list.writes = value, time.Now(), writes
	return value, nil
}

// peek is the list of a catalogue that is at hand, whoever asked for it.
func (l *listing[T]) peek(zone string) (value T, there bool) {
	l.mu.Lock()
	list := l.zones[zone]
	l.mu.Unlock()
	if list == nil {
		return value, false
	}
	list.mu.Lock()
	defer list.mu.Unlock()
	return list.value, !list.at.IsZero()
}
