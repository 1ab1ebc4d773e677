package chart

import (
	"fmt"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// passwordLength gives 190 bits from letters and digits alone: no character that a shell, a URL or a connection string
// would read as its own.
const passwordLength = 32

// Password makes a password that stays the same until its resource is replaced. It is secret; hand it to Secret.
func (i *Installer) Password(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	if i.Random != nil {
		opts = append([]pulumi.ResourceOption{pulumi.Provider(i.Random)}, opts...)
	}
	password, err := random.NewRandomPassword(ctx, name, &random.RandomPasswordArgs{
		Length:  pulumi.Int(passwordLength),
		Special: pulumi.Bool(false),
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("password %q: %w", name, err)
	}
	return password.Result, nil
}
