package document

import (
	"cmp"
	"context"
	"reflect"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// Rules are objects of a domain of which there can be any number. I are the inputs, S is the state.
type Rules[I, S any] struct {
	Type, Name, About, Example string // as of a resource.Kind

	Path []string // of the collection behind the domain's
	// Replaces says that a change sends the whole object.
	Replaces bool
	// InTheWay says that two objects that say the same of this field would both be for the same requests, and one never looked at.
	InTheWay string
	// Domain is the input of that name.
	Domain func(*I) *string
	Check  func(c *resource.Checker, args *I)
	State  func(args I, id string) S
	ID     func(S) string
}

// Kind is the resource of the objects.
func (r Rules[I, S]) Kind() *resource.Kind[I, S, client.Document] {
	on := func(id resource.Identity) []string { return append(append([]string{}, r.Path...), id.Object) }
	kind := &resource.Kind[I, S, client.Document]{
		Type: r.Type, Name: r.Name, IDs: "<domain>/<rule id>", About: r.About, Example: r.Example, KeepsZeros: true,
		Place: func(args I) string { return *r.Domain(&args) },
		List: func(ctx context.Context, s *resource.Session, domain string) ([]client.Document, error) {
			return s.Objects(ctx, domain, r.Path...)
		},
		ID: func(document client.Document) string { return document.Text("id") },
		Check: func(_ context.Context, c *resource.Checker, args *I) {
			c.Domain("domain", r.Domain(args))
			Allowed(c, *args)
			r.Check(c, args)
		},
		Same: func(args I, document client.Document) bool {
			return reflect.DeepEqual(Observe(args, document, false), args)
		},
		Make: func(ctx context.Context, s *resource.Session, args I) (client.Document, error) {
			return s.CreateObject(ctx, *r.Domain(&args), From(args), r.Path...)
		},
		State: func(args I, document client.Document, before S) S {
			return r.State(args, cmp.Or(document.Text("id"), r.ID(before)))
		},
		Observe: func(args I, document client.Document, imported bool, id resource.Identity) I {
			args = Observe(args, document, imported)
			*r.Domain(&args) = id.Place
			return args
		},
		Change: func(ctx context.Context, s *resource.Session, id resource.Identity, _ S, args I) error {
			if r.Replaces {
				return s.ReplaceObject(ctx, id.Place, From(args), on(id)...)
			}
			return s.ChangeObject(ctx, id.Place, From(args), on(id)...)
		},
		Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ S) error {
			return s.DeleteObject(ctx, id.Place, on(id)...)
		},
	}
	if r.InTheWay != "" {
		kind.InTheWay = func(args I, document client.Document) bool {
			return From(args).Text(r.InTheWay) == document.Text(r.InTheWay)
		}
		kind.Describe = func(document client.Document) string { return document.Text(r.InTheWay) }
	}
	return kind
}
