package mocktest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
)

// World is what a program under test finds: a stack that may have been there before, and providers that answer. In the zero
// value the stack is new, and each provider answers as it does when all goes well.
type World struct {
	// Last are the resources that the stack's last update left.
	Last []Left
	// Known is what the runner knows of the cluster before anything is asked of it, as it prints it.
	Known string
	// Command runs a remote command instead of the answers that programs here are used to.
	Command func(name string, inputs resource.PropertyMap) (stdout string, err error)
	// Withdrawn are the plans and images ("ubuntu 24.04") that the zone no longer has.
	Withdrawn []string
	// Inventory is what the account has already: objects with type, name, id and users.
	Inventory []any
	// Ranges are the CDN's, as its site lists them; without it, two of them.
	Ranges func() ([]any, error)
}

// Left is a resource in the state of a stack's last update.
type Left struct {
	Type, Name string
	Outputs    map[string]any
}

// StackType is the type of the resource that has the stack's outputs.
const StackType = string(resource.RootStackType)

// Run runs program and fails the test if it fails.
func (w World) Run(t testing.TB, program func(ctx *pulumi.Context) error) *Recording {
	t.Helper()
	recording, err := w.Try(program)
	assert.NilError(t, err)
	return recording
}

// Try runs a program that may fail.
func (w World) Try(program func(ctx *pulumi.Context) error) (*Recording, error) {
	r := &recorder{world: w}
	err := pulumi.RunErr(program, pulumi.WithMocks(Project, Stack, r))
	slices.SortStableFunc(r.resources, func(a, b *Resource) int {
		return strings.Compare(a.Type+a.Name, b.Type+b.Name)
	})
	return &Recording{Resources: r.resources}, err
}

// Generated is part of every secret that the mocked providers make.
const Generated = "generated-secret"

// Kubeconfig is the administrator's, as the command answers that reads it.
const Kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: cluster.local, cluster: {server: "https://10.10.0.2:6443", certificate-authority-data: Y2E=}}]
contexts: [{name: admin, context: {cluster: cluster.local, user: admin}}]
current-context: admin
users: [{name: admin, user: {client-certificate-data: Y2VydA==, client-key-data: ` + Generated + `}}]
`

// Token is what the command answers that makes one: a JWT issued at hour 0 of 1970's second day, for 48 hours.
var Token = "head." + base64.RawURLEncoding.EncodeToString([]byte(`{"iat": 86400, "exp": 259200}`)) + "." + Generated

const commandType = "command:remote:Command"

// recorder is the engine and all providers of one run.
type recorder struct {
	world     World
	mutex     sync.Mutex
	resources []*Resource
}

// NewResource answers a registration the way a provider would: the inputs come back, with what the provider adds.
func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	r.record(args)
	outputs := args.Inputs.Copy()
	switch {
	case strings.HasPrefix(args.TypeToken, "random:"):
		made := resource.NewProperty(Generated + "-" + args.Name)
		for _, output := range []resource.PropertyKey{"result", "hex", "b64Std", "base64"} {
			outputs[output] = resource.MakeSecret(made)
		}
	case strings.HasPrefix(args.TypeToken, "kubernetes:"):
		if metadata := outputs["metadata"]; metadata.IsObject() {
			with := metadata.ObjectValue().Copy()
			with["uid"] = resource.NewProperty("uid-of-" + args.Name)
			outputs["metadata"] = resource.NewProperty(with)
		}
	case args.TypeToken == "pulumi:pulumi:StackReference":
		outputs["outputs"] = resource.NewProperty(r.world.stackOutputs())
	case args.TypeToken == commandType:
		stdout, err := r.world.run(args.Name, args.Inputs)
		if err != nil {
			return "", nil, err
		}
		outputs["stdout"] = stdout
	}
	return args.Name + "-id", outputs, nil
}

func (r *recorder) record(args pulumi.MockResourceArgs) {
	kept := &Resource{
		Type: args.TypeToken, Name: args.Name, Custom: args.Custom, Inputs: args.Inputs, Provider: nameOf(args.Provider),
	}
	if rpc := args.RegisterRPC; rpc != nil {
		kept.Parent = nameOf(rpc.GetParent())
		kept.Version = rpc.GetVersion()
		kept.SecretOutput = rpc.GetAdditionalSecretOutputs()
		kept.DeletedWith = nameOf(rpc.GetDeletedWith())
		hooks := rpc.GetHooks()
		kept.Hooks = map[string][]string{
			"before create": hooks.GetBeforeCreate(), "before update": hooks.GetBeforeUpdate(), "before delete": hooks.GetBeforeDelete(),
		}
		maps.DeleteFunc(kept.Hooks, func(_ string, names []string) bool { return len(names) == 0 })
		kept.Retain = rpc.GetRetainOnDelete()
		kept.Protect, kept.IgnoreChanges, kept.ReplaceOnChanges = rpc.GetProtect(), rpc.GetIgnoreChanges(), rpc.GetReplaceOnChanges()
		for _, alias := range rpc.GetAliases() {
			if former := alias.GetSpec().GetType(); former != "" {
				kept.AliasTypes = append(kept.AliasTypes, former)
			}
		}
		for _, urn := range rpc.GetDependencies() {
			kept.DependsOn = append(kept.DependsOn, nameOf(urn))
		}
		slices.Sort(kept.DependsOn)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.resources = append(r.resources, kept)
}

// run is what a remote command prints. What the runner is ordered to do is the last word.
func (w World) run(name string, inputs resource.PropertyMap) (resource.PropertyValue, error) {
	if w.Command != nil {
		stdout, err := w.Command(name, inputs)
		return resource.NewProperty(stdout), err
	}
	var words []string
	if create := inputs["create"]; create.IsString() {
		command, _, _ := strings.Cut(create.StringValue(), "\n#") // why it is run stands behind it
		words = strings.Fields(command)
	}
	switch {
	case strings.HasSuffix(name, "-known"):
		return resource.NewProperty(w.Known), nil
	case len(words) == 0:
	case words[len(words)-1] == "kubeconfig":
		return resource.MakeSecret(resource.NewProperty(Kubeconfig)), nil
	case words[len(words)-1] == "grant":
		return resource.MakeSecret(resource.NewProperty(Token)), nil
	}
	return resource.NewProperty(""), nil
}

// Call answers a function. One without an answer here is an error: an empty result would look like the cloud's.
func (r *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	asked := text(args.Args, "planId")
	if asked == "" {
		asked = text(args.Args, "distribution") + " " + text(args.Args, "version")
	}
	if slices.Contains(r.world.Withdrawn, asked) {
		return nil, fmt.Errorf("the zone has no %s", asked)
	}
	switch args.Token {
	case "arvancloud:iaas:getImage":
		return with(args.Args, map[string]any{"imageId": imageID(args.Args), "diskSize": 10}), nil
	case "arvancloud:iaas:getPlan":
		return with(args.Args, map[string]any{
			"name": text(args.Args, "planId"), "cpus": 4, "memory": 8, "diskSize": 0, "pricePerHour": 1500, "pricePerMonth": 1095000,
		}), nil
	case "arvancloud:account:getInventory":
		return with(args.Args, map[string]any{"objects": r.world.Inventory}), nil
	case "arvancloud:cdn:getRanges":
		ranges, err := []any{"185.143.232.0/22", "2.144.3.128/28"}, error(nil)
		if r.world.Ranges != nil {
			ranges, err = r.world.Ranges()
		}
		return with(args.Args, map[string]any{"ranges": ranges}), err
	case "pulumi:pulumi:readStackResourceOutputs":
		return with(args.Args, map[string]any{"outputs": r.world.resourceOutputs()}), nil
	}
	return nil, fmt.Errorf("mocktest has no answer to the function %s: add one to its World", args.Token)
}

// with is what was asked for and what the answer adds.
func with(asked resource.PropertyMap, answer map[string]any) resource.PropertyMap {
	answered := asked.Copy()
	maps.Copy(answered, resource.NewPropertyMapFromMap(answer))
	return answered
}

// imageID is a UUID, as the cloud's are; another one in each zone.
func imageID(asked resource.PropertyMap) string {
	sum := sha256.Sum256([]byte(text(asked, "distribution") + text(asked, "version") + text(asked, "zone")))
	digits := hex.EncodeToString(sum[:16])
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}

func text(properties resource.PropertyMap, key resource.PropertyKey) string {
	if value := properties[key]; value.IsString() {
		return value.StringValue()
	}
	return ""
}

// stackOutputs are what a reference to the stack reads.
func (w World) stackOutputs() resource.PropertyMap {
	for _, left := range w.Last {
		if left.Type == StackType {
			return resource.NewPropertyMapFromMap(left.Outputs)
		}
	}
	return resource.PropertyMap{}
}

// resourceOutputs are the outputs of all resources by URN, as the engine tells them.
func (w World) resourceOutputs() map[string]any {
	found := map[string]any{}
	for _, left := range w.Last {
		urn := resource.NewURN(tokens.QName(Stack), tokens.PackageName(Project), "", tokens.Type(left.Type), left.Name)
		found[string(urn)] = map[string]any{"type": left.Type, "outputs": left.Outputs}
	}
	return found
}
