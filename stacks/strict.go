package stacks

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/iransre/exchange-platform/internal/settings"
)

// misread is a value that is not taken as it stands: its place (".image.tagg", "[1].plna") and why.
type misread struct {
	place, why string
	// mistyped tells that the value is not of its key's type, so that the section cannot be read; else nobody reads its key.
	mistyped bool
}

// misreadIn are the values in text, which is JSON, that are not of the type's keys' types, of which encoding/json names the first only, and
// the keys that a value of the type does not have in that very spelling, or that are there twice: encoding/json lets either be.
func misreadIn(text string, kind reflect.Type) []misread {
	w := &keyWalk{decoder: json.NewDecoder(strings.NewReader(text))}
	w.decoder.UseNumber()
	w.value(kind, "")
	return w.found
}

type keyWalk struct {
	decoder *json.Decoder
	found   []misread
}

// value reads one, with all that is in it. Of no type, everything in it is let be.
func (w *keyWalk) value(kind reflect.Type, place string) {
	token, _ := w.decoder.Token()
	kind = pointedTo(kind)
	if why := whyMistyped(token, kind); why != "" {
		w.found = append(w.found, misread{place, why, true})
		kind = nil
	}
	switch token {
	case json.Delim('['):
		for i := 0; w.decoder.More(); i++ {
			w.value(elementOf(kind), fmt.Sprintf("%s[%d]", place, i))
		}
	case json.Delim('{'):
		seen := map[string]bool{}
		for w.decoder.More() {
			key, _ := w.decoder.Token()
			name := key.(string)
			below, spelled := memberOf(kind, name)
			if why := whyUnknown(name, spelled, seen[name]); why != "" {
				w.found = append(w.found, misread{place + "." + name, why, false})
			}
			seen[name] = true
			w.value(below, place+"."+name)
		}
	default:
		return
	}
	_, _ = w.decoder.Token() // its end
}

// whyMistyped says that what begins with the token is of another type than is wanted; empty if it is of that one, or if any will do. The value
// itself is left out: it may hold a secret.
func whyMistyped(token json.Token, kind reflect.Type) string {
	if kind == nil {
		return ""
	}
	given := ""
	switch token := token.(type) {
	case nil: // null says nothing, so the default stays
		return ""
	case json.Number:
		given = "a number"
		if _, err := token.Int64(); err != nil && given == called(kind) {
			return "must be a whole number, without fraction or exponent"
		}
	case string:
		given = "text"
	case bool:
		given = "true or false"
	case json.Delim:
		given = map[json.Delim]string{'[': "a list", '{': "an object"}[token]
	}
	wanted := called(kind)
	if wanted == "" || strings.HasPrefix(wanted, given) { // a list of texts is a list: its elements are looked at by themselves
		return ""
	}
	return fmt.Sprintf("must be %s, not %s", wanted, given)
}

// called is a type as a user calls it; empty for one that no key has.
func called(kind reflect.Type) string {
	switch kind.Kind() {
	case reflect.Slice:
		if pointedTo(kind.Elem()).Kind() == reflect.String {
			return "a list of texts"
		}
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a number"
	case reflect.String:
		return "text"
	}
	return ""
}

// elementOf is the type of a list's elements.
func elementOf(kind reflect.Type) reflect.Type {
	if kind == nil || kind.Kind() != reflect.Slice {
		return nil
	}
	return kind.Elem()
}

// memberOf is the type of an object's member of a name, and how that is spelled; empty if there is none.
func memberOf(kind reflect.Type, name string) (member reflect.Type, spelled string) {
	if kind == nil {
		return nil, name
	}
	switch kind.Kind() {
	case reflect.Map:
		return kind.Elem(), name
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(kind) {
			if key := settings.Key(field); strings.EqualFold(key, name) {
				return field.Type, key
			}
		}
		return nil, ""
	default:
		return nil, name
	}
}

func whyUnknown(name, spelled string, before bool) string {
	switch {
	case spelled == "":
		return "unknown key; docs/configuration.md lists the known ones"
	case spelled != name:
		return "unknown key: it is " + spelled
	case before:
		return "is there twice: leave one of the two"
	}
	return ""
}

func pointedTo(kind reflect.Type) reflect.Type {
	if kind != nil && kind.Kind() == reflect.Pointer {
		return kind.Elem()
	}
	return kind
}
