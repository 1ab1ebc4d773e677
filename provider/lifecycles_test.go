package provider

import (
	"maps"
	"slices"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// world is an account in which a resource lives its life, with what it needs around it.
type world struct {
	cloud  cloud
	around plugin   // makes what the resource needs
	things []*thing // that around made, in order
}

func (w *world) add(token tokens.Type, inputs map[string]any) *thing {
	made := w.around.create(token, inputs)
	w.things = append(w.things, made)
	return made
}

// network is a private network with a gateway.
func (w *world) network() *thing {
	return w.add(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
}

// server is a server in no, or in those networks.
func (w *world) server(name string, networks ...*thing) *thing {
	inputs := serverInputs(w.around)
	inputs["name"] = name
	var attached []any
	for _, network := range networks {
		attached = append(attached, map[string]any{"networkId": network.get("networkId")})
	}
	inputs["networks"] = attached
	return w.add(serverToken, inputs)
}

// life is what the test of a resource's life needs to know of it.
type life struct {
	inputs   map[string]any
	changes  []map[string]any // each in place
	replaces map[string]any   // inputs of which a change replaces, with another value
	outputs  []string         // that are told once it is made
	untold   []string         // inputs that the API does not tell, so that an import lacks them
	unseen   []string         // inputs of which a change made elsewhere is not seen
	// further is what only goes one way, done before the deletion; nil is nothing.
	further func(*thing)
	keeps   bool // the account holds something of it after it is deleted
}

// lives are all resources.
var lives = map[tokens.Type]func(*world) life{}

func TestLives(t *testing.T) {
	for _, token := range slices.Sorted(maps.Keys(lives)) {
		t.Run(string(token), func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			live(t, cloud, newPlugin(t, cloud), token)
		})
	}
}

// live makes a resource, changes each of its fields, repairs each of its fields, imports it and deletes it twice.
func live(t *testing.T, cloud cloud, plugin plugin, token tokens.Type) {
	world := &world{cloud: cloud, around: newPlugin(t, cloud)}
	life := lives[token](world)
	thing := plugin.create(token, life.inputs)
	for _, output := range life.outputs {
		value := thing.state.Get(output)
		assert.Assert(t, !value.IsNull() && !(value.IsString() && value.AsString() == ""), "%s is not told", output)
	}
	thing.settled()

	imported := plugin.imported(token, thing.id)
	for name := range thing.inputs.All {
		if !slices.Contains(life.untold, name) {
			assert.Check(t, cmp.DeepEqual(imported.inputs.Get(name), thing.inputs.Get(name), valueOptions), "imported %s", name)
		}
	}

	for name, value := range life.replaces {
		difference := thing.diff(thing.with(map[string]any{name: value})).DetailedDiff
		assert.Equal(t, difference[name].Kind, p.UpdateReplace, "%s: %v", name, difference)
	}

	original := plain(thing.inputs)
	for _, change := range life.changes {
		id := thing.id
		thing.update(change)
		assert.Equal(t, thing.id, id)
		thing.settled()
		thing.update(original)
		thing.settled()
	}
	for _, change := range life.changes {
		name := slices.Sorted(maps.Keys(change))[0]
		if slices.Contains(life.unseen, name) {
			continue
		}
		// Somebody else, who has the same object, changes it.
		other := *thing
		other.plugin = newPlugin(t, cloud)
		other.update(change)
		wanted := thing.inputs
		assert.Assert(t, !newPluginRefresh(t, cloud, thing))
		thing.plugin = plugin
		assert.Assert(t, thing.diff(wanted).HasChanges, "a change of %s made elsewhere is drift", name)
		thing.update(plain(wanted))
		thing.settled()
	}

	if life.further != nil {
		life.further(thing)
	}
	thing.delete()
	thing.delete()
	if !life.keeps {
		assert.Assert(t, newPluginRefresh(t, cloud, thing), "it is gone")
	}
	for _, needed := range slices.Backward(world.things) {
		needed.delete()
	}
	assert.Check(t, cmp.Len(cloud.Contents(), 0))
}
