package kubespray

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// commands are the inputs and options of the cluster's remote commands, by name.
func commands(t *testing.T, args *Args) map[string]*mocktest.Resource {
	t.Helper()
	found := map[string]*mocktest.Resource{}
	for name, registered := range register(t, args, nil) {
		if registered.Type == "command:remote:Command" {
			found[strings.TrimPrefix(name, "cluster-")] = registered
		}
	}
	return found
}

// planned is what the engine and the command provider make of the way from one set of commands to another: "update known",
// sorted. Commands that are new or gone are left out.
func planned(t *testing.T, before map[string]resource.PropertyMap, after map[string]*mocktest.Resource) []string {
	t.Helper()
	var found []string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		old, had := before[name]
		if !had {
			continue
		}
		inputs := after[name].Inputs
		for _, ignored := range after[name].IgnoreChanges {
			path, err := resource.ParsePropertyPath(ignored)
			assert.NilError(t, err)
			assert.Assert(t, path.Reset(old, inputs), "%s: %s cannot be ignored", name, ignored)
		}
		diff := old.Diff(inputs)
		switch {
		case diff == nil:
		case diff.Changed("triggers"):
			found = append(found, "replace "+name)
		default:
			found = append(found, "update "+name)
		}
	}
	return found
}

func inputsOf(commands map[string]*mocktest.Resource) map[string]resource.PropertyMap {
	inputs := map[string]resource.PropertyMap{}
	for name, each := range commands {
		inputs[name] = each.Inputs
	}
	return inputs
}

// lastState is what the stack has of a cluster that is as these arguments want it.
func lastState(t *testing.T, args *Args) string {
	t.Helper()
	shape, err := json.Marshal(renderedFor(t, args, nil, "203.0.113.11").shape)
	assert.NilError(t, err)
	return fmt.Sprintf(`{"state": {"revision": 3, "shape": %s}}`, shape)
}

func TestAChangeRunsItsCommandsAgainInPlace(t *testing.T) {
	whole := []string{"update bundle", "update check", "update known", "update run", "update state"}
	running := func() *Args {
		args := demoArgs()
		args.Version = "1.35.3"
		args.LastState = lastState(t, args)
		return args
	}
	before := inputsOf(commands(t, running()))
	for name, test := range map[string]struct {
		change func(*Args)
		want   []string
	}{
		"nothing": {func(*Args) {}, nil},
		"mirror":  {func(a *Args) { a.Kubespray.Archive = "https://mirror.example/k.tar.gz" }, []string{"update bundle"}},
		"mtu":     {func(a *Args) { a.MTU = 1500 }, whole},
		"rebuilt": {func(a *Args) { a.Nodes[1].Machine = pulumi.String("server-x") }, whole},
		"version": {
			func(a *Args) { a.Version = "1.35.4" },
			[]string{"update bundle", "update check", "update known", "update kubeconfig", "update run", "update state"},
		},
		// with the old key or address an update would not get in
		"key": {
			func(a *Args) { a.SSH.PrivateKey = pulumi.String("another") },
			[]string{"update bundle", "update check", "update known", "update kubeconfig", "update run", "update state"},
		},
		"runner's address": {
			func(a *Args) { a.Nodes[0].PublicAddress = pulumi.String("203.0.113.99") },
			[]string{
				"update bundle", "update check", "update known", "update kubeconfig", "replace ready-arvan-k8s-m1", "update run", "update state",
			},
		},
		"a worker's machine": {
			func(a *Args) { a.Nodes[1].HostKey = pulumi.String("ssh-ed25519 AAAAanother") },
			[]string{"update bundle", "update check", "update known", "replace ready-arvan-k8s-w1", "update run", "update state"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			args := running()
			test.change(args)
			assert.DeepEqual(t, planned(t, before, commands(t, args)), test.want)
		})
	}
}

// A longer patience is no reason to run anything again.
func TestPatienceIsNoChange(t *testing.T) {
	args := prodArgs()
	args.SSH.Bastion = "arvan-k8s-bastion"
	args.Nodes[3].PublicAddress = nil
	before := inputsOf(commands(t, args))
	for name, inputs := range before {
		connection := inputs["connection"].SecretValue().Element.ObjectValue()
		connection["dialErrorLimit"] = resource.NewProperty(7.0)
		if proxy, is := connection["proxy"]; is {
			assert.Equal(t, name, "ready-arvan-k8s-w1")
			proxy.ObjectValue()["perDialTimeout"] = resource.NewProperty(7.0)
		}
	}
	assert.DeepEqual(t, planned(t, before, commands(t, args)), []string(nil))
}

// Earlier versions gave each command triggers and no comment. None of them is replaced for that, and the kubeconfig, without
// which a preview cannot tell what becomes of anything in the cluster, is not read again.
func TestStatesOfEarlierVersionsAreUpdated(t *testing.T) {
	args := demoArgs()
	args.LastState = lastState(t, args)
	now := commands(t, args)
	before := inputsOf(commands(t, args))
	for name, inputs := range before {
		text, _, commented := strings.Cut(inputs["create"].StringValue(), "\n# ")
		assert.Equal(t, commented, slices.Contains([]string{"known", "state", "kubeconfig"}, name), name)
		inputs["create"] = resource.NewProperty(text)
		if _, has := inputs["triggers"]; !has {
			inputs["triggers"] = resource.NewProperty([]resource.PropertyValue{resource.NewProperty("203.0.113.11"), resource.NewProperty("a hash")})
		}
	}
	assert.DeepEqual(t, planned(t, before, now), []string{"update known", "update state"})
}
