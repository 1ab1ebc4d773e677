package providers

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RecordArgs says which name leads where.
type RecordArgs struct {
	// Domain is the CDN's zone; Host is a name in it, or the domain itself.
	Domain, Host string
	Addresses    pulumi.StringArray
	// TTLSeconds is how long an answer may be kept; the CDN takes a fixed set of values only.
	TTLSeconds int
	// Proxied sends the traffic through the CDN; Upstream is then the protocol it speaks to the addresses. Empty, the CDN decides.
	Proxied  bool
	Upstream string
}

// Record makes a record in the DNS of ArvanCloud's CDN and returns the host, for those who must wait until it leads somewhere.
func Record(ctx *pulumi.Context, name string, args *RecordArgs, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	inputs := &DnsRecordArgs{
		Domain: pulumi.String(args.Domain),
		Name:   pulumi.String(NameIn(args.Domain, args.Host)),
		Type:   pulumi.String("a"),
		Ttl:    pulumi.Int(args.TTLSeconds),
		Cloud:  pulumi.Bool(args.Proxied),
	}
	var addresses []DnsAddress
	for _, address := range args.Addresses {
		addresses = append(addresses, DnsAddress{Ip: address})
	}
	inputs.Addresses = addresses
	if args.Upstream != "" {
		inputs.UpstreamHttps = pulumi.String(args.Upstream)
	}
	// The old one goes first: the provider takes a record of the wanted name and content for one that an interrupted run left
	// behind, which a replacement would then delete.
	record, err := NewDnsRecord(ctx, name, inputs, append(opts, pulumi.DeleteBeforeReplace(true))...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return record.URN().ApplyT(func(pulumi.URN) string { return args.Host }).(pulumi.StringOutput), nil
}

// NameIn is host as the CDN names it inside domain: "@" is the domain itself.
func NameIn(domain, host string) string {
	if host == domain {
		return "@"
	}
	return strings.TrimSuffix(host, "."+domain)
}
