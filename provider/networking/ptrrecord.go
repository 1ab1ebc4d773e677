package networking

import (
	"context"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

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

// PtrRecord is the resource arvancloud:networking:PtrRecord: the reverse name of a public address.
var PtrRecord = &resource.Kind[PtrRecordArgs, PtrRecordState, reverseName]{
	Type: "networking:PtrRecord",
	Name: "reverse name",
	IDs:  "<zone>/<address>",
	About: "The reverse name of a public address, as mail servers ask for it. A name that the address has already is replaced. " +
		"The API does not tell the names of floating addresses, so changes made to those elsewhere are not seen.",
	Example:     "address: ${server.publicAddress}\ndomain: mail.iransre.ir",
	Replacement: resource.DeletesFirst,

	Place: func(args PtrRecordArgs) string { return args.Zone },
	List:  reverseNames,
	ID:    func(name reverseName) string { return name.address },
	Check: func(ctx context.Context, c *resource.Checker, args *PtrRecordArgs) {
		c.Zone(ctx, &args.Zone)
		if c.Known("address") {
			c.Address("address", args.Address)
		}
		if c.Known("domain") {
			args.Domain = strings.TrimSuffix(strings.ToLower(args.Domain), ".")
			if !resource.IsDomain(args.Domain) {
				c.Fail("domain", "%q is not a host name such as mail.iransre.ir", args.Domain)
			}
		}
	},
	Make: func(ctx context.Context, s *resource.Session, args PtrRecordArgs) (reverseName, error) {
		return reverseName{address: args.Address}, setReverseName(ctx, s, args)
	},
	State: func(args PtrRecordArgs, _ reverseName, _ PtrRecordState) PtrRecordState { return PtrRecordState{args} },
	Observe: func(args PtrRecordArgs, name reverseName, _ bool, id resource.Identity) PtrRecordArgs {
		args.Zone, args.Address = id.Place, name.address
		if name.told {
			args.Domain = name.domain
		}
		return args
	},
	Change: func(ctx context.Context, s *resource.Session, _ resource.Identity, _ PtrRecordState, args PtrRecordArgs) error {
		return setReverseName(ctx, s, args)
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ PtrRecordState) error {
		return s.DeletePTR(ctx, id.Place, id.Object)
	},
}

// reverseNames lists the addresses of a zone that have a name, or may have one.
func reverseNames(ctx context.Context, s *resource.Session, zone string) ([]reverseName, error) {
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

// setReverseName gives the address a name. The API cannot change a name, and refuses a second one.
func setReverseName(ctx context.Context, s *resource.Session, args PtrRecordArgs) error {
	if err := s.DeletePTR(ctx, args.Zone, args.Address); err != nil && !client.IsNotFound(err) {
		return err
	}
	return s.CreatePTR(ctx, args.Zone, args.Address, args.Domain)
}
