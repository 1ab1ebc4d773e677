package resource

import (
	"context"
	"fmt"
)

// refuseOthers refuses to make an object beside somebody else's that stands in its place. name is the resource's in the program.
func (k *Kind[I, S, O]) refuseOthers(ctx context.Context, s *Session, name string, args I) error {
	if k.InTheWay == nil {
		return nil
	}
	objects, err := k.List(ctx, s, k.Place(args))
	if err != nil {
		return err
	}
	if other := k.inTheWay(s, args, objects); other != nil {
		return fmt.Errorf("%s, and nothing was made beside it: %s", k.others(args, *other), k.takeOver(name, args, *other))
	}
	return nil
}

// warnOfOthers says in a preview what the update will refuse. Not all inputs may be known: the other object may yet turn out to be as
// it is wanted, and is then taken over.
func (k *Kind[I, S, O]) warnOfOthers(ctx context.Context, s *Session, name string, args I) {
	if k.InTheWay == nil || k.Place(args) == "" {
		return
	}
	var objects []O
	list := List[[]O]{Name: "every " + k.Name, Read: k.List}
	if !s.Ask(ctx, func(ctx context.Context) (err error) { objects, err = list.Get(ctx, s, k.Place(args)); return err }) {
		return
	}
	if other := k.inTheWay(s, args, objects); other != nil {
		s.tuning.Warn(ctx, fmt.Sprintf("%s. Unless it is just what is wanted, the update will refuse to make another: %s",
			k.others(args, *other), k.takeOver(name, args, *other)))
	}
}

func (k *Kind[I, S, O]) inTheWay(s *Session, args I, objects []O) *O {
	for i, object := range objects {
		if k.InTheWay(args, object) && !k.Same(args, object) && !s.IsOwned(k.Name, k.identity(args, object)) {
			return &objects[i]
		}
	}
	return nil
}

func (k *Kind[I, S, O]) identity(args I, object O) string {
	return Identity{k.Place(args), k.ID(object)}.String()
}

func (k *Kind[I, S, O]) others(args I, other O) string {
	text := fmt.Sprintf("there is a %s %s already that is not this stack's", k.Name, k.identity(args, other))
	if k.Describe != nil {
		text += " (" + k.Describe(other) + ")"
	}
	return text
}

func (k *Kind[I, S, O]) takeOver(name string, args I, other O) string {
	return fmt.Sprintf("delete it, or take it over with `pulumi import %s:%s %s %s`; for a resource of a component, let `pulumi preview --import-file` "+
		"write the file that `pulumi import --file` reads", Package, k.Type, name, k.identity(args, other))
}
