package iaas

import (
	"context"
	"fmt"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// minDiskSize is the smallest root disk that ArvanCloud makes, in GB.
const minDiskSize = 25

// checkServer refuses what the API would refuse later, when half of the stack is made.
func checkServer(ctx context.Context, c *resource.Checker, args *ServerArgs) {
	c.Zone(ctx, &args.Zone)
	c.Name("name", args.Name)
	for input, value := range map[string]string{"planId": args.PlanID, "imageId": args.ImageID} {
		if c.Known(input) && value == "" {
			c.Fail(input, "this may not be empty")
		}
	}
	if c.Known("powerState") {
		c.Choice("powerState", args.PowerState, "", powerOn, powerOff)
	}
	if c.Known("diskSize") && args.DiskSize != 0 && args.DiskSize < minDiskSize {
		c.Fail("diskSize", "%d GB is too small: the smallest disk has %d GB", args.DiskSize, minDiskSize)
	}
	if c.Known("networks") {
		seen := map[string]bool{}
		for i, network := range args.Networks {
			if seen[network.NetworkID] {
				c.Fail(fmt.Sprintf("networks[%d].networkId", i), "the network %s is listed twice", network.NetworkID)
			}
			seen[network.NetworkID] = true
		}
	}
	if c.Decided("networks") && c.Decided("enablePublicAddress") && !args.wantsPublicAddress() && len(args.Networks) == 0 {
		c.Fail("networks", "a server without a public address needs a network")
	}
	serverAddresses(c, args.Networks)
	serverFits(ctx, c, args)
}

// serverAddresses checks the addresses that are known, though the ids of their networks may not be.
func serverAddresses(c *resource.Checker, networks []ServerNetwork) {
	value := c.Input("networks")
	if !value.IsArray() {
		return
	}
	for i, element := range value.AsArray().All {
		if !element.IsMap() || i >= len(networks) {
			continue
		}
		address := element.AsMap().Get("address")
		if address.IsString() && networks[i].Address != "" {
			c.Address(fmt.Sprintf("networks[%d].address", i), networks[i].Address)
		}
	}
}

// privateImages are the images that the account made itself, as they were when the run began.
var privateImages = resource.List[[]client.Image]{Name: "private images", Catalogue: true,
	Read: func(ctx context.Context, s *resource.Session, zone string) ([]client.Image, error) {
		return s.PrivateImages(ctx, zone)
	}}

// serverFits checks a server against what its zone offers: plan, image, the image's size, quota.
func serverFits(ctx context.Context, c *resource.Checker, args *ServerArgs) {
	if c.Failed() || args.Zone == "" || !c.Known("planId") {
		return
	}
	s := resource.SessionOf(ctx)
	var plans []client.Plan
	if !s.Ask(ctx, func(ctx context.Context) (err error) {
		plans, err = zone.Plans.Get(ctx, s, args.Zone)
		if err = zone.Explain(ctx, s, args.Zone, err); err != nil && !client.IsUnanswered(err) {
			c.Fail("zone", "%v", err)
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
		if c.Changed("planId") {
			c.Fail("planId", "%v", zone.NoPlan(plans, args.Zone, args.PlanID))
		}
		return
	}
	plan := plans[i]
	if c.Known("imageId") && c.Decided("diskSize") && (c.Changed("imageId") || c.IsNew()) {
		imageFits(ctx, c, args, plan)
	}
	items := map[string]int{}
	if c.IsNew() {
		items = map[string]int{zone.QuotaServers: 1, zone.QuotaCores: int(plan.CPUs), zone.QuotaMemory: int(plan.Memory * 1024)}
	} else if before := c.Old("planId"); before.IsString() && before.AsString() != plan.ID {
		if i := find(before.AsString()); i >= 0 {
			items = map[string]int{zone.QuotaCores: int(plan.CPUs - plans[i].CPUs), zone.QuotaMemory: int((plan.Memory - plans[i].Memory) * 1024)}
		}
	}
	zone.Fits(ctx, c, "planId", args.Zone, zone.Need{Server: args.Name, Items: items})
}

// imageFits checks that the zone has the image, and the server the disk for it.
func imageFits(ctx context.Context, c *resource.Checker, args *ServerArgs, plan client.Plan) {
	s := resource.SessionOf(ctx)
	var groups []client.ImageGroup
	var private []client.Image
	if !s.Ask(ctx, func(ctx context.Context) (err error) {
		if groups, err = zone.Images.Get(ctx, s, args.Zone); err == nil {
			private, err = privateImages.Get(ctx, s, args.Zone)
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
		c.Fail("imageId", "zone %s has no image %q; ids differ from zone to zone: look it up with getImage", args.Zone, args.ImageID)
		return
	}
	disk := args.DiskSize
	if disk == 0 {
		disk = max(minDiskSize, int(plan.Disk))
	}
	if needed := max(int(private[i].Disk), int(private[i].MinDisk)); needed > disk {
		c.Fail("diskSize", "the image %s needs a disk of %d GB, and this server gets %d GB: set diskSize to %d or more",
			private[i].Name, needed, disk, needed)
	}
}
