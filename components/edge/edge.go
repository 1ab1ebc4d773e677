// Package edge puts ArvanCloud's CDN between the users and the workers.
package edge

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/dns"
	"github.com/iransre/exchange-platform/components/internal/component"
)

// Args says which name leads where.
type Args struct {
	Config Config
	// Host is a name in the domain, or the domain itself.
	Host string
	// FilesHost is the name of static and media files. It is another one than Host: what users upload must not run as the
	// exchange in the browsers of others.
	FilesHost string
	// Addresses are the workers' public ones; traffic is spread over them.
	Addresses pulumi.StringArray
}

// Edge is the exchange's public names.
type Edge struct {
	pulumi.ResourceState

	// Host is the name, once it leads to the workers.
	Host pulumi.StringOutput `pulumi:"host" output:"exchange.host"`
	// URL is where users go.
	URL pulumi.StringOutput `pulumi:"url" output:"exchange.url"`
	// FilesURL is where browsers load static and media files.
	FilesURL pulumi.StringOutput `pulumi:"filesUrl" output:"objectStore.publicUrl"`
}

// Type is the component's type in a stack's state.
const Type = "exchange:edge:Edge"

// New makes the records. opts must carry the provider arvancloud (pulumi.Providers).
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Edge, error) {
	edge := &Edge{}
	return component.New(ctx, Type, name, edge, opts, func(child pulumi.ResourceOption) error {
		lead := func(part, host string) (pulumi.StringOutput, error) {
			return dns.Record(ctx, name+part, &dns.RecordArgs{
				Domain: args.Config.Domain, Host: host, Addresses: args.Addresses, TTLSeconds: args.Config.TTLSeconds,
				// the CDN ends TLS; to the workers it speaks what the ingress serves without a certificate of its own
				Proxied: args.Config.Proxied, Upstream: "http",
			}, child)
		}
		var err error
		if edge.Host, err = lead("-record", args.Host); err != nil {
			return err
		}
		if _, err = lead("-files-record", args.FilesHost); err != nil {
			return err
		}
		edge.URL = pulumi.String(args.Config.URL(args.Host)).ToStringOutput()
		edge.FilesURL = pulumi.String(args.Config.URL(args.FilesHost)).ToStringOutput()
		return nil
	})
}
