package random_test

import (
	"testing"

	official "github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/random"
)

// What is registered must be what the SDK of the version in go.mod would register: the states of running environments have it.
func TestSameAsTheSDK(t *testing.T) {
	ours := mocktest.Run(t, func(ctx *pulumi.Context) error {
		provider, err := random.NewProvider(ctx, "random")
		if err != nil {
			return err
		}
		_, err = random.NewPassword(ctx, "password", 32, pulumi.Provider(provider))
		return err
	})
	theirs := mocktest.Run(t, func(ctx *pulumi.Context) error {
		provider, err := official.NewProvider(ctx, "random", &official.ProviderArgs{})
		if err != nil {
			return err
		}
		_, err = official.NewRandomPassword(ctx, "password", &official.RandomPasswordArgs{
			Length: pulumi.Int(32), Special: pulumi.Bool(false),
		}, pulumi.Provider(provider))
		return err
	})
	assert.DeepEqual(t, ours, theirs)
}
