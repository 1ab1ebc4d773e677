package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// object is one of Kubernetes', as JSON has it.
type object = map[string]any

// step is one on the way to a field: into a map by its key, or to an element of a list.
type step struct {
	key string
	// element is the one that is meant, of a list; its place is where no name tells it from others.
	element any
	place   int
}

type path []step

func (p path) in(key string) path { return append(slices.Clone(p), step{key: key, place: -1}) }

func (p path) at(element any, place int) path {
	return append(slices.Clone(p), step{element: element, place: place})
}

// String is how people write it: spec.template.spec.containers[web].image.
func (p path) String() string {
	var text strings.Builder
	for i, each := range p {
		switch {
		case each.key == "":
			fmt.Fprintf(&text, "[%s]", each.name())
		case strings.ContainsAny(each.key, "./"):
			fmt.Fprintf(&text, "[%q]", each.key)
		case i == 0:
			text.WriteString(each.key)
		default:
			text.WriteString("." + each.key)
		}
	}
	return text.String()
}

// name is what people call an element of a list.
func (s step) name() string {
	if named, is := s.element.(object); is {
		for _, key := range names {
			if value, has := named[key]; has {
				return fmt.Sprint(value)
			}
		}
		return fmt.Sprint(s.place)
	}
	return fmt.Sprint(s.element)
}

// names are the keys that tell the elements of a list apart, as far as a list has one.
var names = []string{"name", "containerPort", "port", "mountPath", "ip", "uid", "key", "type"}

// change is a field that is not as it should be. A value that is not there is nil.
type change struct {
	path         path
	live, wanted any
}

// changes are the fields in which two objects differ.
func changes(at path, live, wanted any) []change {
	if reflect.DeepEqual(live, wanted) {
		return nil
	}
	liveMap, isMap := live.(object)
	wantedMap, both := wanted.(object)
	if isMap && both {
		keys := maps.Clone(liveMap)
		maps.Copy(keys, wantedMap)
		var found []change
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			found = append(found, changes(at.in(key), liveMap[key], wantedMap[key])...)
		}
		return found
	}
	liveList, isList := live.([]any)
	wantedList, both := wanted.([]any)
	if isList && both && allObjects(liveList) && allObjects(wantedList) {
		return elementChanges(at, liveList, wantedList)
	}
	return []change{{at, live, wanted}}
}

func elementChanges(at path, live, wanted []any) []change {
	key := commonName(live, wanted)
	if key == "" {
		if len(live) != len(wanted) {
			return []change{{at, live, wanted}}
		}
		var found []change
		for i := range live {
			found = append(found, changes(at.at(live[i], i), live[i], wanted[i])...)
		}
		return found
	}
	var found []change
	for i, each := range wanted {
		other := element(live, object{key: each.(object)[key]})
		found = append(found, changes(at.at(each, i), other, each)...)
	}
	for i, each := range live {
		if element(wanted, object{key: each.(object)[key]}) == nil {
			found = append(found, change{at.at(each, i), each, nil})
		}
	}
	return found
}

func allObjects(list []any) bool {
	return !slices.ContainsFunc(list, func(each any) bool { _, is := each.(object); return !is })
}

// commonName is the key whose values tell the elements of both lists apart.
func commonName(lists ...[]any) string {
	for _, key := range names {
		if !slices.ContainsFunc(lists, func(list []any) bool {
			seen := map[any]bool{}
			return slices.ContainsFunc(list, func(each any) bool {
				value, has := each.(object)[key]
				twice := seen[value]
				seen[value] = true
				return !has || twice
			})
		}) {
			return key
		}
	}
	return ""
}

// element is the one of a list that has these values, as far as it has the keys; nil if there is none.
func element(list []any, key object) any {
	for _, each := range list {
		named, is := each.(object)
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

// without takes a field out of a tree.
func without(tree any, at path) any {
	if len(at) == 0 {
		return tree
	}
	first, last := at[0], len(at) == 1
	switch node := tree.(type) {
	case object:
		if child, has := node[first.key]; has && last {
			delete(node, first.key)
		} else if has {
			node[first.key] = without(child, at[1:])
		}
	case []any:
		for i, each := range node {
			if !same(each, first.element) {
				continue
			}
			if last {
				return slices.Delete(node, i, i+1)
			}
			node[i] = without(each, at[1:])
			break
		}
	}
	return tree
}

// same tells whether two are the same element of a list.
func same(a, b any) bool {
	one, isOne := a.(object)
	other, isOther := b.(object)
	if isOne && isOther {
		for _, key := range names {
			if value, has := one[key]; has {
				return reflect.DeepEqual(value, other[key])
			}
		}
	}
	return reflect.DeepEqual(a, b)
}

// clone is a copy that shares nothing.
func clone(tree any) any {
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
