// Package objects compares objects of Kubernetes, and whatever else is a tree of JSON, field by field, and says it to people.
package objects

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Object is one of Kubernetes', as JSON has it.
type Object = map[string]any

// Step is one on the way to a field: into a map by its key, or to an element of a list.
type Step struct {
	Key string
	// Element is the one that is meant, of a list; its place is where no name tells it from others.
	Element any
	Place   int
}

// Path is the way to a field.
type Path []Step

// In is the way on into a map.
func (p Path) In(key string) Path { return append(slices.Clone(p), Step{Key: key, Place: -1}) }

// At is the way on to an element of a list, which is in that place.
func (p Path) At(element any, place int) Path {
	return append(slices.Clone(p), Step{Element: element, Place: place})
}

// String is how people write it: spec.template.spec.containers[web].image.
func (p Path) String() string {
	var text strings.Builder
	for i, each := range p {
		switch {
		case each.Key == "":
			fmt.Fprintf(&text, "[%s]", each.name())
		case strings.ContainsAny(each.Key, "./"):
			fmt.Fprintf(&text, "[%q]", each.Key)
		case i == 0:
			text.WriteString(each.Key)
		default:
			text.WriteString("." + each.Key)
		}
	}
	return text.String()
}

// name is what people call an element of a list.
func (s Step) name() string {
	if named, is := s.Element.(Object); is {
		for _, key := range names {
			if value, has := named[key]; has && !isTree(value) {
				return fmt.Sprint(value)
			}
		}
		return fmt.Sprint(s.Place)
	}
	return fmt.Sprint(s.Element)
}

// names are the keys that tell the elements of a list apart, as far as a list has one.
var names = []string{"name", "containerPort", "port", "mountPath", "ip", "uid", "key", "type"}

// Change is a field that is not as it should be. A value that is not there is nil.
type Change struct {
	Path         Path
	Live, Wanted any
}

// Leaves visits the values of a tree as Changes tells them apart, each by its path, in an order that is always the same.
func Leaves(at Path, tree any, visit func(Path, any)) {
	node, isMap := tree.(Object)
	list, isList := tree.([]any)
	switch {
	case isMap && len(node) > 0:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			Leaves(at.In(key), node[key], visit)
		}
	case isList && len(list) > 0 && allObjects(list):
		for i, each := range list {
			Leaves(at.At(each, i), each, visit)
		}
	default:
		visit(at, tree)
	}
}

// Changes are the fields in which two objects differ.
func Changes(at Path, live, wanted any) []Change {
	if reflect.DeepEqual(live, wanted) {
		return nil
	}
	liveMap, isMap := live.(Object)
	wantedMap, both := wanted.(Object)
	if isMap && both {
		keys := maps.Clone(liveMap)
		maps.Copy(keys, wantedMap)
		var found []Change
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			found = append(found, Changes(at.In(key), liveMap[key], wantedMap[key])...)
		}
		return found
	}
	liveList, isList := live.([]any)
	wantedList, both := wanted.([]any)
	if isList && both && allObjects(liveList) && allObjects(wantedList) {
		return elementChanges(at, liveList, wantedList)
	}
	return []Change{{at, live, wanted}}
}

func elementChanges(at Path, live, wanted []any) []Change {
	key := commonName(live, wanted)
	if key == "" {
		if len(live) != len(wanted) {
			return []Change{{at, live, wanted}}
		}
		var found []Change
		for i := range live {
			found = append(found, Changes(at.At(live[i], i), live[i], wanted[i])...)
		}
		return found
	}
	var found []Change
	for i, each := range wanted {
		other := Element(live, Object{key: each.(Object)[key]})
		found = append(found, Changes(at.At(each, i), other, each)...)
	}
	for i, each := range live {
		if Element(wanted, Object{key: each.(Object)[key]}) == nil {
			found = append(found, Change{at.At(each, i), each, nil})
		}
	}
	return found
}

func allObjects(list []any) bool {
	return !slices.ContainsFunc(list, func(each any) bool { _, is := each.(Object); return !is })
}

// commonName is the key whose values tell the elements of both lists apart.
func commonName(lists ...[]any) string {
	for _, key := range names {
		if !slices.ContainsFunc(lists, func(list []any) bool {
			seen := map[string]bool{}
			return slices.ContainsFunc(list, func(each any) bool {
				value, has := each.(Object)[key]
				name := fmt.Sprint(value)
				twice := seen[name]
				seen[name] = true
				return !has || isTree(value) || twice
			})
		}) {
			return key
		}
	}
	return ""
}

// isTree tells of what is no name.
func isTree(value any) bool {
	switch value.(type) {
	case Object, []any:
		return true
	}
	return false
}

// Element is the one of a list that has these values, as far as it has the keys; nil if there is none.
func Element(list []any, key Object) any {
	for _, each := range list {
		named, is := each.(Object)
		if !is {
			continue
		}
		fits, some := true, false
		for name, value := range key {
			if has, there := named[name]; there {
				some = true
				fits = fits && fmt.Sprint(has) == fmt.Sprint(value)
			}
		}
		if fits && some {
			return each
		}
	}
	return nil
}

// Without takes a field out of a tree.
func Without(tree any, at Path) any {
	if len(at) == 0 {
		return tree
	}
	first, last := at[0], len(at) == 1
	switch node := tree.(type) {
	case Object:
		if child, has := node[first.Key]; has && last {
			delete(node, first.Key)
		} else if has {
			node[first.Key] = Without(child, at[1:])
		}
	case []any:
		for i, each := range node {
			if !Same(each, first.Element) {
				continue
			}
			if last {
				return slices.Delete(node, i, i+1)
			}
			node[i] = Without(each, at[1:])
			break
		}
	}
	return tree
}

// Same tells whether two are the same element of a list.
func Same(a, b any) bool {
	one, isOne := a.(Object)
	other, isOther := b.(Object)
	if isOne && isOther {
		for _, key := range names {
			if value, has := one[key]; has {
				return reflect.DeepEqual(value, other[key])
			}
		}
	}
	return reflect.DeepEqual(a, b)
}

// Short is a text of so many letters at most, and a mark where it goes on.
func Short(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// Clone is a copy that shares nothing.
func Clone(tree any) any {
	text, err := json.Marshal(tree)
	if err != nil {
		panic(err) // it was JSON
	}
	var made any
	if err := json.Unmarshal(text, &made); err != nil {
		panic(err)
	}
	return made
}
