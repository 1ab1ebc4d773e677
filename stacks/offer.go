package stacks

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/internal/providers"
)

// checkOffer asks the cloud whether the zone has what new and changed machines need, before anything is made, and returns the
// images' ids there. A machine that runs and stays as it is needs nothing: what its zone no longer offers must not stand in
// the way of another change. Its image is asked for all the same, because somebody may replace it by hand.
func checkOffer(ctx *pulumi.Context, cfg *Config, cloud *providers.Provider, running arvan.Running) (map[arvan.Image]string, error) {
	zone := &offer{ctx: ctx, zone: cfg.Cloud.Zone, cloud: cloud, images: map[arvan.Image]answer{}, plans: map[string]answer{}}
	imageIDs := map[arvan.Image]string{}
	for i, node := range cfg.Nodes {
		image, path := cfg.Cloud.Image, "cloud.image"
		if node.Image != nil {
			image, path = *node.Image, fmt.Sprintf("nodes[%d].image", i)
		}
		needsImage, needsPlan := running.Needs(node)
		if needsPlan {
			if plan := zone.plan(node.Plan); plan.err != nil {
				return nil, fmt.Errorf("nodes[%d].plan: %s", i, reason(plan.err))
			}
		}
		found, again := zone.image(image)
		switch {
		case found.err == nil:
			imageIDs[image] = found.id
		case needsImage:
			return nil, fmt.Errorf("%s: %s", path, reason(found.err))
		case !again:
			if err := ctx.Log.Warn(fmt.Sprintf("%s: %s. Machines that run keep theirs; none can be made from it", path, reason(found.err)), nil); err != nil {
				return nil, err
			}
		}
	}
	return imageIDs, nil
}

// offer is what a zone has, each thing asked for once.
type offer struct {
	ctx    *pulumi.Context
	zone   string
	cloud  *providers.Provider
	images map[arvan.Image]answer
	plans  map[string]answer
}

type answer struct {
	id  string
	err error
}

// image is an image's id in the zone, and whether it has been asked for before.
func (o *offer) image(image arvan.Image) (found answer, again bool) {
	if found, again = o.images[image]; again {
		return found, true
	}
	said, err := providers.GetImage(o.ctx, &providers.GetImageArgs{
		Distribution: image.Distribution, Version: image.Version, Zone: &o.zone,
	}, pulumi.Provider(o.cloud))
	if err == nil {
		found.id = said.ImageId
	}
	found.err = err
	o.images[image] = found
	return found, false
}

func (o *offer) plan(id string) answer {
	if _, asked := o.plans[id]; !asked {
		_, err := providers.GetPlan(o.ctx, &providers.GetPlanArgs{PlanId: id, Zone: &o.zone}, pulumi.Provider(o.cloud))
		o.plans[id] = answer{id, err}
	}
	return o.plans[id]
}

// reason is what the provider said, without what the calls between it and us put before it.
func reason(err error) string {
	text := err.Error()
	if _, said, found := strings.Cut(text, "returned an error: "); found {
		return said
	}
	return text
}

// checkPull asks the registry whether the exchange's image can be pulled. Where a mirror is asked first, that is the nodes' business.
func checkPull(ctx *pulumi.Context, cfg *Config) error {
	if _, mirrored := cfg.Mirrors.Registries[cfg.Exchange.Image.Registry()]; mirrored {
		return nil
	}
	return cfg.Exchange.Image.CheckPull(ctx.Context())
}
