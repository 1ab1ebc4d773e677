package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Later is what a change of a key does to an environment that runs. It is said at the field, in its tags:
//
//	later:"refused" because:"…" instead:"…"   another value is refused, with the reason and the way out
//	later:"new machines only"                 any other words are shown as they are
//
// A field without these tags is changed in place.
type Later struct {
	// What is shown to a reader: "in place", "refused", …
	What string
	// Because and Instead are the reason and the way out of a refusal.
	Because, Instead string
}

const (
	inPlace = "in place"
	refused = "refused"
	anew    = "make a new stack and move to it"
)

// LaterOf reads a field's tags.
func LaterOf(tag reflect.StructTag) Later {
	what, said := tag.Lookup("later")
	if !said {
		return Later{What: inPlace}
	}
	later := Later{What: what, Because: tag.Get("because"), Instead: tag.Get("instead")}
	if later.Refused() && later.Instead == "" {
		later.Instead = anew
	}
	return later
}

// Refused tells whether the field cannot change.
func (l Later) Refused() bool { return l.What == refused }

// Settled are the values that cannot change, and those that stay as they are where nothing is said, by their paths, as JSON.
func Settled(config any) map[string]string {
	values := map[string]string{}
	walk(config, func(path string, value reflect.Value, later Later, tag reflect.StructTag) {
		if later.Refused() || tag.Get("kept") != "" {
			text, err := json.Marshal(value.Interface())
			if err != nil {
				panic(fmt.Sprintf("settings: %s cannot be remembered: %v", path, err)) // the type's author has to see to that
			}
			values[path] = string(text)
		}
	})
	return values
}

// Refusals says which values of config cannot follow what was settled before; a path that was not known then may be
// anything.
func Refusals(config any, before map[string]string) []string {
	wanted := Settled(config)
	var reasons []string
	walk(config, func(path string, _ reflect.Value, later Later, _ reflect.StructTag) {
		if old, known := before[path]; known && later.Refused() && old != wanted[path] {
			reasons = append(reasons, fmt.Sprintf("%s cannot change from %s to %s: %s. Restore it, or %s",
				path, old, wanted[path], later.Because, later.Instead))
		}
	})
	return reasons
}

// Keep lays what an environment runs with over the defaults of a profile, for those keys whose default has changed since it was
// made: a stack file that says nothing of them means what it meant then. It is said at the field:
//
//	kept:"true"
func Keep(config any, before map[string]string) error {
	var problems []error
	walk(config, func(path string, value reflect.Value, _ Later, tag reflect.StructTag) {
		old, known := before[path]
		if !known || tag.Get("kept") == "" {
			return
		}
		if err := json.Unmarshal([]byte(old), value.Addr().Interface()); err != nil {
			problems = append(problems, fmt.Errorf("what the last update left of %s is damaged: %w", path, err))
		}
	})
	return errors.Join(problems...)
}

// RefusedPaths are the paths of all keys that cannot change.
func RefusedPaths(config any) []string {
	var paths []string
	walk(config, func(path string, _ reflect.Value, later Later, _ reflect.StructTag) {
		if later.Refused() {
			paths = append(paths, path)
		}
	})
	slices.Sort(paths)
	return paths
}

// Key is a field's name in the stack file.
func Key(field reflect.StructField) string {
	key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return key
}

// walk visits every key below config but those inside lists, whose elements have an identity of their own.
func walk(config any, visit func(path string, value reflect.Value, later Later, tag reflect.StructTag)) {
	walkBelow("", reflect.Indirect(reflect.ValueOf(config)), visit)
}

func walkBelow(prefix string, section reflect.Value, visit func(string, reflect.Value, Later, reflect.StructTag)) {
	for i := range section.NumField() {
		declared, value := section.Type().Field(i), section.Field(i)
		if declared.Anonymous {
			walkBelow(prefix, value, visit)
			continue
		}
		path := prefix + Key(declared)
		visit(path, value, LaterOf(declared.Tag), declared.Tag)
		if value.Kind() == reflect.Struct {
			walkBelow(path+".", value, visit)
		}
	}
}
