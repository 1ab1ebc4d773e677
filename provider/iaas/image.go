package iaas

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// GetImageArgs tell which image to find.
type GetImageArgs struct {
	Zone         string `pulumi:"zone,optional" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Distribution string `pulumi:"distribution" doc:"Distribution, for example debian or ubuntu (upper and lower case are the same)."`
	Version      string `pulumi:"version" doc:"Version, for example 12 or 24.04."`
}

// GetImageResult is the image found.
type GetImageResult struct {
	ID           string `pulumi:"imageId" doc:"Id of the image in this zone, as a Server takes it."`
	Zone         string `pulumi:"zone" doc:"Zone the image is in."`
	Distribution string `pulumi:"distribution" doc:"Distribution of the image."`
	Version      string `pulumi:"version" doc:"Version of the distribution."`
	DiskSize     int    `pulumi:"diskSize" doc:"Smallest root disk in GB that the image fits on; 0 when not told."`
}

// GetImage is the function arvancloud:iaas:getImage. It exists because the id of an image differs from zone to zone.
var GetImage = &resource.Function[GetImageArgs, GetImageResult]{
	Type:  "iaas:getImage",
	About: "Finds a distribution's image in a zone.",
	Call: func(ctx context.Context, s *resource.Session, arguments GetImageArgs) (GetImageResult, error) {
		zoneName, err := resource.LookupZone(ctx, arguments.Zone)
		if err != nil {
			return GetImageResult{}, err
		}
		groups, err := zone.Images.Get(ctx, s, zoneName)
		if err != nil {
			return GetImageResult{}, zone.Explain(ctx, s, zoneName, err)
		}
		var all []string
		for _, group := range groups {
			for _, image := range group.Images {
				if strings.EqualFold(group.Name, arguments.Distribution) && image.Name == arguments.Version {
					return GetImageResult{ID: image.ID, Zone: zoneName, Distribution: strings.ToLower(group.Name), Version: image.Name,
						DiskSize: int(image.Disk)}, nil
				}
				all = append(all, strings.ToLower(group.Name)+" "+image.Name)
			}
		}
		slices.Sort(all)
		return GetImageResult{}, fmt.Errorf("zone %s has no image %s %s; it has: %s",
			zoneName, arguments.Distribution, arguments.Version, strings.Join(all, ", "))
	},
}
