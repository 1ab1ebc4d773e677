// Package edge puts ArvanCloud's CDN between the users and the workers.
package edge

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/dns"
	"github.com/iransre/exchange-platform/components/internal/component"
)

// Args says which name leads where.
type Args struct {
	Config Config
	// Host is a name in the domain, or the domain itself.
	Host string
	// Addresses are the workers' public ones; traffic is spread over them.
	Addresses pulumi.StringArray
}

// Edge is the exchange's public name.
type Edge struct {
	pulumi.ResourceState

	// Host is the name, once it leads to the workers.
	Host pulumi.StringOutput `pulumi:"host" output:"exchange.host"`
	// URL is where users go.
	URL pulumi.StringOutput `pulumi:"url" output:"exchange.url"`
}

// New makes the record. opts must carry the provider arvancloud (pulumi.Providers).
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Edge, error) {
	edge := &Edge{}
	return component.New(ctx, "exchange:edge:Edge", name, edge, opts, func(child pulumi.ResourceOption) error {
		host, err := dns.Record(ctx, name+"-record", &dns.RecordArgs{
			Domain: args.Config.Domain, Host: args.Host, Addresses: args.Addresses, TTLSeconds: args.Config.TTLSeconds,
			// the CDN ends TLS; to the workers it speaks what the ingress serves without a certificate of its own
			Proxied: args.Config.Proxied, Upstream: "http",
		}, child)
		if err != nil {
			return err
		}
		edge.Host = host
		scheme := "http"
		if args.Config.Proxied {
			scheme = "https"
		}
		edge.URL = pulumi.String(fmt.Sprintf("%s://%s", scheme, args.Host)).ToStringOutput()
		return nil
	})
}
