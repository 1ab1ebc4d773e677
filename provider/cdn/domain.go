package cdn

import (
	"context"
	"fmt"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

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

// Domain is the resource arvancloud:cdn:Domain: a domain on ArvanCloud's CDN.
var Domain = &resource.Kind[DomainArgs, DomainState, client.Domain]{
	Type:        "cdn:Domain",
	Name:        "domain",
	IDs:         "<domain>",
	About:       "A domain on ArvanCloud's CDN. Protect it: deletion takes all its records and settings along.",
	Example:     "domain: iransre.ir\nplanLevel: 2",
	Replacement: resource.DeletesFirst,

	Place: func(args DomainArgs) string { return args.Domain },
	List: func(ctx context.Context, s *resource.Session, name string) ([]client.Domain, error) {
		domain, err := s.Domain(ctx, name)
		if client.IsNotFound(err) {
			return nil, nil
		}
		return []client.Domain{domain}, err
	},
	ID: func(client.Domain) string { return "" },
	Check: func(_ context.Context, c *resource.Checker, args *DomainArgs) {
		c.Domain("domain", &args.Domain)
		if c.Decided("type") && args.Type == "" {
			args.Type = "full"
		}
		if c.Known("type") {
			c.Choice("type", args.Type, "full", "partial")
		}
		if c.Decided("planLevel") && args.PlanLevel == 0 {
			args.PlanLevel = 1
		}
		if c.Known("planLevel") && (args.PlanLevel < 1 || args.PlanLevel > 4) {
			c.Fail("planLevel", "%d is not a plan: use 1 to 4", args.PlanLevel)
		}
	},
	// One that works has been set up by somebody: it has to be imported. One that does not may be what an attempt left.
	Same: func(args DomainArgs, domain client.Domain) bool {
		return domain.Type == args.Type && domain.Status != "active"
	},
	InTheWay: func(DomainArgs, client.Domain) bool { return true },
	Describe: func(domain client.Domain) string { return domain.Type + ", " + domain.Status },
	Make: func(ctx context.Context, s *resource.Session, args DomainArgs) (client.Domain, error) {
		return s.CreateDomain(ctx, args.Domain, args.Type, args.PlanLevel)
	},
	Waiting: func(domain client.Domain) (string, error) {
		if domain.Status == client.DomainInitializing {
			return fmt.Sprintf("waiting while the domain %s is %s", domain.Name, domain.Status), nil
		}
		return "", nil
	},
	State: func(args DomainArgs, domain client.Domain, before DomainState) DomainState {
		if domain.ID == "" {
			before.DomainArgs = args
			return before
		}
		return DomainState{args, domain.ID, domain.Status, domain.NameServers, domain.Current, domain.Target}
	},
	Observe: func(_ DomainArgs, domain client.Domain, _ bool, id resource.Identity) DomainArgs {
		return DomainArgs{id.Place, domain.Type, int(domain.Plan)}
	},
	Change: func(ctx context.Context, s *resource.Session, id resource.Identity, _ DomainState, args DomainArgs) error {
		return s.SetDomainPlan(ctx, id.Place, args.PlanLevel)
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, state DomainState) error {
		return s.DeleteDomain(ctx, id.Place, state.DomainID)
	},
}
