package provider

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// Domain is the resource arvancloud:cdn:Domain: a domain on ArvanCloud's CDN.
type Domain struct {
	kind[DomainArgs, DomainState, client.Domain]
}

// DomainArgs are the inputs of a Domain.
type DomainArgs struct {
	Domain    string `pulumi:"domain" provider:"replaceOnChanges" doc:"Name of the domain, for example iransre.ir."`
	Type      string `pulumi:"type,optional" provider:"replaceOnChanges" doc:"full (default: ArvanCloud serves the whole zone) or partial (by a CNAME)."`
	PlanLevel int    `pulumi:"planLevel,optional" doc:"Plan: 1 basic (default), 2 growth, 3 professional, 4 enterprise."`
}

// DomainState is what is known of a Domain.
type DomainState struct {
	DomainArgs
	DomainID           string   `pulumi:"domainId" doc:"Id of the domain."`
	Status             string   `pulumi:"status" doc:"pending until the registry points at the name servers, then active."`
	NameServers        []string `pulumi:"nameServers" doc:"Name servers to enter at the registry."`
	CurrentNameServers []string `pulumi:"currentNameServers" doc:"Name servers that the registry points at, as far as ArvanCloud knows."`
	TargetCname        string   `pulumi:"targetCname" doc:"What a partial domain's CNAME has to point at."`
}

// Annotate describes the resource in the schema.
func (d *Domain) Annotate(a infer.Annotator) {
	a.SetToken(moduleCDN, "Domain")
	a.Describe(&d, documented("A domain on ArvanCloud's CDN. Protect it: deletion takes all its records and settings along.",
		formDomain, "cdn:Domain", "domain: iransre.ir\nplanLevel: 2"))
}

// Annotate describes the inputs in the schema.
func (s *DomainArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

// Annotate describes the outputs in the schema.
func (s *DomainState) Annotate(a infer.Annotator) { describeFields(a, s) }

func newDomain() *Domain {
	return &Domain{kind[DomainArgs, DomainState, client.Domain]{
		name: kindDomain, form: formDomain,
		place: func(args DomainArgs) string { return args.Domain },
		list: func(ctx context.Context, s *session, name string) ([]client.Domain, error) {
			domain, err := s.Domain(ctx, name)
			if client.IsNotFound(err) {
				return nil, nil
			}
			return []client.Domain{domain}, err
		},
		id: func(client.Domain) string { return "" },
		check: func(_ context.Context, c *checker, args *DomainArgs) {
			c.domain("domain", &args.Domain)
			if c.decided("type") && args.Type == "" {
				args.Type = "full"
			}
			if c.known("type") {
				c.choice("type", args.Type, "full", "partial")
			}
			if c.decided("planLevel") && args.PlanLevel == 0 {
				args.PlanLevel = 1
			}
			if c.known("planLevel") && (args.PlanLevel < 1 || args.PlanLevel > 4) {
				c.fail("planLevel", "%d is not a plan: use 1 to 4", args.PlanLevel)
			}
		},
		// One that works has been set up by somebody: it has to be imported. One that does not may be what an attempt left.
		same: func(args DomainArgs, domain client.Domain) bool {
			return domain.Type == args.Type && domain.Status != "active"
		},
		make: func(ctx context.Context, s *session, args DomainArgs) (client.Domain, error) {
			return s.CreateDomain(ctx, args.Domain, args.Type, args.PlanLevel)
		},
		waiting: func(domain client.Domain) (string, error) {
			if domain.Status == client.DomainInitializing {
				return fmt.Sprintf("waiting while the domain %s is %s", domain.Name, domain.Status), nil
			}
			return "", nil
		},
		state: func(args DomainArgs, domain client.Domain, before DomainState) DomainState {
			if domain.ID == "" {
				before.DomainArgs = args
				return before
			}
			return DomainState{args, domain.ID, domain.Status, domain.NameServers, domain.Current, domain.Target}
		},
		observe: func(_ DomainArgs, domain client.Domain, _ bool, id identity) DomainArgs {
			return DomainArgs{id.place, domain.Type, int(domain.Plan)}
		},
		change: func(ctx context.Context, s *session, id identity, _ DomainState, args DomainArgs) error {
			return s.SetDomainPlan(ctx, id.place, args.PlanLevel)
		},
		remove: func(ctx context.Context, s *session, id identity, state DomainState) error {
			return s.DeleteDomain(ctx, id.place, state.DomainID)
		},
	}}
}
