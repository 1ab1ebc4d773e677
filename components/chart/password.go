package chart

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/providers"
)

// passwordLength gives 190 bits.
const passwordLength = 32

// Password makes a password that stays the same until its resource is replaced. It is secret; hand it to Secret.
func (i *Installer) Password(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	if i.Random != nil {
		opts = append([]pulumi.ResourceOption{pulumi.Provider(i.Random)}, opts...)
	}
	password, err := providers.NewPassword(ctx, name, passwordLength, opts...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("password %q: %w", name, err)
	}
	return password.Result, nil
}
