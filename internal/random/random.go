// Package random registers the two things the program wants of Pulumi's random provider by their tokens. The provider's SDK
// is one package of a dozen resources, an eighth of what the program costs to compile, for one of them.
package random

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Version is the provider's. A test holds it to the SDK's in go.mod, by which Pulumi finds what plugins a program needs.
const Version = "4.21.1"

// Provider makes random values that stay as they are once made.
type Provider struct {
	pulumi.ProviderResourceState
}

// NewProvider registers the provider.
func NewProvider(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (*Provider, error) {
	provider := &Provider{}
	opts = append(opts, pulumi.Version(Version))
	return provider, ctx.RegisterResource("pulumi:providers:random", name, pulumi.Map{}, provider, opts...)
}

// Password is a random text of letters and digits alone: no character that a shell, a URL or a connection string would read
// as its own.
type Password struct {
	pulumi.CustomResourceState

	// Result is the text; secret.
	Result pulumi.StringOutput `pulumi:"result"`
}

// NewPassword makes a text of length characters, 5.95 random bits each, which stays the same until its resource is replaced.
func NewPassword(ctx *pulumi.Context, name string, length int, opts ...pulumi.ResourceOption) (*Password, error) {
	password := &Password{}
	// As the SDK does: the provider's answer is not secret by itself.
	opts = append(opts, pulumi.Version(Version), pulumi.AdditionalSecretOutputs([]string{"bcryptHash", "result"}))
	return password, ctx.RegisterResource("random:index/randomPassword:RandomPassword", name, pulumi.Map{
		"length": pulumi.Int(length), "special": pulumi.Bool(false),
	}, password, opts...)
}
