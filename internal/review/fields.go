package review

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/objects"
)

// field is a change of one as it may be shown.
func field(kind string, change objects.Change, unsure map[string]bool, secrets []string) Property {
	made := Property{Path: change.Path.String(), Old: change.Live, New: change.Wanted}
	if around(unsure, made.Path) || mentions(made.New) {
		made.New = unknown
	}
	before, isText := made.Old.(string)
	after, both := made.New.(string)
	switch {
	case objects.IsSecret(kind, made.Path), tells(made.Old, secrets) && !isText, tells(made.New, secrets) && !both,
		strings.Contains(before+after, "PRIVATE KEY"):
		made.Old, made.New = hidden(made.Old), hidden(made.New)
	case isText && both && strings.Contains(before+after, "\n"):
		made.Old, made.New = lines(before, after, secrets)
	case tells(made.Old, secrets), tells(made.New, secrets):
		made.Old, made.New = hidden(made.Old), hidden(made.New)
	}
	made.Old, made.New = short(made.Old), short(made.New)
	made.Path = strings.ReplaceAll(made.Path, unknown, knownLater) // of a list, by what only the update knows
	return made
}

// around tells whether one of the paths is this one, something in it, or all around it.
func around(paths map[string]bool, path string) bool {
	for each := range paths {
		if each == path || within(each, path) || within(path, each) {
			return true
		}
	}
	return false
}

// tells tells whether something of a value says a secret.
func tells(value any, secrets []string) bool {
	return slices.ContainsFunc(ranges(value), func(text string) bool { return objects.TellsSecret(text, secrets) })
}

// sumOf is over an object, but for what is secret or only known by the update: two looks at the same have the same.
func sumOf(kind string, content objects.Object, unsure map[string]bool, secrets []string) string {
	sum := sha256.New()
	objects.Leaves(nil, content, func(at objects.Path, value any) {
		path := at.String()
		switch {
		case around(unsure, path), mentions(value):
			fmt.Fprintf(sum, "%q is not known\n", path)
		case objects.IsSecret(kind, path), tells(value, secrets):
			fmt.Fprintf(sum, "%q is a secret\n", path)
		default:
			fmt.Fprintf(sum, "%q %#v\n", path, value)
		}
	})
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// dangers are the fields of something new by which it reaches, or is reached, further than its own pods.
func dangers(path string, content any) []Property {
	var found []Property
	switch node := content.(type) {
	case objects.Object:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			below := strings.TrimPrefix(path+"."+key, ".")
			switch value := node[key]; {
			case slices.Contains([]string{"privileged", "hostNetwork", "hostPID", "hostIPC"}, key) && value == true,
				key == "hostPath", key == "externalIPs", below == "spec.type" && (value == "LoadBalancer" || value == "NodePort"):
				found = append(found, Property{Path: below, New: short(value)})
			default:
				found = append(found, dangers(below, value)...)
			}
		}
	case []any:
		for i, each := range node {
			found = append(found, dangers(fmt.Sprintf("%s[%d]", path, i), each)...)
		}
	}
	return found
}

func within(path, outer string) bool {
	rest, is := strings.CutPrefix(path, outer)
	return is && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "["))
}

// mentions tells whether something of a value is only known by the update.
func mentions(value any) bool {
	return slices.ContainsFunc(ranges(value), func(text string) bool { return strings.Contains(text, unknown) })
}

// lines are those of a text that change, without what stays around them. Where one of them might say a secret, none is shown.
func lines(before, after string, secrets []string) (olds, news any) {
	old, fresh := strings.Split(before, "\n"), strings.Split(after, "\n")
	for len(old) > 0 && len(fresh) > 0 && old[0] == fresh[0] {
		old, fresh = old[1:], fresh[1:]
	}
	for len(old) > 0 && len(fresh) > 0 && old[len(old)-1] == fresh[len(fresh)-1] {
		old, fresh = old[:len(old)-1], fresh[:len(fresh)-1]
	}
	for _, line := range slices.Concat(old, fresh) {
		if objects.IsSecret("", line) || objects.TellsSecret(line, secrets) {
			return secret, secret
		}
	}
	text := func(all []string) any {
		if len(all) == 0 {
			return nil
		}
		return strings.TrimSpace(strings.Join(all, "\n"))
	}
	return text(old), text(fresh)
}

// short is a value as long as it is shown.
func short(value any) any {
	switch value := value.(type) {
	case string:
		return objects.Short(value, 300)
	case map[string]any, []any:
		return covered("", value)
	}
	return value
}

// covered is a value without what is called a secret in it.
func covered(path string, value any) any {
	switch node := value.(type) {
	case map[string]any:
		made := map[string]any{}
		for key, each := range node {
			made[key] = covered(path+"."+key, each)
		}
		return made
	case []any:
		made := make([]any, len(node))
		for i, each := range node {
			within := path
			if named, is := each.(map[string]any); is {
				if name, is := named["name"].(string); is { // {name: PASSWORD, value: …}
					within += "." + name
				}
			}
			made[i] = covered(within, each)
		}
		return made
	case nil, bool:
		return value
	}
	if objects.IsSecret("", path) && !strings.HasSuffix(path, ".name") {
		return secret
	}
	return short(value)
}
