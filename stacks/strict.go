package stacks

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/iransre/exchange-platform/internal/settings"
)

// unknownKey is a key that nobody reads: its place (".image.tagg", "[1].plna") and why.
type unknownKey struct{ place, why string }

// unknownKeys are the keys in text, which is JSON, that a value of the type does not have in that very spelling, or that are there twice:
// encoding/json lets either be.
func unknownKeys(text string, kind reflect.Type) []unknownKey {
	w := &keyWalk{decoder: json.NewDecoder(strings.NewReader(text))}
	w.value(kind, "")
	return w.unknown
}

type keyWalk struct {
	decoder *json.Decoder
	unknown []unknownKey
}

// value reads one, with all that is in it. Of no type, everything in it is let be.
func (w *keyWalk) value(kind reflect.Type, place string) {
	token, _ := w.decoder.Token()
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
				w.unknown = append(w.unknown, unknownKey{place + "." + name, why})
			}
			seen[name] = true
			w.value(below, place+"."+name)
		}
	default:
		return
	}
	_, _ = w.decoder.Token() // its end
}

// elementOf is the type of a list's elements.
func elementOf(kind reflect.Type) reflect.Type {
	if kind = pointedTo(kind); kind == nil || kind.Kind() != reflect.Slice {
		return nil
	}
	return kind.Elem()
}

// memberOf is the type of an object's member of a name, and how that is spelled; empty if there is none.
func memberOf(kind reflect.Type, name string) (member reflect.Type, spelled string) {
	if kind = pointedTo(kind); kind == nil {
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
