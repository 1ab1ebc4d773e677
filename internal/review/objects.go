package review

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/objects"
)

// Release is what becomes of the objects of a Helm release. The engine knows of none of them: see package helm.
type Release struct {
	// Unknown says why nobody knows; then there is nothing else.
	Unknown string `json:"unknown,omitempty"`
	// Changes are those objects that do not stay as they are, sorted.
	Changes []Object `json:"changes,omitempty"`
}

// Object is one of a release that changes, is made or deleted, or runs with each update.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	Op         string `json:"op"`
	// Runs tells when it runs, of a hook that an update runs: "pre-upgrade".
	Runs string `json:"runs,omitempty"`
	// Fields are those that change; nothing of a secret's is in them.
	Fields []Property `json:"fields,omitempty"`
	// Pods tells what becomes of its pods; empty if nothing does.
	Pods string `json:"pods,omitempty"`
	// Refused are the fields that Kubernetes lets nobody change: the update fails.
	Refused []string `json:"refused,omitempty"`
}

// What becomes of pods.
const (
	restart    = "restart"     // as the rank is called
	mayRestart = "may restart" // what an operator makes of it, or something of which only the update knows how it differs
	nextStart  = "are other ones once they are deleted"
	podsGo     = "go"
)

// token is the type by which the rules know objects of the program's own.
func (o Object) token() string {
	version := o.APIVersion
	if !strings.Contains(version, "/") {
		version = "core/" + version
	}
	return "kubernetes:" + version + ":" + o.Kind
}

// id is what tells an object from others whatever its version is.
func (o Object) id() string {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	if !strings.Contains(o.APIVersion, "/") {
		group = ""
	}
	return strings.Join([]string{o.Kind, group, o.Namespace, o.Name}, " ")
}

func (o Object) String() string {
	return o.Kind + " " + code(strings.TrimPrefix(o.Namespace+"/"+o.Name, "/"))
}

const (
	hook = "helm.sh/hook"
	keep = "helm.sh/resource-policy"
)

// Compare says what becomes of a release's objects, from what Helm renders of its inputs before and after. Again is after once more, with other
// words for what only the update knows: what differs between the two is not known, or is made anew by each rendering.
func Compare(namespace, before, after, again string) (*Release, error) {
	var sides [3]map[string]objects.Object
	for i, manifest := range []string{before, after, again} {
		read, err := objects.In(manifest)
		if err != nil {
			return nil, err
		}
		sides[i] = map[string]objects.Object{}
		for _, content := range read {
			which := about(content, namespace)
			if which.Kind == "" || which.Name == "" {
				return nil, errors.New("something in what Helm renders is no object: it has no kind or no name")
			}
			id := which.id()
			if _, twice := sides[i][id]; twice {
				return nil, fmt.Errorf("%s is there twice", id)
			}
			sides[i][id] = content
		}
	}
	made := &Release{}
	all := maps.Clone(sides[0])
	maps.Copy(all, sides[1])
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if object, changes := compareObjects(namespace, sides[0][id], sides[1][id], sides[2][id]); changes {
			made.Changes = append(made.Changes, object)
		}
	}
	return made, nil
}

// about is which one an object is.
func about(content objects.Object, namespace string) Object {
	text := func(from objects.Object, key string) string { found, _ := from[key].(string); return found }
	metadata, _ := content["metadata"].(objects.Object)
	made := Object{APIVersion: text(content, "apiVersion"), Kind: text(content, "kind"), Name: text(metadata, "name")}
	if !slices.Contains(ofCluster, made.Kind) {
		made.Namespace = cmp.Or(text(metadata, "namespace"), namespace)
	}
	return made
}

// ofCluster are the kinds that are in no namespace, as far as charts have them.
var ofCluster = []string{
	"APIService", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "IngressClass", "MutatingWebhookConfiguration", "Namespace",
	"PersistentVolume", "PriorityClass", "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
}

// annotation is one of an object's; empty if there is none.
func annotation(content objects.Object, name string) string {
	metadata, _ := content["metadata"].(objects.Object)
	all, _ := metadata["annotations"].(objects.Object)
	text, _ := all[name].(string)
	return text
}

func compareObjects(namespace string, before, after, again objects.Object) (Object, bool) {
	if after == nil {
		object := about(before, namespace)
		if annotation(before, hook) != "" || annotation(before, keep) == "keep" {
			return object, false // Helm leaves it where it is
		}
		object.Op = Delete
		if podsOf(object, before) != "" {
			object.Pods = podsGo
		}
		return object, true
	}
	object := about(after, namespace)
	if event := runs(annotation(after, hook)); event != "" {
		object.Op, object.Runs = Update, event
	} else if annotation(after, hook) != "" {
		return object, false // an update runs it not
	}
	if before == nil {
		object.Op = cmp.Or(object.Op, Create)
		return object, true
	}
	unsure := map[string]bool{}
	for _, each := range objects.Changes(nil, after, again) {
		unsure[each.Path.String()] = true
	}
	for _, each := range objects.Changes(nil, before, after) {
		object.Fields = append(object.Fields, field(object.Kind, each, unsure))
	}
	if object.Runs != "" {
		return object, true
	}
	if len(object.Fields) == 0 {
		return object, false
	}
	object.Op = Update
	object.Pods = podsAfter(object, after)
	object.Refused = refused(object)
	return object, true
}

// runs is when an update runs a hook; empty if it does not.
func runs(events string) string {
	var found []string
	for each := range strings.SplitSeq(events, ",") {
		if each = strings.TrimSpace(each); each == "pre-upgrade" || each == "post-upgrade" {
			found = append(found, each)
		}
	}
	return strings.Join(found, ", ")
}

// field is a change of one as it may be shown.
func field(kind string, change objects.Change, unsure map[string]bool) Property {
	made := Property{Path: change.Path.String(), Old: change.Live, New: change.Wanted}
	for path := range unsure { // itself, something in it, or all around it
		if path == made.Path || within(path, made.Path) || within(made.Path, path) {
			made.New = unknown
		}
	}
	if mentions(made.New) {
		made.New = unknown
	}
	before, isText := made.Old.(string)
	after, both := made.New.(string)
	switch {
	case objects.IsSecret(kind, made.Path):
		made.Old, made.New = hidden(made.Old), hidden(made.New)
	case isText && both && strings.Contains(before+after, "\n"):
		made.Old, made.New = lines(before, after)
	}
	made.Old, made.New = short(made.Old), short(made.New)
	made.Path = strings.ReplaceAll(made.Path, unknown, knownLater) // of a list, by what only the update knows
	return made
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
func lines(before, after string) (olds, news any) {
	old, fresh := strings.Split(before, "\n"), strings.Split(after, "\n")
	for len(old) > 0 && len(fresh) > 0 && old[0] == fresh[0] {
		old, fresh = old[1:], fresh[1:]
	}
	for len(old) > 0 && len(fresh) > 0 && old[len(old)-1] == fresh[len(fresh)-1] {
		old, fresh = old[:len(old)-1], fresh[:len(fresh)-1]
	}
	for _, line := range slices.Concat(old, fresh) {
		if objects.IsSecret("", line) {
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
	const most = 300
	switch value := value.(type) {
	case string:
		if runes := []rune(value); len(runes) > most {
			return string(runes[:most]) + "…"
		}
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
	case string:
		if objects.IsSecret("", path) && !strings.HasSuffix(path, ".name") {
			return secret
		}
		return short(node)
	}
	return value
}
