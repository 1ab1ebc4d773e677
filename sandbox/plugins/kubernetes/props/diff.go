package props

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
)

// Change is one difference between two plain objects.
type Change struct {
	Path Path
	Kind p.DiffKind
	// Value is the one on the side that has it: the new one, or the old one of a deletion.
	Value any
}

// Path leads to a value: names and list indices.
type Path []any

// String is the path as Pulumi writes it.
func (path Path) String() string {
	var text strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case int:
			text.WriteString("[" + strconv.Itoa(step) + "]")
		case string:
			switch {
			case strings.ContainsAny(step, `."[]`):
				fmt.Fprintf(&text, `["%s"]`, strings.ReplaceAll(step, `"`, `\"`))
			case text.Len() > 0:
				text.WriteString("." + step)
			default:
				text.WriteString(step)
			}
		}
	}
	return text.String()
}

// Diff lists what changes from one object to another, in order. An Unknown is always a change.
func Diff(old, new map[string]any) []Change { return diffMaps(nil, old, new) }

func diffMaps(path Path, old, new map[string]any) []Change {
	keys := maps.Clone(old)
	if keys == nil {
		keys = map[string]any{}
	}
	maps.Copy(keys, new)
	var changes []Change
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		oldValue, before := old[key]
		newValue, after := new[key]
		changes = append(changes, diffValues(at(path, key), oldValue, newValue, before, after)...)
	}
	return changes
}

func diffLists(path Path, old, new []any) []Change {
	var changes []Change
	for i := range max(len(old), len(new)) {
		var oldValue, newValue any
		before, after := i < len(old), i < len(new)
		if before {
			oldValue = old[i]
		}
		if after {
			newValue = new[i]
		}
		changes = append(changes, diffValues(at(path, i), oldValue, newValue, before, after)...)
	}
	return changes
}

func diffValues(path Path, old, new any, before, after bool) []Change {
	switch {
	case !after:
		return []Change{{path, p.Delete, old}}
	case !before:
		return []Change{{path, p.Add, new}}
	}
	switch new := new.(type) {
	case map[string]any:
		if old, same := old.(map[string]any); same {
			return diffMaps(path, old, new)
		}
	case []any:
		if old, same := old.([]any); same {
			return diffLists(path, old, new)
		}
	case Unknown:
	default:
		if reflect.DeepEqual(old, new) || sameNumber(old, new) {
			return nil
		}
	}
	return []Change{{path, p.Update, new}}
}

func sameNumber(a, b any) bool {
	x, isNumber := number(a)
	y, isToo := number(b)
	return isNumber && isToo && x == y
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// at is path with one more step; it never shares memory with another path.
func at(path Path, step any) Path { return append(slices.Clip(path), step) }

// Touches says whether the change concerns the field that pattern names: ".spec.containers[*].image". A change touches
// a field if it is the field, lies inside it, or adds or removes something that has it.
func (c Change) Touches(pattern string) bool {
	steps := strings.FieldsFunc(pattern, func(r rune) bool { return r == '.' || r == '[' })
	return touches(c.Path, c.Value, steps)
}

func touches(path Path, value any, steps []string) bool {
	switch {
	case len(steps) == 0:
		return true
	case len(path) > 0:
		if steps[0] != "*]" && fmt.Sprint(path[0]) != steps[0] {
			return false
		}
		return touches(path[1:], value, steps[1:])
	}
	switch value := value.(type) {
	case map[string]any:
		inner, there := value[steps[0]]
		return there && touches(nil, inner, steps[1:])
	case []any:
		return steps[0] == "*]" && slices.ContainsFunc(value, func(element any) bool {
			return touches(nil, element, steps[1:])
		})
	}
	return false
}

// Detailed is Pulumi's form of changes; those that touch one of the fields in replaceOn ask for a replacement.
func Detailed(changes []Change, replaceOn []string) map[string]p.PropertyDiff {
	detailed := map[string]p.PropertyDiff{}
	for _, change := range changes {
		kind := change.Kind
		if slices.ContainsFunc(replaceOn, change.Touches) {
			kind = map[p.DiffKind]p.DiffKind{
				p.Add: p.AddReplace, p.Delete: p.DeleteReplace, p.Update: p.UpdateReplace,
			}[kind]
		}
		// What the program no longer says is shown against its inputs, what differs against the state.
		detailed[change.Path.String()] = p.PropertyDiff{Kind: kind, InputDiff: change.Kind == p.Delete}
	}
	return detailed
}

// Replaces says whether one of the changes asks for a replacement.
func Replaces(detailed map[string]p.PropertyDiff) bool {
	for _, change := range detailed {
		switch change.Kind {
		case p.AddReplace, p.DeleteReplace, p.UpdateReplace:
			return true
		}
	}
	return false
}

// Prune is the part of live that shape has too: of what the server knows, that which the program has said.
func Prune(live, shape map[string]any) map[string]any {
	if live == nil || shape == nil {
		return nil
	}
	pruned := map[string]any{}
	for key, value := range live {
		if wanted, there := shape[key]; there {
			pruned[key] = pruneValue(value, wanted)
		}
	}
	return pruned
}

func pruneValue(value, wanted any) any {
	switch value := value.(type) {
	case map[string]any:
		if wanted, same := wanted.(map[string]any); same {
			return Prune(value, wanted)
		}
	case []any:
		wanted, same := wanted.([]any)
		if !same {
			return value
		}
		list := make([]any, 0, len(wanted))
		for i := range min(len(value), len(wanted)) {
			list = append(list, pruneValue(value[i], wanted[i]))
		}
		return list
	}
	return value
}
