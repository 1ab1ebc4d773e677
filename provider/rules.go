package provider

import (
	"context"
	"reflect"

	"github.com/iransre/exchange-platform/provider/client"
)

// rules is a kind of objects of a domain of which there can be any number. I are the inputs, S is the state.
type rules[I, S any] struct {
	name string
	path []string
	// replaces says that a change sends the whole object.
	replaces bool
	domain   func(*I) *string
	check    func(c *checker, args *I)
	state    func(args I, id string) S
	id       func(S) string
}

// kind is the resource of the objects.
func (r rules[I, S]) kind() kind[I, S, client.Document] {
	on := func(id identity) []string { return append(append([]string{}, r.path...), id.object) }
	return kind[I, S, client.Document]{
		name: r.name, form: formRule,
		place: func(args I) string { return *r.domain(&args) },
		list: func(ctx context.Context, s *session, domain string) ([]client.Document, error) {
			return s.Objects(ctx, domain, r.path...)
		},
		id: func(document client.Document) string { return document.Text("id") },
		check: func(_ context.Context, c *checker, args *I) {
			c.domain("domain", r.domain(args))
			c.allowed(*args)
			if r.check != nil {
				r.check(c, args)
			}
		},
		same: func(args I, document client.Document) bool {
			return reflect.DeepEqual(observeWire(args, document, false), args)
		},
		make: func(ctx context.Context, s *session, args I) (client.Document, error) {
			return s.CreateObject(ctx, *r.domain(&args), toWire(args), r.path...)
		},
		state: func(args I, document client.Document, before S) S {
			id := document.Text("id")
			return r.state(args, or(&id, r.id(before)))
		},
		observe: func(args I, document client.Document, imported bool, id identity) I {
			args = observeWire(args, document, imported)
			*r.domain(&args) = id.place
			return args
		},
		change: func(ctx context.Context, s *session, id identity, _ S, args I) error {
			if r.replaces {
				return s.ReplaceObject(ctx, id.place, toWire(args), on(id)...)
			}
			return s.ChangeObject(ctx, id.place, toWire(args), on(id)...)
		},
		remove: func(ctx context.Context, s *session, id identity, _ S) error {
			return s.DeleteObject(ctx, id.place, on(id)...)
		},
	}
}
