package resource

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// lifecycle is a kind as inference takes it: its methods are those of a Pulumi resource.
type lifecycle[I, S, O any] struct{ kind *Kind[I, S, O] }

// WireDependencies says what a preview of a change in place knows of the outputs: all but those with a tag from:"input", which
// depend on that input. Those with a tag preview:"known" it knows even of what is still to be made.
func (l *lifecycle[I, S, O]) WireDependencies(f infer.FieldSelector, args *I, state *S) {
	wireDependencies(f, args, state)
}

// Check fills in defaults and refuses what the API would refuse later.
func (l *lifecycle[I, S, O]) Check(ctx context.Context, request infer.CheckRequest) (infer.CheckResponse[I], error) {
	return checkInputs(ctx, l.kind.Name, request, func(c *Checker, args *I) { l.kind.Check(ctx, c, args) })
}

// Create makes the object, or takes over the one that an earlier attempt left, and waits until it can be used.
func (l *lifecycle[I, S, O]) Create(ctx context.Context, request infer.CreateRequest[I]) (infer.CreateResponse[S], error) {
	k, args := l.kind, request.Inputs
	var none S
	if request.DryRun {
		k.warnOfOthers(ctx, SessionOf(ctx), request.Name, args)
		var unknown O
		return infer.CreateResponse[S]{Output: k.stateOf(ctx, args, unknown, none)}, nil
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := SessionOf(ctx)
	object, left, err := k.obtain(ctx, s, request.Name, args)
	if err != nil {
		return infer.CreateResponse[S]{}, err
	}
	id := Identity{k.Place(args), k.ID(object)}
	state := k.stateOf(ctx, args, object, none)
	if k.Converge != nil {
		state, err = k.Converge(ctx, s, id, args, nil, state)
		return infer.CreateResponse[S]{ID: id.String(), Output: state}, partial(err)
	}
	if object, err = k.settle(ctx, s, id, args); err == nil {
		state = k.stateOf(ctx, args, object, state)
		if left || k.Completes {
			err = k.change(ctx, s, id, state, args)
		}
	}
	if err == nil && left && k.Change != nil {
		if object, err = k.settle(ctx, s, id, args); err == nil {
			state = k.stateOf(ctx, args, object, state)
		}
	}
	return infer.CreateResponse[S]{ID: id.String(), Output: state}, partial(err)
}

// maxMisses is how often a list may lag behind what it should list.
const maxMisses = 10

// settle waits until the object can be used, and returns it as it is then.
func (k *Kind[I, S, O]) settle(ctx context.Context, s *Session, id Identity, args I) (object O, err error) {
	missed := 0
	err = s.Poll(ctx, func(ctx context.Context) (string, error) {
		objects, err := k.List(ctx, s, k.whole(id.Place, args))
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(objects, func(object O) bool { return k.ID(object) == id.Object })
		if i < 0 {
			// A list may lag behind for a moment.
			if missed++; missed > maxMisses {
				return "", fmt.Errorf("the %s %s is not listed any more", k.Name, id)
			}
			return fmt.Sprintf("waiting until the %s %s is listed", k.Name, id), nil
		}
		object = objects[i]
		if k.Waiting == nil {
			return "", nil
		}
		return k.Waiting(object)
	})
	return object, err
}

// Read looks the object up, in the list that all objects of its place share.
func (l *lifecycle[I, S, O]) Read(ctx context.Context, request infer.ReadRequest[I, S]) (infer.ReadResponse[I, S], error) {
	k, none := l.kind, infer.ReadResponse[I, S]{}
	id, err := ParseIdentity(request.ID, k.IDs)
	if err != nil {
		return none, err
	}
	s := SessionOf(ctx)
	list := List[[]O]{Name: k.Name, Read: k.List}
	objects, err := list.Get(ctx, s, k.whole(id.Place, request.Inputs))
	if k.inDomain() && client.IsNotFound(err) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	i := slices.IndexFunc(objects, func(object O) bool { return k.ID(object) == id.Object })
	if i < 0 {
		return none, nil
	}
	object, imported := objects[i], k.Place(request.Inputs) == ""
	if k.Detail != nil {
		if object, err = k.Detail(ctx, s, Reading[I, S]{id, request.Inputs, request.State, imported}, object); err != nil {
			return none, err
		}
	}
	args := k.Observe(request.Inputs, object, imported, id)
	return infer.ReadResponse[I, S]{ID: request.ID, Inputs: args, State: k.stateOf(ctx, args, object, request.State)}, nil
}

// Update changes the object in place.
func (l *lifecycle[I, S, O]) Update(ctx context.Context, request infer.UpdateRequest[I, S]) (infer.UpdateResponse[S], error) {
	k, args, before := l.kind, request.Inputs, request.State
	var unknown O
	if k.MayChange != nil {
		if err := k.MayChange(ctx, SessionOf(ctx), before, args, request.DryRun); err != nil {
			return infer.UpdateResponse[S]{}, err
		}
	}
	state := k.stateOf(ctx, args, unknown, before)
	if request.DryRun {
		return infer.UpdateResponse[S]{Output: state}, nil
	}
	id, err := ParseIdentity(request.ID, k.IDs)
	if err != nil {
		return infer.UpdateResponse[S]{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := SessionOf(ctx)
	if k.Converge != nil {
		state, err = k.Converge(ctx, s, id, args, &before, state)
		return infer.UpdateResponse[S]{Output: state}, partial(err)
	}
	if err := k.change(ctx, s, id, before, args); err != nil {
		return infer.UpdateResponse[S]{}, err
	}
	object, err := k.settle(ctx, s, id, args)
	if err == nil {
		state = k.stateOf(ctx, args, object, before)
	}
	return infer.UpdateResponse[S]{Output: state}, partial(err)
}

// Delete removes the object. It waits for others that still use it, if they go by themselves.
func (l *lifecycle[I, S, O]) Delete(ctx context.Context, request infer.DeleteRequest[S]) (infer.DeleteResponse, error) {
	k := l.kind
	id, err := ParseIdentity(request.ID, k.IDs)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, deleteTimeout)
	defer cancel()
	s := SessionOf(ctx)
	s.end(k.Name, id.String())
	thing := fmt.Sprintf("the %s %s", k.Name, id)
	err = k.deleteWhenUnused(ctx, s, id, thing, func(ctx context.Context) error {
		return Again(ctx, func() error { return k.Remove(ctx, s, id, request.State) })
	})
	if err == nil && k.Lingers {
		err = s.Poll(ctx, func(ctx context.Context) (string, error) {
			there, err := k.isThere(ctx, s, id)
			if err != nil || !there {
				return "", err
			}
			return "waiting until " + thing + " is gone", nil
		})
	}
	if err == nil {
		s.disown(k.Name, id.String())
	}
	return infer.DeleteResponse{}, err
}

// isThere tells whether the object exists.
func (k *Kind[I, S, O]) isThere(ctx context.Context, s *Session, id Identity) (bool, error) {
	if k.Find != nil {
		_, found, err := k.Find(ctx, s, id)
		return found, err
	}
	objects, err := k.List(ctx, s, id.Place)
	return slices.ContainsFunc(objects, func(object O) bool { return k.ID(object) == id.Object }), err
}
