package resource

import (
	"context"
	"fmt"
	"net/http"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/iransre/exchange-platform/provider/client"
)

// obtain makes the object or finds the one that is left from an earlier attempt. Creations at one place that could take each
// other's object for theirs take turns.
func (k *Kind[I, S, O]) obtain(ctx context.Context, s *Session, name string, args I) (object O, left bool, err error) {
	place := k.Place(args)
	defer s.turn(k.turn(args))()
	find := func(ctx context.Context) (O, bool, error) { return k.findLeft(ctx, s, args) }
	if object, left, err = find(ctx); err != nil {
		return object, false, err
	}
	if !left {
		if err := k.refuseOthers(ctx, s, name, args); err != nil {
			return object, false, err
		}
		object, err = client.Create(ctx, s.Client, find, func(ctx context.Context) (O, error) { return k.Make(ctx, s, args) })
		switch {
		case err == nil && k.Same != nil && !k.single() && k.ID(object) == "":
			// Not every operation tells what it made.
			var found bool
			if object, found, err = find(ctx); err == nil && !found {
				err = fmt.Errorf("the %s was made in %s but is not listed", k.labelled(args), k.placeInWords(place))
			}
		case client.HasStatus(err, http.StatusConflict) && k.Foreign != nil:
			object, left, err = k.afterConflict(ctx, s, args, err)
		}
		if err != nil {
			return object, false, err
		}
	}
	id := Identity{place, k.ID(object)}
	if left {
		if k.Foreign != nil {
			if err := k.Foreign(args, object, id, false); err != nil {
				return object, false, err
			}
		}
		if err := k.unused(ctx, s, args, id); err != nil {
			return object, false, err
		}
		p.GetLogger(ctx).Warningf("took over the %s %s, which an earlier attempt left", k.Name, id)
	}
	s.Own(k.Name, id.String())
	return object, left, nil
}

// findLeft finds what an interrupted creation may have left: an object with these inputs that no resource in the state has.
func (k *Kind[I, S, O]) findLeft(ctx context.Context, s *Session, args I) (none O, found bool, err error) {
	if k.Same == nil {
		return none, false, nil
	}
	place := k.Place(args)
	objects, err := k.List(ctx, s, k.whole(place, args))
	for _, object := range objects {
		if k.Same(args, object) && !s.IsOwned(k.Name, Identity{place, k.ID(object)}.String()) {
			return object, true, err
		}
	}
	return none, false, err
}

// afterConflict looks for the object because of which a creation was refused: what an attempt in doubt made, or somebody else's.
func (k *Kind[I, S, O]) afterConflict(ctx context.Context, s *Session, args I, refusal error) (object O, left bool, err error) {
	place := k.Place(args)
	objects, err := k.List(ctx, s, k.whole(place, args))
	if err != nil {
		return object, false, err
	}
	for _, object := range objects {
		if !k.Same(args, object) {
			continue
		}
		id := Identity{place, k.ID(object)}
		owned := s.IsOwned(k.Name, id.String())
		if err := k.Foreign(args, object, id, owned); err != nil {
			return object, false, err
		}
		if !owned {
			return object, true, nil
		}
	}
	return object, false, refusal
}

// turn is the name of the turn that a creation has to wait for.
func (k *Kind[I, S, O]) turn(args I) string {
	turn := k.Name + " " + k.Place(args)
	if k.Label != nil {
		turn += " " + k.Label(args)
	}
	return turn
}

// labelled is what messages call an object that has no id yet.
func (k *Kind[I, S, O]) labelled(args I) string {
	if k.Label == nil {
		return k.Name
	}
	return k.Name + " " + k.Label(args)
}

// placeInWords is what messages about a labelled object call its place.
func (k *Kind[I, S, O]) placeInWords(place string) string {
	if k.Label == nil || k.inDomain() {
		return place
	}
	return "zone " + place
}
