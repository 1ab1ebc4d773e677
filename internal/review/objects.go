package review

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	// Sum is over all that it becomes, but for secrets and what only the update knows.
	Sum string `json:"sum,omitempty"`
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
	return plain(o.Kind) + " " + code(strings.TrimPrefix(o.Namespace+"/"+o.Name, "/"))
}

const (
	hook = "helm.sh/hook"
	keep = "helm.sh/resource-policy"
)

// Compare says what becomes of a release's objects, from what Helm renders of its inputs before and after. Again is after once more, with other
// words for what only the update knows: what differs between the two is not known, or is made anew by each rendering. Nothing is shown that says one of the secrets.
func Compare(namespace, before, after, again string, secrets ...string) (*Release, error) {
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
		if object, changes := compareObjects(namespace, sides[0][id], sides[1][id], sides[2][id], secrets); changes {
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

func compareObjects(namespace string, before, after, again objects.Object, secrets []string) (Object, bool) {
	isHook := before != nil && annotation(before, hook) != ""
	if after == nil || before != nil && !isHook && annotation(after, hook) != "" {
		object := about(before, namespace)
		if isHook || annotation(before, keep) == "keep" {
			return object, false // Helm leaves it where it is
		}
		// one that becomes a hook is deleted, too: Helm no longer has it among the release's own
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
	unsure := map[string]bool{}
	for _, each := range objects.Changes(nil, after, again) {
		unsure[each.Path.String()] = true
	}
	object.Sum = sumOf(object.Kind, after, unsure, secrets)
	if before == nil {
		object.Op = cmp.Or(object.Op, Create)
		object.Fields = dangers("", after)
		return object, true
	}
	for _, each := range objects.Changes(nil, before, after) {
		object.Fields = append(object.Fields, field(object.Kind, each, unsure, secrets))
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
	for _, each := range objects.Changes(nil, emptied(content), any(content)) {
		path := each.Path.String()
		switch text, err := json.Marshal(each.Wanted); {
		case err != nil, around(unsure, path), mentions(each.Wanted):
			fmt.Fprintf(sum, "%q is not known\n", path)
		case objects.IsSecret(kind, path), tells(each.Wanted, secrets):
			fmt.Fprintf(sum, "%q is a secret\n", path)
		default:
			fmt.Fprintf(sum, "%q %s\n", path, text)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// emptied is a tree of the same form without a value, so that everything differs from it by itself.
func emptied(tree any) any {
	switch node := tree.(type) {
	case objects.Object:
		made := objects.Object{}
		for key, each := range node {
			made[key] = emptied(each)
		}
		return made
	case []any:
		if len(node) == 0 || !slices.ContainsFunc(node, func(each any) bool { _, is := each.(objects.Object); return is }) {
			return nil
		}
		made := make([]any, len(node))
		for i, each := range node {
			made[i] = emptied(each)
		}
		return made
	}
	return nil
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
	case nil, bool:
		return value
	}
	if objects.IsSecret("", path) && !strings.HasSuffix(path, ".name") {
		return secret
	}
	return short(value)
}
