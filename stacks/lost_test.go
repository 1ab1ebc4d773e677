package stacks

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// madeOf are the objects that a whole stack has in the cloud, and what the cloud tells of them.
func madeOf(recording *mocktest.Recording, users ...any) (made []*mocktest.Resource, inventory []any) {
	for _, each := range recording.Resources {
		if !strings.HasPrefix(each.Type, "arvancloud:") {
			continue
		}
		module := strings.Split(each.Type, ":")[1]
		if each.Type == "arvancloud:storage:VolumeAttachment" || module == "traffic" || module == "protection" {
			continue // has no name, and is taken over, or refused, where it is made
		}
		made = append(made, each)
		inventory = append(inventory, map[string]any{
			"type": each.Type, "name": each.Inputs["name"].StringValue(), "id": "place/id-of-" + each.Name, "users": users,
		})
	}
	return made, inventory
}

func tryIn(t *testing.T, world mocktest.World, cfg *Config) (*mocktest.Recording, error) {
	t.Helper()
	t.Chdir("..")
	defer t.Chdir("stacks")
	return world.Try(func(ctx *pulumi.Context) error { _, err := deployAgain(ctx, cfg); return err })
}

// A state that knows of nothing, while machines run: all of it is named at once, and none is touched.
func TestALostStateIsRefusedWithAllThatIsThere(t *testing.T) {
	for _, stack := range theStacks {
		cfg, err := Load(project, stack, completed(t, stack))
		assert.NilError(t, err)
		made, inventory := madeOf(deployedWith(t, cfg), "m1", "w1")
		foreign := map[string]any{"type": "arvancloud:iaas:Network", "name": "of-somebody", "id": "place/other", "users": []any{"x"}}

		recording, err := tryIn(t, mocktest.World{Inventory: append(inventory, foreign)}, cfg)
		assert.ErrorContains(t, err, "stack test: refused, nothing was touched")
		assert.ErrorContains(t, err, "./scripts/recover test")
		assert.Assert(t, !strings.Contains(err.Error(), "of-somebody"))
		for _, each := range made {
			assert.ErrorContains(t, err, "(place/id-of-"+each.Name+"), used by m1, w1")
		}
		again, _ := madeOf(recording)
		assert.Equal(t, len(again), 0)
	}
}

// What an interrupted first run has left is used by nobody, and no matter for here.
func TestWhatAnInterruptedRunHasLeftIsNotRefused(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	_, inventory := madeOf(deployedWith(t, cfg))
	inventory = slices.DeleteFunc(inventory, func(each any) bool { return each.(map[string]any)["type"] == "arvancloud:iaas:Server" })
	_, err = tryIn(t, mocktest.World{Inventory: inventory}, cfg)
	assert.NilError(t, err)
}

// The list has each object under the name, and the parent, that the program knows it by; nothing of the cloud's is made beside the
// keys, which the scripts bring to the machines.
func TestTheWayBackOfALostState(t *testing.T) {
	for _, stack := range theStacks {
		t.Run(stack, func(t *testing.T) {
			cfg, err := Load(project, stack, completed(t, stack))
			assert.NilError(t, err)
			whole := deployedWith(t, cfg)
			made, inventory := madeOf(whole)
			folder := filepath.Join(t.TempDir(), "way-back")
			t.Setenv(recoverTo, folder)

			recording, err := tryIn(t, mocktest.World{Inventory: inventory}, cfg)
			assert.NilError(t, err)
			for _, each := range recording.Resources {
				was := whole.Get(t, each.Name)
				assert.DeepEqual(t, []any{each.Type, each.Parent, each.Protect}, []any{was.Type, was.Parent, was.Protect})
				assert.Assert(t, !each.Custom || strings.HasPrefix(each.Type, "pulumi:providers:") || strings.HasPrefix(each.Type, "random:"), each.Type)
			}

			var list importList
			text, err := os.ReadFile(filepath.Join(folder, "import.json"))
			assert.NilError(t, err)
			assert.NilError(t, json.Unmarshal(text, &list))
			for _, each := range made {
				wanted := toImport{Type: each.Type, Name: each.Name, ID: "place/id-of-" + each.Name, Parent: each.Parent, Provider: "arvancloud"}
				assert.Assert(t, slices.Contains(list.Resources, wanted), "%v is not in the list", wanted)
			}
			for _, each := range list.Resources {
				was := whole.Get(t, each.Name)
				assert.Equal(t, each.Type, was.Type)
				_, known := list.NameTable[each.Parent]
				isComponent := func(of toImport) bool { return of.Component && of.Name == each.Parent }
				assert.Assert(t, each.Component || known || slices.ContainsFunc(list.Resources, isComponent), "the parent of %s", each.Name)
			}
			for _, node := range cfg.Nodes {
				path := filepath.Join(folder, node.Name+".sh")
				script, err := os.ReadFile(path)
				assert.NilError(t, err)
				assert.Assert(t, cmp.Contains(string(script), "-----END OPENSSH PRIVATE KEY-----\nKEY\n"))
				info, err := os.Stat(path)
				assert.NilError(t, err)
				assert.Equal(t, info.Mode().Perm(), os.FileMode(0o600))
			}
		})
	}
}

// What the state has would be deleted, because the way back has nothing but keys.
func TestTheWayBackIsForAStateThatHasNothing(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	t.Setenv(recoverTo, t.TempDir())
	left := []mocktest.Left{{Type: "arvancloud:iaas:Network", Name: "test-network", Outputs: map[string]any{}}}
	_, err = tryIn(t, mocktest.World{Last: left}, cfg)
	assert.ErrorContains(t, err, "refused, nothing was touched: its state is not empty")
}
