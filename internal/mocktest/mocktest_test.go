package mocktest_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/providers"
)

// program makes a password and a resource of the type that uses it.
func program(token string, use func(pulumi.StringOutput) pulumi.Input) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		password, err := providers.NewPassword(ctx, "password", 8)
		if err != nil {
			return err
		}
		return ctx.RegisterResource(token, "user", pulumi.Map{"values": use(password.Result)}, &pulumi.CustomResourceState{})
	}
}

func TestSecretsOutside(t *testing.T) {
	marked := func(o pulumi.StringOutput) pulumi.Input { return pulumi.Map{"nested": o} }
	clear := func(o pulumi.StringOutput) pulumi.Input {
		return pulumi.Unsecret(o).ApplyT(func(v string) string { return "postgres://" + v + "@host" })
	}
	const release = "kubernetes:helm.sh/v3:Release"
	assert.Check(t, is.Len(mocktest.Run(t, program("kubernetes:core/v1:Secret", marked)).SecretsOutside(), 0))
	assert.Check(t, is.Len(mocktest.Run(t, program("kubernetes:core/v1:ConfigMap", clear)).SecretsOutside(), 1))
	assert.Check(t, is.Len(mocktest.Run(t, program(release, marked)).SecretsOutside(), 1))
	assert.Check(t, is.Len(mocktest.Run(t, program(release, clear)).SecretsOutside(), 1))
}

func TestTheWorldAnswers(t *testing.T) {
	type answer struct {
		ImageID string                    `pulumi:"imageId"`
		Outputs map[string]map[string]any `pulumi:"outputs"`
	}
	invoke := func(token string, world mocktest.World) (found answer, err error) {
		_, err = world.Try(func(ctx *pulumi.Context) error {
			return ctx.Invoke(token, pulumi.Map{}, &found)
		})
		return found, err
	}
	image, err := invoke("arvancloud:iaas:getImage", mocktest.World{})
	assert.NilError(t, err)
	assert.Assert(t, is.Len(image.ImageID, 36))

	const left = "pulumi:pulumi:readStackResourceOutputs"
	none, err := invoke(left, mocktest.World{})
	assert.NilError(t, err)
	assert.Assert(t, is.Len(none.Outputs, 0))
	some, err := invoke(left, mocktest.World{Last: []mocktest.Left{{Type: "exchange:a:B", Name: "b", Outputs: map[string]any{"c": "d"}}}})
	assert.NilError(t, err)
	assert.DeepEqual(t, some.Outputs["urn:pulumi:test::exchange-platform::exchange:a:B::b"]["outputs"], map[string]any{"c": "d"})

	_, err = invoke("arvancloud:iaas:getNothing", mocktest.World{})
	assert.ErrorContains(t, err, "no answer to the function arvancloud:iaas:getNothing")
}

func TestWaitsAreThoseOfAWholeChain(t *testing.T) {
	recording := mocktest.Run(t, func(ctx *pulumi.Context) error {
		var last []pulumi.Resource
		for _, name := range []string{"one", "two", "three"} {
			made := &pulumi.CustomResourceState{}
			if err := ctx.RegisterResource("kind:of:"+name, name, pulumi.Map{}, made, pulumi.DependsOn(last)); err != nil {
				return err
			}
			last = []pulumi.Resource{made}
		}
		return nil
	})
	assert.DeepEqual(t, recording.Waits(t, "three", "kind:of:one"), []string{"one"})
	assert.Assert(t, is.Len(recording.Waits(t, "one", "kind:of:three"), 0))
}
