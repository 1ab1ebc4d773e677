// Package edge puts ArvanCloud's CDN between the users and the workers.
package edge

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/sdks/arvancloud/cdn"
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
		child = pulumi.Composite(child, oldFirst)
		record, err := cdn.NewDnsRecord(ctx, name+"-record", &cdn.DnsRecordArgs{
			Domain:    pulumi.String(args.Domain),
			Name:      pulumi.String(recordName(args.Host, args.Domain)),
			Type:      pulumi.String("a"),
			Addresses: addresses(args.Addresses),
			Ttl:       pulumi.Int(args.TTLSeconds),
			Cloud:     pulumi.Bool(args.Proxied),
			// the CDN ends TLS; to the workers it speaks what the ingress serves without a certificate of its own
			UpstreamHttps: pulumi.String("http"),
		}, child)
		if err != nil {
			return err
		}
		edge.Host = onceMade(record, args.Host)
		scheme := "http"
		if args.Proxied {
			scheme = "https"
		}
		edge.URL = pulumi.String(fmt.Sprintf("%s://%s", scheme, args.Host)).ToStringOutput()
		return nil
	})
}

// oldFirst deletes before it makes anew: the provider takes a record of the wanted name and content for one that an
// interrupted run left behind, which a replacement would then delete.
var oldFirst = pulumi.DeleteBeforeReplace(true)
