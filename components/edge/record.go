package edge

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/sdks/arvancloud/cdn"
)

// NameArgs says which name leads straight to which addresses, past the CDN.
type NameArgs struct {
	// Domain is the CDN's zone; Host is a name in it, or the domain itself.
	Domain, Host string
	// Addresses are all answered: a client tries the next when one does not respond.
	Addresses []pulumi.StringInput
	// TTLSeconds is how long an answer may be kept; the CDN takes a fixed set of values only.
	TTLSeconds int
}

// Name is a name for something the CDN cannot stand in front of, such as the Kubernetes API.
type Name struct {
	pulumi.ResourceState

	// Host is the name, once it leads to the addresses.
	Host pulumi.StringOutput `pulumi:"host"`
}

// NewName makes the record. opts must carry the provider arvancloud (pulumi.Providers).
func NewName(ctx *pulumi.Context, name string, args *NameArgs, opts ...pulumi.ResourceOption) (*Name, error) {
	self := &Name{}
	return component.New(ctx, "exchange:edge:Name", name, self, opts, func(child pulumi.ResourceOption) error {
		child = pulumi.Composite(child, oldFirst)
		record, err := cdn.NewDnsRecord(ctx, name+"-record", &cdn.DnsRecordArgs{
			Domain:    pulumi.String(args.Domain),
			Name:      pulumi.String(recordName(args.Host, args.Domain)),
			Type:      pulumi.String("a"),
			Addresses: addresses(args.Addresses),
			Ttl:       pulumi.Int(args.TTLSeconds),
			Cloud:     pulumi.Bool(false),
		}, child)
		if err != nil {
			return err
		}
		self.Host = onceMade(record, args.Host)
		return nil
	})
}

// onceMade is host for those who must wait until record leads somewhere.
func onceMade(record *cdn.DnsRecord, host string) pulumi.StringOutput {
	return record.URN().ApplyT(func(pulumi.URN) string { return host }).(pulumi.StringOutput)
}

// recordName is host as the CDN names it inside domain: "@" is the domain itself.
func recordName(host, domain string) string {
	if host == domain {
		return "@"
	}
	return strings.TrimSuffix(host, "."+domain)
}

func addresses(inputs []pulumi.StringInput) cdn.DnsAddressArray {
	var list cdn.DnsAddressArray
	for _, address := range inputs {
		list = append(list, cdn.DnsAddressArgs{Ip: address})
	}
	return list
}
