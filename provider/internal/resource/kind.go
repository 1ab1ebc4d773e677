// Package resource is what all resources and functions of the provider have in common. A resource is a [Kind]: a value that says
// everything about it, its place in the schema and what is special about its life. How objects are made once, adopted, read,
// changed and deleted is the same for all of them, and is told once, in lifecycle.go.
package resource

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/iransre/exchange-platform/provider/client"
)

// Kind is a resource whose objects are in one list per place (a zone or a domain). I are the inputs, S is the state, O is the
// object as the API tells of it. Fields and hooks that do not apply are left out.
type Kind[I, S, O any] struct {
	// Type is the token behind the package's name, "iaas:Server". It is in every state: it never changes.
	Type string
	// Name is what messages call one of them. It also tells the kinds' lists apart.
	Name string
	// IDs is the form of ids, "<zone>/<server id>"; without a slash, a place has only one of them.
	IDs string
	// About is the description in the schema, Example the properties of the example in it, in YAML.
	About, Example string

	// Replacement tells when an object is deleted before its replacement is made.
	Replacement Replacement
	// Broken are outputs whose value means that the object can only be replaced.
	Broken map[string]string
	// Later are outputs that the kind got after its first version, with what they are in states from before: without them such
	// a state could not be decoded, not even to delete the resource.
	Later map[string]property.Value
	// KeepsZeros says that a zero is a value. Else it means that an input is not set.
	KeepsZeros bool

	// Place is the zone or the domain of an object.
	Place func(I) string
	// Section is the part of the place's list that an object is in, for lists that can be had in parts. List then gets
	// "place/section", or the place alone to list all of it.
	Section func(I) string
	// Label is what messages call an object that has no id yet. Creations under different labels need not wait for each other.
	Label func(I) string
	List  func(ctx context.Context, s *Session, place string) ([]O, error)
	// Find looks one object up where that is cheaper than the list.
	Find func(ctx context.Context, s *Session, id Identity) (object O, found bool, err error)
	ID   func(O) string // behind the place
	// Check fills in defaults and refuses what the API would refuse later.
	Check func(ctx context.Context, c *Checker, args *I)

	// Same tells whether an object may be what an interrupted creation with these inputs left behind; nil when to make it comes to
	// the same however often it is done.
	Same func(I, O) bool
	// Foreign says why an object that passed for the same is somebody else's after all; nil means that it never is.
	Foreign func(args I, object O, id Identity, owned bool) error
	// InTheWay tells whether an object that is not the same stands where a new one would: both would answer to the name.
	InTheWay func(I, O) bool
	// Describe says in a few words what an object in the way does.
	Describe func(O) string
	// Make makes an object. One without id is looked for with Same.
	Make func(ctx context.Context, s *Session, args I) (O, error)
	// Waiting says what an object that exists is still waited for.
	Waiting func(O) (string, error)
	// State is what is known of an object with these inputs. The object is the zero value in a preview.
	State func(args I, object O, before S) S
	// Detail adds to an object what its list does not tell.
	Detail func(ctx context.Context, s *Session, read Reading[I, S], object O) (O, error)
	// Observe is the inputs that describe the object as it is. What the user left to ArvanCloud stays left to it.
	Observe func(args I, object O, imported bool, id Identity) I
	// Price adds what the object costs, as far as it is told.
	Price func(ctx context.Context, s *Session, args I, state *S)

	// MayChange refuses a change that cannot be made, before anything is touched.
	MayChange func(ctx context.Context, s *Session, before S, args I, preview bool) error
	// Change brings an object to its inputs in place; nil when each change replaces.
	Change func(ctx context.Context, s *Session, id Identity, before S, args I) error
	// Completes says that Change is called after Make, too: it adds the object's parts.
	Completes bool
	// Converge stands in for Waiting and Change where several steps lead to the goal: it goes on from wherever an earlier attempt
	// got to, also when it fails. old is nil for an object that has just been made. It returns the state as it was seen last.
	Converge func(ctx context.Context, s *Session, id Identity, args I, old *S, state S) (S, error)

	Remove func(ctx context.Context, s *Session, id Identity, state S) error
	// Users tells which objects use this one; nil means that what uses it does not matter. One that is used is not taken over, and
	// deleted only when it is not used any more.
	Users func(ctx context.Context, s *Session, id Identity) ([]User, error)
	// Lingers says that a deleted object stays listed for a while, and that others can be deleted only when it is gone.
	Lingers bool
}

// Reading is an object that is read: its id, and what was known of it.
type Reading[I, S any] struct {
	ID       Identity
	Inputs   I
	State    S
	Imported bool
}

// single tells whether a place has only one of them, which then has no id of its own.
func (k *Kind[I, S, O]) single() bool { return !strings.Contains(k.IDs, "/") }

// inDomain tells whether the objects are in domains, which may go with all that is in them; zones do not.
func (k *Kind[I, S, O]) inDomain() bool { return strings.HasPrefix(k.IDs, "<domain>") }

// whole is what List takes for the list that an object with these inputs is in.
func (k *Kind[I, S, O]) whole(place string, args I) string {
	if k.Section == nil {
		return place
	}
	return Identity{place, k.Section(args)}.String()
}

// stateOf is the state with the price.
func (k *Kind[I, S, O]) stateOf(ctx context.Context, args I, object O, before S) S {
	state := k.State(args, object, before)
	if k.Price != nil {
		k.Price(ctx, SessionOf(ctx), args, &state)
	}
	return state
}

// change brings the object to its inputs, if a change can be made in place at all.
func (k *Kind[I, S, O]) change(ctx context.Context, s *Session, id Identity, before S, args I) error {
	if k.Change == nil {
		return nil
	}
	return Again(ctx, func() error { return k.Change(ctx, s, id, before, args) })
}

// MaxDoubts is how many outcomes in doubt are borne before they count as failures.
const MaxDoubts = 3

// Again makes changes that come to the same however often they are made once more when it is in doubt whether they were applied.
func Again(ctx context.Context, change func() error) error {
	var err error
	for range MaxDoubts {
		if err = change(); !client.IsAmbiguous(err) || ctx.Err() != nil {
			break
		}
	}
	return err
}
