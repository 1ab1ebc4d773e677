package provider

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
)

// preflight is what a session's checks remember of the stack, so that they can judge it as a whole. A resource is counted when
// it is checked first: the engine checks a resource that it replaces once more, as if it were new.
type preflight struct {
	needs    map[string]map[string]need           // by zone and resource
	networks map[string]map[string]plannedNetwork // by zone and resource
}

// need is what a resource takes from a zone's quota, by the API's names of the limits.
type need struct {
	kind   string
	server string // name of the server, if it is one
	items  map[string]int
}

// plannedNetwork is a network of the stack.
type plannedNetwork struct {
	name   string
	prefix netip.Prefix
}

// Limits of a quota that resources take from.
const (
	quotaServers        = "total_instances"
	quotaCores          = "total_cores"
	quotaMemory         = "total_ram_size" // MB
	quotaKeys           = "total_keypairs"
	quotaSecurityGroups = "security_groups"
	quotaServerGroups   = "server_groups"
	quotaFloatingIPs    = "total_floating_ips"
)

// remember stores what is planned for a resource, unless something is already.
func remember[T any](all *map[string]map[string]T, zone, resource string, planned T) (first bool) {
	if *all == nil {
		*all = map[string]map[string]T{}
	}
	if (*all)[zone] == nil {
		(*all)[zone] = map[string]T{}
	}
	if _, known := (*all)[zone][resource]; known {
		return false
	}
	(*all)[zone][resource] = planned
	return true
}

// isNew tells whether the resource is not in the state.
func (c *checker) isNew() bool { return c.old.Len() == 0 }

// changed tells whether the input is known and not what it was. What an object was made with is not checked again: ArvanCloud
// may have withdrawn it since.
func (c *checker) changed(name string) bool {
	if !c.known(name) {
		return false
	}
	before, there := c.old.GetOk(name)
	return !there || !before.Equals(c.inputs.Get(name))
}

// serverFits checks a server against what its zone offers: plan, image, the image's size, quota.
func (c *checker) serverFits(ctx context.Context, args *ServerArgs) {
	if len(c.failures) > 0 || args.Zone == "" || !c.known("planId") {
		return
	}
	s := sessionOf(ctx)
	var plans []client.Plan
	if !s.ask(ctx, func(ctx context.Context) (err error) {
		plans, err = s.plans.get(ctx, s, args.Zone, s.Plans)
		if err = s.explainZone(ctx, args.Zone, err); err != nil && !client.IsUnanswered(err) {
			c.fail("zone", "%v", err)
		}
		return err
	}) {
		return
	}
	find := func(id string) int {
		return slices.IndexFunc(plans, func(plan client.Plan) bool { return plan.ID == id })
	}
	i := find(args.PlanID)
	if i < 0 {
		if c.changed("planId") {
			c.fail("planId", "%v", noPlan(plans, args.Zone, args.PlanID))
		}
		return
	}
	plan := plans[i]
	if c.known("imageId") && c.decided("diskSize") && (c.changed("imageId") || c.isNew()) {
		c.imageFits(ctx, args, plan)
	}
	items := map[string]int{}
	if c.isNew() {
		items = map[string]int{quotaServers: 1, quotaCores: int(plan.CPUs), quotaMemory: int(plan.Memory * 1024)}
	} else if before := c.old.Get("planId"); before.IsString() && before.AsString() != plan.ID {
		if i := find(before.AsString()); i >= 0 {
			items = map[string]int{quotaCores: int(plan.CPUs - plans[i].CPUs), quotaMemory: int((plan.Memory - plans[i].Memory) * 1024)}
		}
	}
	c.quota(ctx, "planId", args.Zone, need{kindServer, args.Name, items})
}

// imageFits checks that the zone has the image, and the server the disk for it.
func (c *checker) imageFits(ctx context.Context, args *ServerArgs, plan client.Plan) {
	s := sessionOf(ctx)
	var groups []client.ImageGroup
	var private []client.Image
	if !s.ask(ctx, func(ctx context.Context) (err error) {
		if groups, err = s.images.get(ctx, s, args.Zone, s.Images); err == nil {
			private, err = s.private.get(ctx, s, args.Zone, s.PrivateImages)
		}
		return err
	}) {
		return
	}
	for _, group := range groups {
		private = append(slices.Clone(private), group.Images...)
	}
	i := slices.IndexFunc(private, func(image client.Image) bool { return image.ID == args.ImageID })
	if i < 0 {
		c.fail("imageId", "zone %s has no image %q; ids differ from zone to zone: look it up with getImage", args.Zone, args.ImageID)
		return
	}
	disk := args.DiskSize
	if disk == 0 {
		disk = max(minDiskSize, int(plan.Disk))
	}
	if needed := max(int(private[i].Disk), int(private[i].MinDisk)); needed > disk {
		c.fail("diskSize", "the image %s needs a disk of %d GB, and this server gets %d GB: set diskSize to %d or more",
			private[i].Name, needed, disk, needed)
	}
}

// takes checks that one more of something fits into the zone's quota.
func (c *checker) takes(ctx context.Context, kind, input, zone, item string) {
	if len(c.failures) > 0 || zone == "" {
		return
	}
	items := map[string]int{}
	if c.isNew() {
		items[item] = 1
	}
	c.quota(ctx, input, zone, need{kind: kind, items: items})
}

// quota checks that what the stack adds as a whole, as far as it has been checked, fits into what the zone's quota leaves.
func (c *checker) quota(ctx context.Context, input, zone string, wanted need) {
	s := sessionOf(ctx)
	s.mu.Lock()
	first := remember(&s.preflight.needs, zone, wanted.kind+" "+c.resource, wanted)
	planned := slices.Collect(maps.Values(s.preflight.needs[zone]))
	s.mu.Unlock()
	if !first || len(wanted.items) == 0 {
		return
	}
	var quota client.Quota
	if !s.ask(ctx, func(ctx context.Context) (err error) {
		quota, err = s.quotas.get(ctx, s, zone, s.Quota)
		return err
	}) {
		return
	}
	for _, item := range slices.Sorted(maps.Keys(wanted.items)) {
		limit, told := quota[item]
		if !told || limit.Unlimited || wanted.items[item] <= 0 {
			continue
		}
		added := sum(planned, item)
		if limit.Used+added > limit.Limit {
			added -= sum(s.leftServers(ctx, zone, planned), item)
		}
		if limit.Used+added > limit.Limit {
			c.fail(input, "the quota of zone %s does not allow this stack: %s has a limit of %d and %d are used, and the stack adds at least %d; "+
				"delete something or ask ArvanCloud's support for more", zone, item, limit.Limit, limit.Used, added)
		}
	}
}

func sum(needs []need, item string) int {
	total := 0
	for _, need := range needs {
		total += need.items[item]
	}
	return total
}

// leftServers are the needs of servers that an interrupted creation left behind: they are among what is used already.
func (s *session) leftServers(ctx context.Context, zone string, planned []need) []need {
	var servers []client.Server
	if !s.ask(ctx, func(ctx context.Context) (err error) {
		servers, err = s.servers.get(ctx, s, zone, s.Servers)
		return err
	}) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(planned), func(n need) bool {
		return n.server == "" || !slices.ContainsFunc(servers, func(server client.Server) bool {
			return server.Name == n.server && !s.isOwned(kindServer, identity{zone, server.ID}.String())
		})
	})
}

// rangeIsFree checks that no other network of the stack, and none in the zone, has addresses of the range.
func (c *checker) rangeIsFree(ctx context.Context, args *NetworkArgs, prefix netip.Prefix) {
	if len(c.failures) > 0 || args.Zone == "" {
		return
	}
	s := sessionOf(ctx)
	s.mu.Lock()
	first := remember(&s.preflight.networks, args.Zone, c.resource, plannedNetwork{args.Name, prefix})
	planned := maps.Clone(s.preflight.networks[args.Zone])
	s.mu.Unlock()
	if !first || !c.changed("cidr") {
		return
	}
	for _, resource := range slices.Sorted(maps.Keys(planned)) {
		if other := planned[resource]; resource != c.resource && other.prefix.Overlaps(prefix) {
			c.fail("cidr", "%s has addresses in common with %s of the network %s in this stack", prefix, other.prefix, resource)
			return
		}
	}
	var networks []client.Network
	if !s.ask(ctx, func(ctx context.Context) (err error) {
		networks, err = s.networks.get(ctx, s, args.Zone, s.Networks)
		return err
	}) {
		return
	}
	before := c.old.Get("name")
	for _, network := range networks {
		for _, subnet := range network.Subnets {
			there, err := netip.ParsePrefix(subnet.CIDR)
			// The network itself, before the change or left from an interrupted creation, is not another one.
			itself := network.Name == args.Name || before.IsString() && network.Name == before.AsString()
			if err != nil || network.Public || itself || !there.Overlaps(prefix) {
				continue
			}
			c.fail("cidr", "%s has addresses in common with %s of the network %s (%s), which zone %s has already",
				prefix, there, network.Name, identity{args.Zone, subnet.ID}, args.Zone)
			return
		}
	}
}

// noPlan says that a zone does not have a plan, and which it has.
func noPlan(plans []client.Plan, zone, id string) error {
	all := make([]string, len(plans))
	for i, plan := range plans {
		all[i] = plan.ID
	}
	slices.Sort(all)
	return fmt.Errorf("zone %s has no plan %q; it has: %s", zone, id, strings.Join(all, ", "))
}
