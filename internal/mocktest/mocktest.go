// Package mocktest runs a piece of a Pulumi program against Pulumi's mocks and keeps every registration, so that a test can
// look at the graph: which resources, with which inputs, under which parent, after which others, on which provider.
package mocktest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
)

// Project and Stack are what a program under test runs as.
const (
	Project = "exchange-platform"
	Stack   = "test"
)

// ReleaseType is the type of Helm releases.
const ReleaseType = "kubernetes:helm.sh/v3:Release"

// PasswordType is the type of generated passwords.
const PasswordType = "random:index/randomPassword:RandomPassword"

// Resource is one registration.
type Resource struct {
	Type         string
	Name         string
	Parent       string   // the parent's name; empty under the stack
	Provider     string   // the provider's name; empty if none was passed
	DependsOn    []string // names of all the resources it waits for, sorted
	Version      string   // of the provider's plugin
	Custom       bool
	Inputs       resource.PropertyMap // secrets are kept as such
	SecretOutput []string             // names of the outputs that were asked to be kept secret
	Protect      bool
	// Retain leaves the thing where it is when the resource is deleted.
	Retain bool
	// DeletedWith is the name of the resource that takes it along when it is deleted.
	DeletedWith string
	// IgnoreChanges are the inputs whose change is none.
	IgnoreChanges []string
	// ReplaceOnChanges are the inputs whose change makes the resource anew.
	ReplaceOnChanges []string
	// Hooks are the names of the functions that the program wants called, by when: "before create", "before update", "before delete".
	Hooks map[string][]string
	// AliasTypes are the types it had before.
	AliasTypes []string
}

// Recording is everything one run registered, in order.
type Recording struct{ Resources []*Resource }

// Run runs program in a World with nothing special about it and fails the test if it fails.
func Run(t testing.TB, program func(ctx *pulumi.Context) error) *Recording {
	t.Helper()
	return World{}.Run(t, program)
}

// Try runs a program that may fail.
func Try(program func(ctx *pulumi.Context) error) (*Recording, error) { return World{}.Try(program) }

// Get returns the one resource of that name.
func (r *Recording) Get(t testing.TB, name string) *Resource {
	t.Helper()
	var found []*Resource
	for _, candidate := range r.Resources {
		if candidate.Name == name {
			found = append(found, candidate)
		}
	}
	assert.Equal(t, len(found), 1, "resources named %q; there are: %s", name, strings.Join(r.Names(), ", "))
	return found[0]
}

// SecretData is what the Secret of that name holds.
func (r *Recording) SecretData(t testing.TB, name string) map[string]string {
	t.Helper()
	data := map[string]string{}
	for key, value := range Open(r.Get(t, name).Inputs["stringData"]).ObjectValue() {
		data[string(key)] = Open(value).StringValue()
	}
	return data
}

// Open is a value in the clear: what is within secrets and outputs, however deep.
func Open(value resource.PropertyValue) resource.PropertyValue {
	switch {
	case value.IsSecret():
		return Open(value.SecretValue().Element)
	case value.IsOutput():
		return Open(value.OutputValue().Element)
	default:
		return value
	}
}

// OfType returns the resources of a type, by name.
func (r *Recording) OfType(token string) []*Resource {
	var found []*Resource
	for _, candidate := range r.Resources {
		if candidate.Type == token {
			found = append(found, candidate)
		}
	}
	return found
}

// Waits names the resources of a type that must be there before the named one is made, directly or through others.
func (r *Recording) Waits(t testing.TB, name, token string) []string {
	t.Helper()
	waits, seen := map[string]bool{}, map[string]bool{}
	var follow func(*Resource)
	follow = func(resource *Resource) {
		for _, need := range resource.DependsOn {
			if seen[need] {
				continue
			}
			seen[need] = true
			needed := r.Get(t, need)
			if needed.Type == token {
				waits[need] = true
			}
			follow(needed)
		}
	}
	follow(r.Get(t, name))
	return slices.Sorted(maps.Keys(waits))
}

// Names lists all resources.
func (r *Recording) Names() []string {
	var names []string
	for _, each := range r.Resources {
		names = append(names, each.Name)
	}
	return names
}

// Graph renders every resource on lines of its own: type, name, parent, what it waits for. It is meant for golden files.
func (r *Recording) Graph() string {
	var b strings.Builder
	for _, each := range r.Resources {
		fmt.Fprintf(&b, "%s %s\n", each.Type, each.Name)
		for _, line := range []struct{ label, text string }{
			{"parent", each.Parent}, {"after", strings.Join(each.DependsOn, " ")}, {"provider", each.Provider},
		} {
			if line.text != "" {
				fmt.Fprintf(&b, "    %s: %s\n", line.label, line.text)
			}
		}
	}
	return b.String()
}

// SecretsOutside names every place where a value that the mocked random provider generated is found in the clear, or where a
// Helm release has a secret among its inputs at all: what is in a release's values is kept by Helm in the cluster.
func (r *Recording) SecretsOutside() []string {
	var found []string
	for _, each := range r.Resources {
		text := fmt.Sprint(Plain(resource.NewProperty(each.Inputs)))
		if strings.Contains(text, Generated) {
			found = append(found, fmt.Sprintf("%s %s has a secret in the clear: %s", each.Type, each.Name, text))
		}
		if each.Type == ReleaseType && each.Inputs.ContainsSecrets() {
			found = append(found, fmt.Sprintf("release %s has a secret among its inputs: %s", each.Name, text))
		}
	}
	return found
}

// Plain turns a property value into plain data for golden files. What is secret or unknown shows as the text "<secret>" or
// "<unknown>".
func Plain(v resource.PropertyValue) any {
	switch {
	case v.IsSecret(), v.IsOutput() && v.OutputValue().Secret:
		return "<secret>"
	case v.IsComputed(), v.IsOutput() && !v.OutputValue().Known:
		return "<unknown>"
	case v.IsOutput():
		return Plain(v.OutputValue().Element)
	case v.IsArray():
		list := []any{}
		for _, each := range v.ArrayValue() {
			list = append(list, Plain(each))
		}
		return list
	case v.IsObject():
		object := map[string]any{}
		for key, each := range v.ObjectValue() {
			object[string(key)] = Plain(each)
		}
		return object
	default:
		return v.V
	}
}

// nameOf takes the name out of a URN or a provider reference (URN::id).
func nameOf(reference string) string {
	parts := strings.Split(reference, "::")
	if len(parts) < 4 || strings.HasSuffix(parts[2], "pulumi:Stack") {
		return ""
	}
	return parts[3]
}
