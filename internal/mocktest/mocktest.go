// Package mocktest runs a piece of a Pulumi program against Pulumi's mocks and keeps every registration, so that a test can
// look at the graph: which resources, with which inputs, under which parent, after which others, on which provider.
package mocktest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
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

const releaseType = "kubernetes:helm.sh/v3:Release"

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
	// IgnoreChanges are the inputs whose change is none.
	IgnoreChanges []string
}

// Recording is everything one run registered, in order.
type Recording struct{ Resources []*Resource }

// Run runs program and fails the test if it fails.
func Run(t testing.TB, program func(ctx *pulumi.Context) error) *Recording {
	t.Helper()
	recording, err := Try(program)
	assert.NilError(t, err)
	return recording
}

// Try runs a program that may fail.
func Try(program func(ctx *pulumi.Context) error) (*Recording, error) {
	r := &recorder{}
	err := pulumi.RunErr(program, pulumi.WithMocks(Project, Stack, r))
	slices.SortStableFunc(r.resources, func(a, b *Resource) int {
		return strings.Compare(a.Type+a.Name, b.Type+b.Name)
	})
	return &Recording{Resources: r.resources}, err
}

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
		if each.Type == releaseType && each.Inputs.ContainsSecrets() {
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

// Generated is part of every value that the mocked random provider makes.
const Generated = "generated-secret"

// kubeconfig is what a command that reads one answers: whoever asks for it takes it apart.
const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: cluster.local, cluster: {server: "https://10.10.0.2:6443", certificate-authority-data: Y2E=}}]
contexts: [{name: admin, context: {cluster: cluster.local, user: admin}}]
current-context: admin
users: [{name: admin, user: {client-certificate-data: Y2VydA==, client-key-data: ` + Generated + `}}]
`

type recorder struct {
	mutex     sync.Mutex
	resources []*Resource
}

// NewResource answers a registration the way a provider would: the inputs come back, random's resources also make a value.
func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	kept := &Resource{
		Type: args.TypeToken, Name: args.Name, Custom: args.Custom, Inputs: args.Inputs, Provider: nameOf(args.Provider),
	}
	if rpc := args.RegisterRPC; rpc != nil {
		kept.Parent = nameOf(rpc.GetParent())
		kept.Version = rpc.GetVersion()
		kept.SecretOutput = rpc.GetAdditionalSecretOutputs()
		kept.Protect, kept.IgnoreChanges = rpc.GetProtect(), rpc.GetIgnoreChanges()
		for _, urn := range rpc.GetDependencies() {
			kept.DependsOn = append(kept.DependsOn, nameOf(urn))
		}
		slices.Sort(kept.DependsOn)
	}
	r.mutex.Lock()
	r.resources = append(r.resources, kept)
	r.mutex.Unlock()

	state := args.Inputs.Copy()
	if strings.HasPrefix(args.TypeToken, "random:") {
		made := resource.NewProperty(Generated + "-" + args.Name)
		for _, output := range []resource.PropertyKey{"result", "hex", "b64Std", "base64"} {
			state[output] = resource.MakeSecret(made)
		}
	}
	if args.TypeToken == "pulumi:pulumi:StackReference" {
		state["outputs"] = resource.NewProperty(resource.PropertyMap{})
	}
	if args.TypeToken == "command:remote:Command" && strings.HasSuffix(args.Name, "-kubeconfig") {
		state["stdout"] = resource.MakeSecret(resource.NewProperty(kubeconfig))
	}
	return args.Name + "-id", state, nil
}

// Call answers every function with nothing.
func (r *recorder) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return resource.PropertyMap{}, nil
}

// nameOf takes the name out of a URN or a provider reference (URN::id).
func nameOf(reference string) string {
	parts := strings.Split(reference, "::")
	if len(parts) < 4 || strings.HasSuffix(parts[2], "pulumi:Stack") {
		return ""
	}
	return parts[3]
}
