package drift

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/kube"
	"github.com/iransre/exchange-platform/internal/objects"
)

// Wanted is an object as the program wants it.
type Wanted struct {
	kube.Object
	Content object
	// Of is who wants it: a release ("web/shop"), or the resource itself, by its URN.
	Of string
	// Helm tells that Helm makes it.
	Helm bool
}

// ID is what the report calls it, and --undo: apps/v1/Deployment/web/shop.
func (w *Wanted) ID() string { return w.APIVersion + "/" + w.Kind + "/" + w.Object.ID() }

// Release is one that the program has made.
type Release struct {
	URN, Namespace, Name string
	Revision             int
}

// State is what the program wants of its cluster, as the stack's state keeps it.
type State struct {
	Kubeconfig string
	Objects    []Wanted
	Releases   []Release
}

// resource is one of a state.
type resource struct {
	URN           string
	Type          string
	Inputs        object
	Outputs       object
	Delete        bool
	IgnoreChanges []string
}

// ReadState reads what `pulumi stack export --show-secrets` prints. It holds secrets, and is for comparing only.
func ReadState(text []byte) (*State, error) {
	var exported struct {
		Deployment struct{ Resources []resource }
	}
	if err := json.Unmarshal(text, &exported); err != nil {
		return nil, fmt.Errorf("this is not what `pulumi stack export` prints: %w", err)
	}
	state := &State{}
	for _, each := range exported.Deployment.Resources {
		inputs, _ := plain(each.Inputs).(object)
		outputs, _ := plain(each.Outputs).(object)
		switch {
		case each.Delete:
		case each.Type == "kubernetes:helm.sh/v3:Release" && slices.Contains(each.IgnoreChanges, "values"): // others deliver it (chart.ReleaseArgs.Frozen)
		case each.Type == "pulumi:pulumi:Stack":
			state.Kubeconfig, _ = outputs["kubeconfig"].(string)
		case each.Type == "kubernetes:helm.sh/v3:Release":
			status, _ := outputs["status"].(object)
			revision, _ := status["revision"].(float64)
			namespace, _ := inputs["namespace"].(string)
			name, _ := inputs["name"].(string)
			if name == "" || namespace == "" || revision == 0 {
				return nil, fmt.Errorf("the state does not say which release %s is: run `pulumi refresh`", each.URN)
			}
			state.Releases = append(state.Releases, Release{each.URN, namespace, name, int(revision)})
		case strings.HasPrefix(each.Type, "kubernetes:") && inputs["kind"] != nil:
			for _, ignored := range each.IgnoreChanges {
				if at := labelPath(ignored); at != nil {
					objects.Without(inputs, at)
				}
			}
			made, err := wantedOf(inputs, "")
			if err != nil {
				return nil, fmt.Errorf("%s: %w", each.URN, err)
			}
			made.Of = each.URN
			state.Objects = append(state.Objects, *made)
		}
	}
	if state.Kubeconfig == "" {
		return nil, fmt.Errorf("the state has no kubeconfig: there is no cluster yet, or the secrets were not shown")
	}
	return state, nil
}

var part = regexp.MustCompile(`[^.\[\]"]+|\["([^"]*)"\]`)

// labelPath is a path as Pulumi writes it: metadata.labels["a/b"].
func labelPath(text string) path {
	var at path
	for _, found := range part.FindAllStringSubmatch(text, -1) {
		key := found[0]
		if found[1] != "" {
			key = found[1]
		}
		at = at.In(key)
	}
	return at
}

// plain is a value of a state without the marks of secrets.
func plain(value any) any {
	switch value := value.(type) {
	case object:
		if value["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270" {
			text, _ := value["plaintext"].(string)
			var inner any
			if json.Unmarshal([]byte(text), &inner) != nil {
				return nil
			}
			return plain(inner)
		}
		made := object{}
		for key, each := range value {
			made[key] = plain(each)
		}
		return made
	case []any:
		made := make([]any, len(value))
		for i, each := range value {
			made[i] = plain(each)
		}
		return made
	}
	return value
}

// wantedOf reads an object; one that names no namespace is in that of its release.
func wantedOf(content object, namespace string) (*Wanted, error) {
	metadata, _ := content["metadata"].(object)
	made := &Wanted{Content: content}
	made.APIVersion, _ = content["apiVersion"].(string)
	made.Kind, _ = content["kind"].(string)
	made.Name, _ = metadata["name"].(string)
	made.Namespace, _ = metadata["namespace"].(string)
	if made.APIVersion == "" || made.Kind == "" || made.Name == "" {
		return nil, fmt.Errorf("an object without a version, kind or name")
	}
	if made.Namespace == "" {
		made.Namespace = namespace
	}
	return made, nil
}

// inManifest are the objects in what Helm keeps of a release.
func inManifest(text, namespace, release string) ([]Wanted, error) {
	contents, err := objects.In(text)
	if err != nil {
		return nil, err
	}
	var found []Wanted
	for _, content := range contents {
		made, err := wantedOf(content, namespace)
		if err != nil {
			return nil, err
		}
		made.Of, made.Helm = release, true
		found = append(found, *made)
	}
	return found, nil
}

var simple = regexp.MustCompile(`^[\w./:@-]+$`)

// quoted is a word for the shell.
func quoted(word string) string {
	if simple.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// sorted are findings in the order in which they are read.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int { return strings.Compare(a.Of+a.Object+a.Field, b.Of+b.Object+b.Field) })
	return findings
}
