package review

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/objects"
)

// Property is one that changes.
type Property struct {
	// Path is where it stands: "values.image.tag", "rules[0].cidrs[1]".
	Path string
	// Old and New are nil where there is none.
	Old, New any
	// Forces tells that the resource is replaced for its sake.
	Forces bool
}

const (
	// secret is what the engine writes for one, unknown for what only an update knows.
	secret  = "[secret]"
	unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	// knownLater is what a reviewer reads in its place.
	knownLater = "known after the update"
)

// properties are the leaves of a step's inputs that are not the same on both sides; of something new, what may open it to others.
func (s Step) properties() []Property {
	var found []Property
	switch {
	case s.New == nil:
		return nil
	case s.Old == nil:
		for _, top := range opening {
			differences(&found, top, nil, s.New.Inputs[top])
		}
		return found
	}
	tops := slices.Concat(s.DiffReasons, s.ReplaceReasons, diffTops(s.DetailedDiff))
	slices.Sort(tops)
	for _, top := range slices.Compact(tops) {
		before := len(found)
		differences(&found, top, s.Old.Inputs[top], s.New.Inputs[top])
		if len(found) == before { // a secret, or one that differs only from what the cloud says
			found = append(found, Property{Path: top, Old: hidden(s.Old.Inputs[top]), New: hidden(s.New.Inputs[top])})
		}
		for i := before; i < len(found); i++ {
			found[i].Forces = slices.Contains(s.ReplaceReasons, top)
		}
	}
	return found
}

// hidden is a value of which one cannot see that it changes.
func hidden(value any) any {
	if value == nil {
		return nil
	}
	return secret
}

// diffTops are the properties in which a detailed diff is.
func diffTops(diff map[string]map[string]any) []string {
	var tops []string
	for path := range diff {
		tops = append(tops, path[:strings.IndexAny(path+".", ".[")])
	}
	return tops
}

func differences(found *[]Property, path string, before, after any) {
	if reflect.DeepEqual(before, after) {
		return
	}
	oldMap, wasMap := before.(map[string]any)
	newMap, isMap := after.(map[string]any)
	if (wasMap || before == nil) && (isMap || after == nil) {
		keys := slices.Sorted(maps.Keys(oldMap))
		for key := range newMap {
			if _, had := oldMap[key]; !had {
				keys = append(keys, key)
			}
		}
		slices.Sort(keys)
		for _, key := range keys {
			differences(found, path+"."+key, oldMap[key], newMap[key])
		}
		if len(keys) > 0 {
			return
		}
	}
	oldList, wasList := before.([]any)
	newList, isList := after.([]any)
	if wasList && isList && !scalars(oldList) && !scalars(newList) {
		for i := range max(len(oldList), len(newList)) {
			differences(found, fmt.Sprintf("%s[%d]", path, i), at(oldList, i), at(newList, i))
		}
		return
	}
	*found = append(*found, Property{Path: path, Old: before, New: after})
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// scalars tells of a list that is read best as a whole.
func scalars(list []any) bool {
	return !slices.ContainsFunc(list, func(each any) bool {
		switch each.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

// isPersonal tells of a property whose value is nobody's business, should somebody have forgotten to mark it as secret.
func (p Property) isPersonal() bool {
	switches := p.Old != nil || p.New != nil
	for _, value := range []any{p.Old, p.New} {
		_, is := value.(bool)
		switches = switches && (is || value == nil)
	}
	return !switches && objects.IsSecret("", p.Path)
}

// show writes a value for people, briefly.
func (p Property) show(value any) string {
	const most = 100
	switch {
	case value == nil:
		return "nothing"
	case value == secret || p.isPersonal():
		return "a secret"
	case value == unknown:
		return knownLater
	}
	text, is := value.(string)
	if !is {
		encoded, err := json.Marshal(value)
		if err != nil {
			return "?"
		}
		text = string(encoded)
	}
	text = strings.NewReplacer("\n", " ", "\r", " ", "`", "'", unknown, knownLater, secret, "a secret").Replace(text)
	if text == "" {
		return "empty"
	}
	return "`" + objects.Short(text, most) + "`"
}

// String is "image.tag: `1.0.0` → `1.0.1`".
func (p Property) String() string {
	before, after := p.show(p.Old), p.show(p.New)
	if before == after {
		return code(p.Path) + " changes"
	}
	return fmt.Sprintf("%s: %s → %s", code(p.Path), before, after)
}

// The tests of rules on a property's values, by the names under which the table has them.
var whens = map[string]func(Property) bool{
	"opens":   func(p Property) bool { return len(opened(p)) > 0 },
	"smaller": func(p Property) bool { return compare(p) > 0 },
	"larger":  func(p Property) bool { return compare(p) < 0 },
	"off":     func(p Property) bool { return p.Old != false && p.New == false },
	"zero":    func(p Property) bool { return p.Old != nil && p.New == 0.0 },
	"on":      func(p Property) bool { return p.Old != true && p.New == true },
	"loosens": func(p Property) bool { return level(p.New) > level(p.Old) },
	"added":   func(p Property) bool { return p.Old == nil && p.New != nil },
	"gone":    func(p Property) bool { return p.Old != nil && p.New == nil },
	"shorter": func(p Property) bool {
		before, is := p.Old.([]any)
		after, _ := p.New.([]any)
		return is && slices.ContainsFunc(before, func(each any) bool {
			return !slices.ContainsFunc(after, func(other any) bool { return reflect.DeepEqual(each, other) })
		})
	},
}

// level is how much pods may do by a level of Kubernetes' pod security standards; none is like the loosest.
func level(value any) int {
	if i := slices.Index([]any{"restricted", "baseline"}, value); i >= 0 {
		return i
	}
	return 2
}

// opened are the ranges in the new value that hold almost everybody and were not in the old one.
func opened(p Property) []string {
	var found []string
	before := ranges(p.Old)
	for _, each := range ranges(p.New) {
		if prefix, err := netip.ParsePrefix(each); err == nil && everybody(prefix) && !slices.Contains(before, each) {
			found = append(found, each)
		}
	}
	return found
}

// everybody is as settings.Everybody has it.
func everybody(prefix netip.Prefix) bool {
	if prefix.Addr().Is4() {
		return prefix.Bits() < 8
	}
	return prefix.Bits() < 16
}

// ranges are all texts in a value.
func ranges(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var all []string
		for _, each := range value {
			all = append(all, ranges(each)...)
		}
		return all
	case map[string]any:
		var all []string
		for _, key := range slices.Sorted(maps.Keys(value)) {
			all = append(all, ranges(value[key])...)
		}
		return all
	}
	return nil
}
