package provider

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// PtrRecord is the resource arvancloud:networking:PtrRecord: the reverse name of a public address.
type PtrRecord struct {
	kind[PtrRecordArgs, PtrRecordState, reverseName]
}

// PtrRecordArgs are the inputs of a PtrRecord.
type PtrRecordArgs struct {
	Zone    string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone of the address. Default: the zone of the provider's configuration."`
	Address string `pulumi:"address" provider:"replaceOnChanges" doc:"Public address of a server, or a floating one."`
	Domain  string `pulumi:"domain" doc:"Host name that the address is to have, for example mail.iransre.ir."`
}

// PtrRecordState is what is known of a PtrRecord.
type PtrRecordState struct{ PtrRecordArgs }

// reverseName is the name of an address. Those of floating addresses the API does not tell.
type reverseName struct {
	address, domain string
	told            bool
}

// Annotate describes the resource in the schema.
func (r *PtrRecord) Annotate(a infer.Annotator) {
	a.SetToken(moduleNetworking, "PtrRecord")
	a.Describe(&r, documented("The reverse name of a public address, as mail servers ask for it. A name that the address has already is replaced. "+
		"The API does not tell the names of floating addresses, so changes made to those elsewhere are not seen.",
		formPtrRecord, "networking:PtrRecord", "address: ${server.publicAddress}\ndomain: mail.iransre.ir"))
}

// Annotate describes the inputs in the schema.
func (s *PtrRecordArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

func newPtrRecord() *PtrRecord {
	// The API cannot change a name, and refuses a second one.
	set := func(ctx context.Context, s *session, args PtrRecordArgs) error {
		if err := s.DeletePTR(ctx, args.Zone, args.Address); err != nil && !client.IsNotFound(err) {
			return err
		}
		return s.CreatePTR(ctx, args.Zone, args.Address, args.Domain)
	}
	return &PtrRecord{kind[PtrRecordArgs, PtrRecordState, reverseName]{
		name: kindPtrRecord, form: formPtrRecord,
		place: func(args PtrRecordArgs) string { return args.Zone },
		list:  reverseNames,
		id:    func(name reverseName) string { return name.address },
		check: func(ctx context.Context, c *checker, args *PtrRecordArgs) {
			c.zone(ctx, &args.Zone)
			if c.known("address") {
				c.address("address", args.Address)
			}
			if c.known("domain") {
				args.Domain = strings.TrimSuffix(strings.ToLower(args.Domain), ".")
				if !domainPattern.MatchString(args.Domain) {
					c.fail("domain", "%q is not a host name such as mail.iransre.ir", args.Domain)
				}
			}
		},
		make: func(ctx context.Context, s *session, args PtrRecordArgs) (reverseName, error) {
			return reverseName{address: args.Address}, set(ctx, s, args)
		},
		state: func(args PtrRecordArgs, _ reverseName, _ PtrRecordState) PtrRecordState { return PtrRecordState{args} },
		observe: func(args PtrRecordArgs, name reverseName, _ bool, id identity) PtrRecordArgs {
			args.Zone, args.Address = id.place, name.address
			if name.told {
				args.Domain = name.domain
			}
			return args
		},
		change: func(ctx context.Context, s *session, _ identity, _ PtrRecordState, args PtrRecordArgs) error {
			return set(ctx, s, args)
		},
		remove: func(ctx context.Context, s *session, id identity, _ PtrRecordState) error {
			return s.DeletePTR(ctx, id.place, id.object)
		},
	}}
}

// reverseNames lists the addresses of a zone that have a name, or may have one.
func reverseNames(ctx context.Context, s *session, zone string) ([]reverseName, error) {
	networks, err := s.Networks(ctx, zone)
	if err != nil {
		return nil, err
	}
	var names []reverseName
	for _, network := range networks {
		for _, subnet := range network.Subnets {
			for _, server := range subnet.Servers {
				for _, address := range server.Addresses {
					if address.Domain != "" {
						names = append(names, reverseName{address.IP, string(address.Domain), true})
					}
				}
			}
		}
	}
	floating, err := s.FloatingIPs(ctx, zone)
	for _, address := range floating {
		names = append(names, reverseName{address: address.Address})
	}
	return names, err
}
