package provider

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// kind is a resource whose objects are in one list per place (a zone or a domain): what is special about it, as functions. How
// objects are made once, adopted, read, changed and deleted is the same for all kinds, and is in its methods, which are those
// of a Pulumi resource. I are the inputs, S is the state, O is the object as the API tells of it.
type kind[I, S, O any] struct {
	name  string // what messages call one of them, and what the session keeps its list under
	form  string // of ids
	place func(I) string
	list  func(ctx context.Context, s *session, place string) ([]O, error)
	id    func(O) string // behind the place
	check func(ctx context.Context, c *checker, args *I)

	// same tells whether an object may be what an interrupted creation with these inputs left behind; nil when to make it comes to
	// the same however often it is done.
	same func(I, O) bool
	// make makes an object. One without id is looked for with same.
	make func(ctx context.Context, s *session, args I) (O, error)
	// waiting says what an object that exists is still waited for; nil means none is.
	waiting func(O) (string, error)
	// state is what is known of an object with these inputs. The object is the zero value in a preview of its creation.
	state func(args I, object O, before S) S
	// observe is the inputs that describe the object as it is. What the user left to ArvanCloud stays left to it.
	observe func(args I, object O, imported bool, id identity) I
	// price adds what the object costs, as far as it is told; nil when it costs nothing.
	price func(ctx context.Context, s *session, args I, state *S)
	// change brings an object to its inputs in place; nil when each change replaces.
	change func(ctx context.Context, s *session, id identity, before S, args I) error
	remove func(ctx context.Context, s *session, id identity, state S) error
	// completes says that change is called after make, too: it adds the object's parts.
	completes bool
	// lingers says that a deleted object stays listed for a while, and that others can be deleted only when it is gone.
	lingers bool
}

// stateOf is the state with the price.
func (k *kind[I, S, O]) stateOf(ctx context.Context, args I, object O, before S) S {
	state := k.state(args, object, before)
	if k.price != nil {
		k.price(ctx, sessionOf(ctx), args, &state)
	}
	return state
}

// WireDependencies says that a change in place leaves the outputs as they are, so that its preview knows them, and that previews
// know the outputs with the tag preview:"known" even of what is still to be made.
func (k *kind[I, S, O]) WireDependencies(f infer.FieldSelector, _ *I, state *S) {
	value := reflect.ValueOf(state).Elem()
	for i := range value.NumField() {
		if value.Type().Field(i).Tag.Get("preview") == "known" {
			f.OutputField(value.Field(i).Addr().Interface()).AlwaysKnown()
		}
	}
}

// Check fills in defaults and refuses what the API would refuse later.
func (k *kind[I, S, O]) Check(ctx context.Context, request infer.CheckRequest) (infer.CheckResponse[I], error) {
	return checkInputs(ctx, request, func(c *checker, args *I) { k.check(ctx, c, args) })
}

// Create makes the object, or takes over the one that an earlier attempt left, and waits until it can be used.
func (k *kind[I, S, O]) Create(ctx context.Context, request infer.CreateRequest[I]) (infer.CreateResponse[S], error) {
	args := request.Inputs
	var none S
	if request.DryRun {
		var unknown O
		return infer.CreateResponse[S]{Output: k.stateOf(ctx, args, unknown, none)}, nil
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := sessionOf(ctx)
	object, left, err := k.obtain(ctx, s, args)
	if err != nil {
		return infer.CreateResponse[S]{}, err
	}
	id := identity{k.place(args), k.id(object)}
	state := k.stateOf(ctx, args, object, none)
	if object, err = k.settle(ctx, s, id); err == nil {
		state = k.stateOf(ctx, args, object, state)
		if (left || k.completes) && k.change != nil {
			err = again(ctx, func() error { return k.change(ctx, s, id, state, args) })
		}
	}
	return infer.CreateResponse[S]{ID: id.String(), Output: state}, partial(err)
}

// obtain makes the object or finds the one that is left from an earlier attempt. Two creations at one place take turns: each
// has to know what the other made, or both would take the same object for theirs.
func (k *kind[I, S, O]) obtain(ctx context.Context, s *session, args I) (object O, left bool, err error) {
	place := k.place(args)
	defer s.turn(k.name + " " + place)()
	find := func(ctx context.Context) (O, bool, error) {
		var none O
		if k.same == nil {
			return none, false, nil
		}
		objects, err := k.list(ctx, s, place)
		for _, object := range objects {
			if k.same(args, object) && !s.isOwned(k.name, identity{place, k.id(object)}.String()) {
				return object, true, err
			}
		}
		return none, false, err
	}
	if object, left, err = find(ctx); err != nil {
		return object, false, err
	}
	if !left {
		object, err = client.Create(ctx, s.Client, find, func(ctx context.Context) (O, error) { return k.make(ctx, s, args) })
		if err == nil && k.same != nil && !k.single() && k.id(object) == "" {
			// Not every operation tells what it made.
			var found bool
			if object, found, err = find(ctx); err == nil && !found {
				err = fmt.Errorf("the %s was made in %s but is not listed", k.name, place)
			}
		}
		if err != nil {
			return object, false, err
		}
	}
	id := identity{place, k.id(object)}
	s.own(k.name, id.String())
	if left {
		p.GetLogger(ctx).Warningf("took over the %s %s, which an earlier attempt left", k.name, id)
	}
	return object, left, nil
}

// single tells whether a place has only one of them, which then has no id of its own.
func (k *kind[I, S, O]) single() bool { return !strings.Contains(k.form, "/") }

// settle waits until the object can be used, and returns it as it is then.
func (k *kind[I, S, O]) settle(ctx context.Context, s *session, id identity) (object O, err error) {
	missed := 0
	err = s.poll(ctx, func(ctx context.Context) (string, error) {
		objects, err := k.list(ctx, s, id.place)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(objects, func(object O) bool { return k.id(object) == id.object })
		if i < 0 {
			// A list may lag behind for a moment.
			if missed++; missed > doubtLooks {
				return "", fmt.Errorf("the %s %s is not listed any more", k.name, id)
			}
			return fmt.Sprintf("waiting until the %s %s is listed", k.name, id), nil
		}
		object = objects[i]
		if k.waiting == nil {
			return "", nil
		}
		return k.waiting(object)
	})
	return object, err
}

// Read looks the object up, in the list that all objects of its place share.
func (k *kind[I, S, O]) Read(ctx context.Context, request infer.ReadRequest[I, S]) (infer.ReadResponse[I, S], error) {
	none := infer.ReadResponse[I, S]{}
	id, err := parseIdentity(request.ID, k.form)
	if err != nil {
		return none, err
	}
	s := sessionOf(ctx)
	objects, err := listingOf[O](s, k.name).get(ctx, s, id.place, func(ctx context.Context, place string) ([]O, error) {
		return k.list(ctx, s, place)
	})
	if client.IsNotFound(err) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	i := slices.IndexFunc(objects, func(object O) bool { return k.id(object) == id.object })
	if i < 0 {
		return none, nil
	}
	args := k.observe(request.Inputs, objects[i], k.place(request.Inputs) == "", id)
	return infer.ReadResponse[I, S]{ID: request.ID, Inputs: args, State: k.stateOf(ctx, args, objects[i], request.State)}, nil
}

// Update changes the object in place.
func (k *kind[I, S, O]) Update(ctx context.Context, request infer.UpdateRequest[I, S]) (infer.UpdateResponse[S], error) {
	var unknown O
	if request.DryRun {
		return infer.UpdateResponse[S]{Output: k.stateOf(ctx, request.Inputs, unknown, request.State)}, nil
	}
	id, err := parseIdentity(request.ID, k.form)
	if err != nil {
		return infer.UpdateResponse[S]{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := sessionOf(ctx)
	if k.change != nil {
		if err := again(ctx, func() error { return k.change(ctx, s, id, request.State, request.Inputs) }); err != nil {
			return infer.UpdateResponse[S]{}, err
		}
	}
	object, err := k.settle(ctx, s, id)
	if err != nil {
		return infer.UpdateResponse[S]{Output: k.stateOf(ctx, request.Inputs, unknown, request.State)}, partial(err)
	}
	return infer.UpdateResponse[S]{Output: k.stateOf(ctx, request.Inputs, object, request.State)}, nil
}

// Delete removes the object. It waits for others that still use it.
func (k *kind[I, S, O]) Delete(ctx context.Context, request infer.DeleteRequest[S]) (infer.DeleteResponse, error) {
	id, err := parseIdentity(request.ID, k.form)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, deleteTimeout)
	defer cancel()
	s := sessionOf(ctx)
	thing := fmt.Sprintf("the %s %s", k.name, id)
	err = s.deleteWhenUnused(ctx, thing, func(ctx context.Context) error {
		return again(ctx, func() error { return k.remove(ctx, s, id, request.State) })
	})
	if err != nil || !k.lingers {
		return infer.DeleteResponse{}, err
	}
	return infer.DeleteResponse{}, s.poll(ctx, func(ctx context.Context) (string, error) {
		objects, err := k.list(ctx, s, id.place)
		if err != nil || !slices.ContainsFunc(objects, func(object O) bool { return k.id(object) == id.object }) {
			return "", err
		}
		return "waiting until " + thing + " is gone", nil
	})
}

// again makes changes that come to the same however often they are made once more when it is in doubt whether they were applied.
func again(ctx context.Context, change func() error) error {
	var err error
	for range maxDoubts {
		if err = change(); !client.IsAmbiguous(err) || ctx.Err() != nil {
			break
		}
	}
	return err
}
