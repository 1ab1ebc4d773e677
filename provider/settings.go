package provider

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/iransre/exchange-platform/provider/client"
)

// family is a set of settings that every domain has: the resource takes hold of those of them that its inputs set, and puts
// back what was there before when it is deleted. I are the inputs, S is the state.
type family[I, S any] struct {
	name string
	path []string
	// domain is the input of that name.
	domain func(*I) *string
	// state makes a state, parts takes it apart. original is the settings as they were before, in JSON.
	state func(args I, original string) S
	parts func(S) (args I, original string)
}

// kind is the resource of the settings.
func (f family[I, S]) kind() kind[I, S, client.Document] {
	return kind[I, S, client.Document]{
		name: f.name, form: formSettings,
		place: func(args I) string { return *f.domain(&args) },
		list: func(ctx context.Context, s *session, domain string) ([]client.Document, error) {
			document, err := s.Settings(ctx, domain, f.path...)
			return []client.Document{document}, err
		},
		id: func(client.Document) string { return "" },
		check: func(_ context.Context, c *checker, args *I) {
			c.domain("domain", f.domain(args))
			c.allowed(*args)
		},
		make: func(ctx context.Context, s *session, args I) (client.Document, error) {
			before, err := s.Settings(ctx, *f.domain(&args), f.path...)
			if err != nil {
				return nil, err
			}
			return before, again(ctx, func() error { return s.ChangeSettings(ctx, *f.domain(&args), toWire(args), f.path...) })
		},
		state: func(args I, document client.Document, before S) S {
			_, original := f.parts(before)
			if original == "" && document != nil {
				var all I
				original = encode(toWire(observeWire(all, document, true)))
			}
			return f.state(args, original)
		},
		observe: func(args I, document client.Document, imported bool, id identity) I {
			args = observeWire(args, document, imported)
			*f.domain(&args) = id.place
			return args
		},
		change: func(ctx context.Context, s *session, id identity, _ S, args I) error {
			return s.ChangeSettings(ctx, id.place, toWire(args), f.path...)
		},
		remove: func(ctx context.Context, s *session, id identity, state S) error {
			args, original := f.parts(state)
			before := client.Document{}
			if err := json.Unmarshal([]byte(original), &before); err != nil {
				return nil // nothing is known to put back
			}
			changes := client.Document{}
			for _, field := range wireFields(reflect.ValueOf(args)) {
				if was, told := before[field.name]; told && !field.value.IsZero() {
					changes[field.name] = was
				}
			}
			if len(changes) == 0 {
				return nil
			}
			return s.ChangeSettings(ctx, id.place, changes, f.path...)
		},
	}
}

// encode is a document as JSON, with sorted fields.
func encode(document client.Document) string {
	content, err := json.Marshal(document)
	if err != nil {
		return ""
	}
	return string(content)
}
