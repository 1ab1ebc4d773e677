package providers

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Password is a random text of letters and digits alone: no character that a shell, a URL or a connection string would read
// as its own.
type Password struct {
	pulumi.CustomResourceState

	// Result is the text; secret.
	Result pulumi.StringOutput `pulumi:"result"`
	// BcryptHash is what a server may keep of it; secret as well.
	BcryptHash pulumi.StringOutput `pulumi:"bcryptHash"`
}

// NewPassword makes a text of length characters, 5.95 random bits each, which stays the same until its resource is replaced.
func NewPassword(ctx *pulumi.Context, name string, length int, opts ...pulumi.ResourceOption) (*Password, error) {
	password := &Password{}
	// As the SDK does: the provider's answer is not secret by itself.
	opts = append(opts, pulumi.Version(RandomVersion), pulumi.AdditionalSecretOutputs([]string{"bcryptHash", "result"}))
	return password, ctx.RegisterResource("random:index/randomPassword:RandomPassword", name, pulumi.Map{
		"length": pulumi.Int(length), "special": pulumi.Bool(false),
	}, password, opts...)
}
