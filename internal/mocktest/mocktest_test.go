package mocktest_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/random"
)

// program makes a password and a resource of the type that uses it.
func program(token string, use func(pulumi.StringOutput) pulumi.Input) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		password, err := random.NewPassword(ctx, "password", 8)
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
