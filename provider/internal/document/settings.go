package document

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// AboutSettings is what holds for all settings.
const AboutSettings = "What is not set is left as it is. Deletion puts back what was there before."

// Settings are a set of settings that every domain has: the resource takes hold of those of them that its inputs set, and puts
// back what was there before when it is deleted. I are the inputs, S is the state.
type Settings[I, S any] struct {
	Type, Name, About, Example string // as of a resource.Kind

	Path []string // of the settings behind the domain's
	// Domain is the input of that name.
	Domain func(*I) *string
	// State makes a state, Parts takes it apart. original is the settings as they were before, in JSON.
	State func(args I, original string) S
	Parts func(S) (args I, original string)
}

// Kind is the resource of the settings.
func (f Settings[I, S]) Kind() *resource.Kind[I, S, client.Document] {
	return &resource.Kind[I, S, client.Document]{
		Type: f.Type, Name: f.Name, IDs: "<domain>", About: f.About + " " + AboutSettings, Example: f.Example, KeepsZeros: true,
		Place: func(args I) string { return *f.Domain(&args) },
		List: func(ctx context.Context, s *resource.Session, domain string) ([]client.Document, error) {
			document, err := s.Settings(ctx, domain, f.Path...)
			return []client.Document{document}, err
		},
		ID: func(client.Document) string { return "" },
		Check: func(_ context.Context, c *resource.Checker, args *I) {
			c.Domain("domain", f.Domain(args))
			Allowed(c, *args)
		},
		Make: func(ctx context.Context, s *resource.Session, args I) (client.Document, error) {
			before, err := s.Settings(ctx, *f.Domain(&args), f.Path...)
			if err != nil {
				return nil, err
			}
			return before, resource.Again(ctx, func() error {
				return s.ChangeSettings(ctx, *f.Domain(&args), From(args), f.Path...)
			})
		},
		State: func(args I, document client.Document, before S) S {
			_, original := f.Parts(before)
			if original == "" && document != nil {
				var all I
				original = encode(From(Observe(all, document, true)))
			}
			return f.State(args, original)
		},
		Observe: func(args I, document client.Document, imported bool, id resource.Identity) I {
			args = Observe(args, document, imported)
			*f.Domain(&args) = id.Place
			return args
		},
		Change: func(ctx context.Context, s *resource.Session, id resource.Identity, _ S, args I) error {
			return s.ChangeSettings(ctx, id.Place, From(args), f.Path...)
		},
		Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, state S) error {
			args, original := f.Parts(state)
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
			return s.ChangeSettings(ctx, id.Place, changes, f.Path...)
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
