package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)

// recordNamePattern is labels of letters, digits, dashes and underscores, of which the first may be "*"; or the apex.
var recordNamePattern = regexp.MustCompile(`^(@|\*|(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$`)

// WireDependencies tells which outputs a changed input changes, so that a preview of an update knows the others.
func (*DNSRecord) WireDependencies(f infer.FieldSelector, args *DNSRecordArgs, state *DNSRecordState) {
	f.OutputField(&state.TTL).DependsOn(f.InputField(&args.TTL).Computed())
}

// Check fills in defaults, spells names in one way, and refuses a value that does not fit the type.
func (*DNSRecord) Check(ctx context.Context, request infer.CheckRequest) (infer.CheckResponse[DNSRecordArgs], error) {
	return checkInputs(ctx, request, func(c *checker, args *DNSRecordArgs) {
		c.domain("domain", &args.Domain)
		if c.known("name") && c.known("domain") {
			args.Name = relativeName(args.Name, args.Domain)
			if len(args.Name) > 250 || !recordNamePattern.MatchString(args.Name) {
				c.fail("name", "%q is not a name in a domain: use labels such as \"demo\", \"*.demo\", or \"@\" for the domain itself", args.Name)
			}
		}
		if c.decided("ttl") && args.TTL == 0 {
			args.TTL = defaultTTL
		}
		if c.known("ttl") && !slices.Contains(ttls, args.TTL) {
			c.fail("ttl", "%d is not a time to live that ArvanCloud takes: use %s", args.TTL, ttlList)
		}
		if c.decided("upstreamHttps") && args.UpstreamHTTPS == "" {
			args.UpstreamHTTPS = defaultUpstreamHTTPS
		}
		if c.known("upstreamHttps") {
			c.choice("upstreamHttps", args.UpstreamHTTPS, "default", "auto", "http", "https")
		}
		if c.known("ipFilterMode") && args.IPFilterMode != nil {
			c.choice("ipFilterMode.count", args.IPFilterMode.Count, "", "single", "multi")
			c.choice("ipFilterMode.order", args.IPFilterMode.Order, "", "none", "weighted", "rr")
			c.choice("ipFilterMode.geoFilter", args.IPFilterMode.GeoFilter, "", "none", "location", "country")
		}
		if !c.known("type") {
			return
		}
		args.Type = strings.ToLower(args.Type)
		if !slices.Contains(recordTypes(), args.Type) {
			c.fail("type", "%q is not a type of record: use %s", args.Type, strings.Join(recordTypes(), ", "))
			return
		}
		c.value(*args)
	})
}

// choice checks that a text is one of some.
func (c *checker) choice(path, text string, choices ...string) {
	if !slices.Contains(choices, text) {
		c.fail(path, "%q is not a choice: use %s", text, strings.Join(slices.DeleteFunc(choices, func(s string) bool { return s == "" }), ", "))
	}
}

// relativeName is a record's name inside its domain, also when it was given in full.
func relativeName(name, domain string) string {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if name == domain {
		return "@"
	}
	return strings.TrimSuffix(name, "."+domain)
}

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

// Create makes the record. One of the same name, type and value that no resource has is taken over.
func (*DNSRecord) Create(
	ctx context.Context, request infer.CreateRequest[DNSRecordArgs],
) (infer.CreateResponse[DNSRecordState], error) {
	args := request.Inputs
	if request.DryRun {
		return infer.CreateResponse[DNSRecordState]{Output: dnsRecordState(args, "")}, nil
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := sessionOf(ctx)
	wanted, err := args.record()
	if err != nil {
		return infer.CreateResponse[DNSRecordState]{}, err
	}
	find := func(ctx context.Context) (client.DNSRecord, bool, error) {
		records, err := s.DNSRecords(ctx, args.Domain, args.Type)
		for _, record := range records {
			if record.Type == args.Type && record.Name == args.Name && sameValue(args, record.Value) &&
				!s.isOwned(kindDNSRecord, identity{args.Domain, record.ID}.String()) {
				return record, true, err
			}
		}
		return client.DNSRecord{}, false, err
	}
	record, left, err := find(ctx)
	if err != nil {
		return infer.CreateResponse[DNSRecordState]{}, err
	}
	if left {
		p.GetLogger(ctx).Warningf("took over the DNS record %s, which an earlier attempt left", identity{args.Domain, record.ID})
	} else {
		record, err = client.Create(ctx, s.Client, find, func(ctx context.Context) (client.DNSRecord, error) {
			return s.CreateDNSRecord(ctx, args.Domain, wanted)
		})
		if err == nil && record.ID == "" {
			var found bool
			if record, found, err = find(ctx); err == nil && !found {
				err = fmt.Errorf("the DNS record %s %s was made in %s but is not listed", args.Name, args.Type, args.Domain)
			}
		}
		if err != nil {
			return infer.CreateResponse[DNSRecordState]{}, err
		}
	}
	id := identity{args.Domain, record.ID}
	s.own(kindDNSRecord, id.String())
	if left {
		err = s.UpdateDNSRecord(ctx, args.Domain, record.ID, wanted)
	}
	return infer.CreateResponse[DNSRecordState]{ID: id.String(), Output: dnsRecordState(args, record.ID)}, partial(err)
}

// sameValue compares a value of the API's with the wanted one, without regard to what the API fills in.
func sameValue(wanted DNSRecordArgs, told json.RawMessage) bool {
	observed := wanted
	if err := observed.setValue(told); err != nil {
		return false
	}
	first, errFirst := wanted.wireValue()
	second, errSecond := observed.wireValue()
	return errFirst == nil && errSecond == nil && bytes.Equal(first, second)
}

// Read looks the record up, in the list that the domain's records of its type share.
func (*DNSRecord) Read(
	ctx context.Context, request infer.ReadRequest[DNSRecordArgs, DNSRecordState],
) (infer.ReadResponse[DNSRecordArgs, DNSRecordState], error) {
	none := infer.ReadResponse[DNSRecordArgs, DNSRecordState]{}
	id, err := parseIdentity(request.ID, formDNSRecord)
	if err != nil {
		return none, err
	}
	s := sessionOf(ctx)
	// An import does not know the type yet; no type lists them all.
	list := identity{id.place, request.Inputs.Type}
	records, err := s.records.get(ctx, s, list.String(), func(ctx context.Context, _ string) ([]client.DNSRecord, error) {
		return s.DNSRecords(ctx, list.place, list.object)
	})
	if client.IsNotFound(err) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	i := slices.IndexFunc(records, func(record client.DNSRecord) bool { return record.ID == id.object })
	if i < 0 {
		return none, nil
	}
	args, err := observedRecord(request.Inputs, records[i])
	if err != nil {
		return none, fmt.Errorf("the value of the DNS record %s: %w", id, err)
	}
	args.Domain = id.place
	return infer.ReadResponse[DNSRecordArgs, DNSRecordState]{ID: request.ID, Inputs: args, State: dnsRecordState(args, id.object)}, nil
}

// observedRecord is the inputs that describe a record as it is. What the user left to ArvanCloud stays left to it.
func observedRecord(args DNSRecordArgs, record client.DNSRecord) (DNSRecordArgs, error) {
	wanted := args
	args.Type, args.Name, args.TTL, args.Cloud = record.Type, record.Name, int(record.TTL), record.Cloud
	args.UpstreamHTTPS = record.UpstreamHTTPS
	if args.UpstreamHTTPS == "" {
		args.UpstreamHTTPS = defaultUpstreamHTTPS
	}
	if mode := record.IPFilterMode; mode != nil && args.IPFilterMode != nil {
		args.IPFilterMode = &DNSFilterMode{Count: told(args.IPFilterMode.Count, mode.Count), Order: told(args.IPFilterMode.Order, mode.Order),
			GeoFilter: told(args.IPFilterMode.GeoFilter, mode.GeoFilter)}
	}
	if wanted.Type == record.Type && (wanted.Value != nil || isAddressType(wanted.Type)) && sameValue(wanted, record.Value) {
		return args, nil
	}
	return args, args.setValue(record.Value)
}

// told is what the API tells, unless nothing was wanted.
func told(wanted, observed string) string {
	if wanted == "" {
		return ""
	}
	return observed
}

// Update changes the record's content.
func (*DNSRecord) Update(
	ctx context.Context, request infer.UpdateRequest[DNSRecordArgs, DNSRecordState],
) (infer.UpdateResponse[DNSRecordState], error) {
	state := dnsRecordState(request.Inputs, request.State.RecordID)
	if request.DryRun {
		return infer.UpdateResponse[DNSRecordState]{Output: state}, nil
	}
	id, err := parseIdentity(request.ID, formDNSRecord)
	if err != nil {
		return infer.UpdateResponse[DNSRecordState]{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	record, err := request.Inputs.record()
	if err != nil {
		return infer.UpdateResponse[DNSRecordState]{}, err
	}
	return infer.UpdateResponse[DNSRecordState]{Output: state}, sessionOf(ctx).UpdateDNSRecord(ctx, id.place, id.object, record)
}

// Delete removes the record.
func (*DNSRecord) Delete(ctx context.Context, request infer.DeleteRequest[DNSRecordState]) (infer.DeleteResponse, error) {
	id, err := parseIdentity(request.ID, formDNSRecord)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, deleteTimeout)
	defer cancel()
	if err := sessionOf(ctx).DeleteDNSRecord(ctx, id.place, id.object); err != nil && !client.IsNotFound(err) {
		return infer.DeleteResponse{}, err
	}
	return infer.DeleteResponse{}, nil
}
