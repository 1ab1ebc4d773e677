package cdn

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// DNSRecordArgs are the inputs of a DNSRecord.
type DNSRecordArgs struct {
	Domain        string         `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain that the record is in, for example iransre.ir."`
	Name          string         `pulumi:"name" provider:"replaceOnChanges" doc:"Name of the record inside the domain; \"@\" is the domain itself."`
	Type          string         `pulumi:"type" provider:"replaceOnChanges" doc:"Type: a, aaaa, cname, aname, mx, ns, srv, txt, spf, dkim, ptr or caa."`
	TTL           int            `pulumi:"ttl,optional" doc:"Seconds that an answer may be kept: 120, 180, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400, 172800 or 432000. Default 120."`
	Cloud         bool           `pulumi:"cloud,optional" doc:"Whether traffic goes through the CDN (and its WAF) instead of straight to the addresses. Default false."`
	UpstreamHTTPS string         `pulumi:"upstreamHttps,optional" doc:"How the CDN talks to the addresses: default, auto, http or https. Default: \"default\"."`
	Addresses     []DNSAddress   `pulumi:"addresses,optional" doc:"Addresses of an a or aaaa record."`
	Value         *DNSValue      `pulumi:"value,optional" doc:"Value of a record of any other type."`
	IPFilterMode  *DNSFilterMode `pulumi:"ipFilterMode,optional" doc:"Which of the addresses are answered."`
}

// DNSRecordState is what is known of a DNSRecord.
type DNSRecordState struct {
	DNSRecordArgs
	TTL           int    `pulumi:"ttl" from:"ttl"`
	UpstreamHTTPS string `pulumi:"upstreamHttps"`
	RecordID      string `pulumi:"recordId" doc:"Id of the record."`
	Host          string `pulumi:"host" doc:"Full host name of the record."`
}

// DNSAddress is one of the values of an a or aaaa record.
type DNSAddress struct {
	IP      string `pulumi:"ip" doc:"The address."`
	Port    int    `pulumi:"port,optional" doc:"Port that the CDN connects to. Default: that of the protocol."`
	Weight  int    `pulumi:"weight,optional" doc:"Share of the answers, 0 to 1000, when the order is weighted."`
	Country string `pulumi:"country,optional" doc:"Two-letter code of the country that gets this address."`
}

// DNSValue is the value of a record that is neither a nor aaaa. Which fields it has depends on the record's type.
type DNSValue struct {
	Host       string `pulumi:"host,optional" doc:"cname, aname, mx, ns, ptr, srv: the host pointed to."`
	HostHeader string `pulumi:"hostHeader,optional" doc:"cname, aname: Host header that the CDN sends, \"source\" (default) or \"dest\"."`
	Port       int    `pulumi:"port,optional" doc:"cname, aname, srv: port."`
	Priority   int    `pulumi:"priority,optional" doc:"mx, srv: priority."`
	Weight     int    `pulumi:"weight,optional" doc:"srv: weight."`
	Text       string `pulumi:"text,optional" doc:"txt, spf, dkim: the text. caa: the value."`
	Tag        string `pulumi:"tag,optional" doc:"caa: issue, issuewild or iodef."`
}

// DNSFilterMode tells which of the addresses of a record are answered.
type DNSFilterMode struct {
	Count     string `pulumi:"count,optional" doc:"\"single\" or \"multi\"."`
	Order     string `pulumi:"order,optional" doc:"\"none\", \"weighted\" or \"rr\"."`
	GeoFilter string `pulumi:"geoFilter,optional" doc:"\"none\", \"location\" or \"country\"."`
}

// Annotate describes the type in the schema.
func (s *DNSAddress) Annotate(a infer.Annotator) { resource.Nested(a, "cdn:DnsAddress", s) }

// Annotate describes the type in the schema.
func (s *DNSValue) Annotate(a infer.Annotator) { resource.Nested(a, "cdn:DnsValue", s) }

// Annotate describes the type in the schema.
func (s *DNSFilterMode) Annotate(a infer.Annotator) { resource.Nested(a, "cdn:DnsFilterMode", s) }

// DNSRecord is the resource arvancloud:cdn:DnsRecord: a record in a domain that ArvanCloud's CDN serves.
var DNSRecord = &resource.Kind[DNSRecordArgs, DNSRecordState, client.DNSRecord]{
	Type:  "cdn:DnsRecord",
	Name:  "DNS record",
	IDs:   "<domain>/<record id>",
	About: "A DNS record of a domain on ArvanCloud's CDN.",
	Example: `
		domain: iransre.ir
		name: demo
		type: a
		cloud: true
		addresses: [{ip: "${server.publicAddress}"}]`,
	// A name may hold only one of several types.
	Replacement: resource.DeletesFirstUnless("domain", "name"),

	Place: func(args DNSRecordArgs) string { return args.Domain },
	// An import does not know the type yet; no type lists them all.
	Section: func(args DNSRecordArgs) string { return args.Type },
	Label:   func(args DNSRecordArgs) string { return args.Name + " " + args.Type },
	List: func(ctx context.Context, s *resource.Session, place string) ([]client.DNSRecord, error) {
		domain, recordType, _ := strings.Cut(place, "/")
		return s.DNSRecords(ctx, domain, recordType)
	},
	ID:    func(record client.DNSRecord) string { return record.ID },
	Check: checkDNSRecord,
	Same: func(args DNSRecordArgs, record client.DNSRecord) bool {
		return record.Type == args.Type && record.Name == args.Name && sameValue(args, record.Value)
	},
	InTheWay: func(args DNSRecordArgs, record client.DNSRecord) bool {
		return record.Name == args.Name && leadsSomewhere(record.Type) && leadsSomewhere(args.Type) &&
			(record.Type == args.Type || isAlias(record.Type) || isAlias(args.Type))
	},
	Describe: func(record client.DNSRecord) string {
		return fmt.Sprintf("%s %s %s", record.Name, record.Type, record.Value)
	},
	Make: func(ctx context.Context, s *resource.Session, args DNSRecordArgs) (client.DNSRecord, error) {
		record, err := args.record()
		if err != nil {
			return client.DNSRecord{}, err
		}
		return s.CreateDNSRecord(ctx, args.Domain, record)
	},
	State: func(args DNSRecordArgs, record client.DNSRecord, before DNSRecordState) DNSRecordState {
		return dnsRecordState(args, cmp.Or(record.ID, before.RecordID))
	},
	Detail: func(
		_ context.Context, _ *resource.Session, read resource.Reading[DNSRecordArgs, DNSRecordState], record client.DNSRecord,
	) (client.DNSRecord, error) {
		if _, err := observedRecord(read.Inputs, record); err != nil {
			return record, fmt.Errorf("the value of the DNS record %s: %w", read.ID, err)
		}
		return record, nil
	},
	Observe: func(args DNSRecordArgs, record client.DNSRecord, _ bool, id resource.Identity) DNSRecordArgs {
		observed, _ := observedRecord(args, record) // Detail has refused what cannot be described
		observed.Domain = id.Place
		return observed
	},
	Change: func(ctx context.Context, s *resource.Session, id resource.Identity, _ DNSRecordState, args DNSRecordArgs) error {
		record, err := args.record()
		if err != nil {
			return err
		}
		return s.UpdateDNSRecord(ctx, id.Place, id.Object, record)
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ DNSRecordState) error {
		return s.DeleteDNSRecord(ctx, id.Place, id.Object)
	},
}

// leadsSomewhere tells whether a record of this type is the answer to where a name leads: two of them share its users.
func leadsSomewhere(recordType string) bool { return isAddressType(recordType) || isAlias(recordType) }

// isAlias tells whether a record of this type leaves no room for any other answer.
func isAlias(recordType string) bool { return recordType == "cname" || recordType == "aname" }

// record is the record as the API takes it.
func (s DNSRecordArgs) record() (client.DNSRecord, error) {
	value, err := s.wireValue()
	if err != nil {
		return client.DNSRecord{}, fmt.Errorf("encode the value of the record: %w", err)
	}
	record := client.DNSRecord{Type: s.Type, Name: s.Name, TTL: client.Integer(s.TTL), Cloud: s.Cloud,
		UpstreamHTTPS: s.UpstreamHTTPS, Value: value}
	if mode := s.IPFilterMode; mode != nil {
		record.IPFilterMode = &client.IPFilterMode{Count: mode.Count, Order: mode.Order, GeoFilter: mode.GeoFilter}
	}
	return record, nil
}

// dnsRecordState is the state of a record with these inputs.
func dnsRecordState(args DNSRecordArgs, id string) DNSRecordState {
	host := args.Domain
	if args.Name != "@" {
		host = args.Name + "." + args.Domain
	}
	return DNSRecordState{DNSRecordArgs: args, TTL: args.TTL, UpstreamHTTPS: args.UpstreamHTTPS, RecordID: id, Host: host}
}
