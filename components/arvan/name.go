package arvan

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/providers"
)

// NameArgs says which name leads straight to which addresses, past the CDN.
type NameArgs struct {
	// Domain is the CDN's zone; Host is a name in it, or the domain itself.
	Domain, Host string
	// Addresses are all answered: a client tries the next when one does not respond.
	Addresses pulumi.StringArray
	// TTLSeconds is how long an answer may be kept; the CDN takes a fixed set of values only.
	TTLSeconds int
}

// Name leads to the addresses.
type Name struct {
	pulumi.ResourceState

	// Host is the name, once it leads there.
	Host pulumi.StringOutput `pulumi:"host"`
}

// NameType is the component's type in a stack's state.
const NameType = "exchange:dns:Name"

// NewName makes the record. opts must carry the provider arvancloud (pulumi.Providers).
func NewName(ctx *pulumi.Context, name string, args *NameArgs, opts ...pulumi.ResourceOption) (*Name, error) {
	self := &Name{}
	// what it was called when it was a part of edge
	opts = append(opts, pulumi.Aliases([]pulumi.Alias{{Type: pulumi.String("exchange:edge:Name")}}))
	return component.New(ctx, NameType, name, self, opts, func(child pulumi.ResourceOption) error {
		host, err := providers.Record(ctx, name+"-record", &providers.RecordArgs{
			Domain: args.Domain, Host: args.Host, Addresses: args.Addresses, TTLSeconds: args.TTLSeconds,
		}, child)
		self.Host = host
		return err
	})
}
