package zone

import (
	"context"
	"maps"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// Need is what a resource takes from a zone's quota, by the API's names of the limits.
type Need struct {
	Server string // name of the server, if it is one
	Items  map[string]int

	kind string
}

// Limits of a quota that resources take from.
const (
	QuotaServers        = "total_instances"
	QuotaCores          = "total_cores"
	QuotaMemory         = "total_ram_size" // MB
	QuotaKeys           = "total_keypairs"
	QuotaSecurityGroups = "security_groups"
	QuotaServerGroups   = "server_groups"
	QuotaFloatingIPs    = "total_floating_ips"
)

var (
	// What the stack adds is counted from what there was when the run began.
	quotas     = resource.List[client.Quota]{Name: "quotas", Catalogue: true, Read: quota}
	allServers = resource.List[[]client.Server]{Name: "all servers", Read: listServers}
)

func quota(ctx context.Context, s *resource.Session, zone string) (client.Quota, error) {
	return s.Quota(ctx, zone)
}

func listServers(ctx context.Context, s *resource.Session, zone string) ([]client.Server, error) {
	return s.Servers(ctx, zone)
}

// Takes checks that one more of something fits into the zone's quota.
func Takes(ctx context.Context, c *resource.Checker, input, zone, item string) {
	if c.Failed() || zone == "" {
		return
	}
	items := map[string]int{}
	if c.IsNew() {
		items[item] = 1
	}
	Fits(ctx, c, input, zone, Need{Items: items})
}

// Fits checks that what the stack adds as a whole, as far as it has been checked, fits into what the zone's quota leaves.
func Fits(ctx context.Context, c *resource.Checker, input, zone string, wanted Need) {
	s := resource.SessionOf(ctx)
	wanted.kind = c.Kind()
	needs := resource.Remembered[Planned[Need]](s, "needs")
	first := needs.Add(zone, c.Kind()+" "+c.Resource(), wanted)
	planned := slices.Collect(maps.Values(needs.Of(zone)))
	if !first || len(wanted.Items) == 0 {
		return
	}
	var quota client.Quota
	if !s.Ask(ctx, func(ctx context.Context) (err error) {
		quota, err = quotas.Get(ctx, s, zone)
		return err
	}) {
		return
	}
	for _, item := range slices.Sorted(maps.Keys(wanted.Items)) {
		limit, told := quota[item]
		if !told || limit.Unlimited || wanted.Items[item] <= 0 {
			continue
		}
		added := sum(planned, item)
		if limit.Used+added > limit.Limit {
			added -= sum(leftServers(ctx, s, zone, planned), item)
		}
		if limit.Used+added > limit.Limit {
			c.Fail(input, "the quota of zone %s does not allow this stack: %s has a limit of %d and %d are used, and the stack adds at least %d; "+
				"delete something or ask ArvanCloud's support for more", zone, item, limit.Limit, limit.Used, added)
		}
	}
}

func sum(needs []Need, item string) int {
	total := 0
	for _, need := range needs {
		total += need.Items[item]
	}
	return total
}

// leftServers are the needs of servers that an interrupted creation left behind: they are among what is used already.
func leftServers(ctx context.Context, s *resource.Session, zone string, planned []Need) []Need {
	var servers []client.Server
	if !s.Ask(ctx, func(ctx context.Context) (err error) {
		servers, err = allServers.Get(ctx, s, zone)
		return err
	}) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(planned), func(n Need) bool {
		return n.Server == "" || !slices.ContainsFunc(servers, func(server client.Server) bool {
			return server.Name == n.Server && !s.IsOwned(n.kind, resource.Identity{Place: zone, Object: server.ID}.String())
		})
	})
}
