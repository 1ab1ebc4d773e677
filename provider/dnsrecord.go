package provider

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// DNSRecord is the resource arvancloud:cdn:DnsRecord: a record in a domain that ArvanCloud's CDN serves.
type DNSRecord struct{}

// DNSRecordArgs are the inputs of a DNSRecord.
type DNSRecordArgs struct {
	Domain        string         `pulumi:"domain" provider:"replaceOnChanges"`
	Name          string         `pulumi:"name" provider:"replaceOnChanges"`
	Type          string         `pulumi:"type" provider:"replaceOnChanges"`
	TTL           int            `pulumi:"ttl,optional"`
	Cloud         bool           `pulumi:"cloud,optional"`
	UpstreamHTTPS string         `pulumi:"upstreamHttps,optional"`
	Addresses     []DNSAddress   `pulumi:"addresses,optional"`
	Value         *DNSValue      `pulumi:"value,optional"`
	IPFilterMode  *DNSFilterMode `pulumi:"ipFilterMode,optional"`
}

// DNSRecordState is what is known of a DNSRecord.
type DNSRecordState struct {
	DNSRecordArgs
	TTL           int    `pulumi:"ttl"`
	UpstreamHTTPS string `pulumi:"upstreamHttps"`
	RecordID      string `pulumi:"recordId"`
	Host          string `pulumi:"host"`
}

// DNSAddress is one of the values of an a or aaaa record.
type DNSAddress struct {
	IP      string `pulumi:"ip"`
	Port    int    `pulumi:"port,optional"`
	Weight  int    `pulumi:"weight,optional"`
	Country string `pulumi:"country,optional"`
}

// DNSValue is the value of a record that is neither a nor aaaa. Which fields it has depends on the record's type.
type DNSValue struct {
	Host       string `pulumi:"host,optional"`
	HostHeader string `pulumi:"hostHeader,optional"`
	Port       int    `pulumi:"port,optional"`
	Priority   int    `pulumi:"priority,optional"`
	Weight     int    `pulumi:"weight,optional"`
	Text       string `pulumi:"text,optional"`
	Tag        string `pulumi:"tag,optional"`
}

// DNSFilterMode tells which of the addresses of a record are answered.
type DNSFilterMode struct {
	Count     string `pulumi:"count,optional"`
	Order     string `pulumi:"order,optional"`
	GeoFilter string `pulumi:"geoFilter,optional"`
}

// Annotate describes the resource in the schema.
func (r *DNSRecord) Annotate(a infer.Annotator) {
	a.SetToken(moduleCDN, "DnsRecord")
	a.Describe(&r, documented("A DNS record of a domain on ArvanCloud's CDN.", formDNSRecord, "cdn:DnsRecord", `
		domain: iransre.ir
		name: demo
		type: a
		cloud: true
		addresses: [{ip: "${server.publicAddress}"}]`))
}

// Annotate describes the inputs in the schema.
func (s *DNSRecordArgs) Annotate(a infer.Annotator) {
	a.Describe(&s.Domain, "Domain that the record is in, for example iransre.ir.")
	a.Describe(&s.Name, "Name of the record inside the domain; \"@\" is the domain itself.")
	a.Describe(&s.Type, "Type: a, aaaa, cname, aname, mx, ns, srv, txt, spf, dkim, ptr or caa.")
	a.Describe(&s.TTL, "Seconds that an answer may be kept: "+ttlList+". Default 120.")
	a.Describe(&s.Cloud, "Whether traffic goes through the CDN (and its WAF) instead of straight to the addresses. Default false.")
	a.Describe(&s.UpstreamHTTPS, "How the CDN talks to the addresses: default, auto, http or https. Default: \"default\".")
	a.Describe(&s.Addresses, "Addresses of an a or aaaa record.")
	a.Describe(&s.Value, "Value of a record of any other type.")
	a.Describe(&s.IPFilterMode, "Which of the addresses are answered.")
}

// Annotate describes the outputs in the schema.
func (s *DNSRecordState) Annotate(a infer.Annotator) {
	a.Describe(&s.RecordID, "Id of the record.")
	a.Describe(&s.Host, "Full host name of the record.")
}

// Annotate describes the type in the schema.
func (d *DNSAddress) Annotate(a infer.Annotator) {
	a.SetToken(moduleCDN, "DnsAddress")
	a.Describe(&d.IP, "The address.")
	a.Describe(&d.Port, "Port that the CDN connects to. Default: that of the protocol.")
	a.Describe(&d.Weight, "Share of the answers, 0 to 1000, when the order is weighted.")
	a.Describe(&d.Country, "Two-letter code of the country that gets this address.")
}

// Annotate describes the type in the schema.
func (d *DNSValue) Annotate(a infer.Annotator) {
	a.SetToken(moduleCDN, "DnsValue")
	a.Describe(&d.Host, "cname, aname, mx, ns, ptr, srv: the host pointed to.")
	a.Describe(&d.HostHeader, "cname, aname: Host header that the CDN sends, \"source\" (default) or \"dest\".")
	a.Describe(&d.Port, "cname, aname, srv: port.")
	a.Describe(&d.Priority, "mx, srv: priority.")
	a.Describe(&d.Weight, "srv: weight.")
	a.Describe(&d.Text, "txt, spf, dkim: the text. caa: the value.")
	a.Describe(&d.Tag, "caa: issue, issuewild or iodef.")
}

// Annotate describes the type in the schema.
func (d *DNSFilterMode) Annotate(a infer.Annotator) {
	a.SetToken(moduleCDN, "DnsFilterMode")
	a.Describe(&d.Count, "\"single\" or \"multi\".")
	a.Describe(&d.Order, "\"none\", \"weighted\" or \"rr\".")
	a.Describe(&d.GeoFilter, "\"none\", \"location\" or \"country\".")
}
