package stacks

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// unknownKeys are the places (".image.tagg", "[1].plna") of the keys in text, which is JSON, that a value of the type does not have in that
// very spelling, or that are there twice: encoding/json lets either be.
func unknownKeys(text string, kind reflect.Type) []string {
	w := &keyWalk{decoder: json.NewDecoder(strings.NewReader(text))}
	w.value(kind, "")
	return w.unknown
}

type keyWalk struct {
	decoder *json.Decoder
	unknown []string
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
			below, known := memberOf(kind, name)
			if !known || seen[name] {
				w.unknown = append(w.unknown, place+"."+name)
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

// memberOf is the type of an object's member of a name, if there may be one.
func memberOf(kind reflect.Type, name string) (member reflect.Type, known bool) {
	if kind = pointedTo(kind); kind == nil {
		return nil, true
	}
	switch kind.Kind() {
	case reflect.Map:
		return kind.Elem(), true
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(kind) {
			if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag == name {
				return field.Type, true
			}
		}
		return nil, false
	default:
		return nil, true
	}
}

func pointedTo(kind reflect.Type) reflect.Type {
	if kind != nil && kind.Kind() == reflect.Pointer {
		return kind.Elem()
	}
	return kind
}
