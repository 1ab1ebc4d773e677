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
	// Claims tells of volumes that go with their claims, and all that is on them.
	Claims bool `json:"claims,omitempty"`
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
		object.Claims = claimsGo(object, before, nil)
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
	if before == nil {
		object.Op = cmp.Or(object.Op, Create)
		object.Fields = dangers("", after)
	} else {
		for _, each := range objects.Changes(nil, before, after) {
			object.Fields = append(object.Fields, field(object.Kind, each, unsure, secrets))
		}
		if object.Runs == "" && len(object.Fields) == 0 {
			return object, false
		}
	}
	object.Sum = sumOf(object.Kind, after, unsure, secrets)
	if before != nil && object.Runs == "" {
		object.Op = Update
		object.Pods = podsAfter(object, after)
		object.Claims = claimsGo(object, before, after)
		object.Refused = refused(object)
	}
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
