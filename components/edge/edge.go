// Package edge puts ArvanCloud's CDN between the users and the workers.
package edge

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/components/internal/record"
)

// Args says which name leads where.
type Args struct {
	// Domain is the CDN's zone; Host is a name in it, or the domain itself.
	Domain, Host string
	// Addresses are the workers' public ones; traffic is spread over them.
	Addresses []pulumi.StringInput
	// TTLSeconds is how long an answer may be kept; the CDN takes a fixed set of values only.
	TTLSeconds int
	// Proxied sends the traffic through the CDN and its WAF; otherwise the name leads straight to the addresses.
	Proxied bool
}

// Edge is the exchange's public name.
type Edge struct {
	pulumi.ResourceState

	// Host is the name, once it leads to the workers.
	Host pulumi.StringOutput `pulumi:"host"`
	// URL is where users go.
	URL pulumi.StringOutput `pulumi:"url"`
}

// New makes the record. opts must carry the provider arvancloud (pulumi.Providers).
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Edge, error) {
	edge := &Edge{}
	return component.New(ctx, "exchange:edge:Edge", name, edge, opts, func(child pulumi.ResourceOption) error {
		host, err := record.New(ctx, name+"-record", &record.Args{
			Domain: args.Domain, Host: args.Host, Addresses: args.Addresses, TTLSeconds: args.TTLSeconds,
			// the CDN ends TLS; to the workers it speaks what the ingress serves without a certificate of its own
			Proxied: args.Proxied, Upstream: "http",
		}, child)
		if err != nil {
			return err
		}
		edge.Host = host
		scheme := "http"
		if args.Proxied {
			scheme = "https"
		}
		edge.URL = pulumi.String(fmt.Sprintf("%s://%s", scheme, args.Host)).ToStringOutput()
		return nil
	})
}
