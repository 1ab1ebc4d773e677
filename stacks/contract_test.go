package stacks

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/stacks/outputs"
)

// toldBy is what a stack of the repository tells others.
func toldBy(t *testing.T, stack string) map[string]any {
	t.Helper()
	cfg, err := Load(project, stack, completed(t, stack))
	assert.NilError(t, err)
	told, _ := toldOf(t, cfg)
	return told
}

// toldOf is what an environment tells others, and what it is made of.
func toldOf(t *testing.T, cfg *Config) (told map[string]any, recording *mocktest.Recording) {
	t.Helper()
	t.Chdir("..") // where Pulumi runs the program, and the exchange's chart is found
	defer t.Chdir("stacks")
	recording = mocktest.Run(t, func(ctx *pulumi.Context) error {
		parts, err := deployAgain(ctx, cfg)
		if err != nil {
			return err
		}
		values, err := contract(parts)
		if err != nil {
			return err
		}
		known, err := internals.UnsafeAwaitOutput(ctx.Context(), values.ToMapOutput())
		told, _ = known.Value.(map[string]any)
		return err
	})
	return told, recording
}

// The stack's outputs are the contract, the kubeconfigs, and nothing else: whatever is in them, others may build on.
func TestTheOutputsAreTheContractAndNothingElse(t *testing.T) {
	wanted := append(slices.Clone(outputs.Names), "kubeconfig", "kubeconfigs")
	slices.Sort(wanted)
	wanted = slices.DeleteFunc(wanted, func(name string) bool { return name == "argocd" }) // these stacks deliver without
	for _, stack := range theStacks {
		told := toldBy(t, stack)
		assert.DeepEqual(t, slices.Sorted(maps.Keys(told)), wanted)
		assertFilled(t, stack, reflect.TypeFor[outputs.Platform](), told)
	}
}

// assertFilled fails for each field of the contract that nobody fills.
func assertFilled(t *testing.T, path string, contract reflect.Type, told any) {
	t.Helper()
	switch contract.Kind() {
	case reflect.Pointer:
		assertFilled(t, path, contract.Elem(), told)
	case reflect.Slice:
		list, _ := told.([]any)
		if contract.Elem().Kind() == reflect.Struct {
			assert.Assert(t, len(list) > 0, "%s is empty", path)
			assertFilled(t, path+"[0]", contract.Elem(), list[0])
		}
	case reflect.Struct:
		object, _ := told.(map[string]any)
		for field := range contract.Fields() {
			key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			value, there := object[key]
			if !there && strings.Contains(options, "omitempty") {
				continue
			}
			assert.Check(t, there, "%s.%s is filled by no component", path, key)
			assertFilled(t, path+"."+key, field.Type, value)
		}
	}
}

// The mistakes of an author who tags a field.
func TestAFieldThatIsToldTwiceOrNotAtAll(t *testing.T) {
	type part struct {
		Host pulumi.String `output:"exchange.host"`
	}
	type empty struct {
		Host pulumi.StringInput `output:"exchange.host"`
	}
	told := pulumi.Map{}
	assert.NilError(t, collect(told, "", reflect.ValueOf(part{"a"})))
	assert.ErrorContains(t, collect(told, "", reflect.ValueOf(part{"b"})), "output exchange.host: stacks.part.Host is told twice")
	assert.ErrorContains(t, collect(pulumi.Map{}, "", reflect.ValueOf(empty{})), "output exchange.host: stacks.empty.Host is not filled")
}

func TestTheContractsVersionIsThePackages(t *testing.T) {
	assert.Equal(t, contractVersion, outputs.ContractVersion)
}
