package account

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// zones is the one list of all zones.
var zones = resource.List[[]client.Zone]{Name: "zones", Catalogue: true,
	Read: func(ctx context.Context, s *resource.Session, _ string) ([]client.Zone, error) { return s.Zones(ctx) }}

// listOf is a list of a zone, with the zone that it is of.
func listOf[T any](ctx context.Context, s *resource.Session, arguments ZoneArgs, list resource.List[T]) (string, T, error) {
	var none T
	place, err := resource.LookupZone(ctx, arguments.Zone)
	if err != nil {
		return "", none, err
	}
	value, err := list.Get(ctx, s, place)
	if err != nil {
		return "", none, zone.Explain(ctx, s, place, err)
	}
	return place, value, nil
}

// GetZones is the function arvancloud:account:getZones.
var GetZones = &resource.Function[GetZonesArgs, GetZonesResult]{
	Type:  "account:getZones",
	About: "Lists ArvanCloud's availability zones.",
	Call: func(ctx context.Context, s *resource.Session, _ GetZonesArgs) (GetZonesResult, error) {
		all, err := zones.Get(ctx, s, "")
		result := GetZonesResult{Zones: []ZoneInfo{}}
		for _, zone := range all {
			result.Zones = append(result.Zones, ZoneInfo{Code: zone.Code, Name: zone.Name, City: zone.City, Country: zone.Country,
				Open: zone.Create && zone.Visible})
		}
		slices.SortFunc(result.Zones, func(a, b ZoneInfo) int { return strings.Compare(a.Code, b.Code) })
		return result, err
	},
}

// GetPlans is the function arvancloud:account:getPlans.
var GetPlans = &resource.Function[ZoneArgs, GetPlansResult]{
	Type:  "account:getPlans",
	About: "Lists a zone's plans (sizes of servers) with their prices.",
	Call: func(ctx context.Context, s *resource.Session, arguments ZoneArgs) (GetPlansResult, error) {
		place, plans, err := listOf(ctx, s, arguments, zone.Plans)
		result := GetPlansResult{Zone: place, Plans: []PlanInfo{}}
		for _, plan := range plans {
			result.Plans = append(result.Plans, PlanInfo{plan.ID, plan.Name, int(plan.CPUs), float64(plan.Memory), int(plan.Disk),
				float64(plan.PricePerHour), float64(plan.PricePerMonth)})
		}
		slices.SortFunc(result.Plans, func(a, b PlanInfo) int {
			return cmp.Or(cmp.Compare(a.PricePerHour, b.PricePerHour), strings.Compare(a.ID, b.ID))
		})
		return result, err
	},
}

// GetImages is the function arvancloud:account:getImages.
var GetImages = &resource.Function[ZoneArgs, GetImagesResult]{
	Type:  "account:getImages",
	About: "Lists a zone's distribution images.",
	Call: func(ctx context.Context, s *resource.Session, arguments ZoneArgs) (GetImagesResult, error) {
		place, groups, err := listOf(ctx, s, arguments, zone.Images)
		result := GetImagesResult{Zone: place, Images: []ImageInfo{}}
		for _, group := range groups {
			for _, image := range group.Images {
				result.Images = append(result.Images, ImageInfo{image.ID, strings.ToLower(group.Name), image.Name, int(image.Disk)})
			}
		}
		slices.SortFunc(result.Images, func(a, b ImageInfo) int {
			return cmp.Or(strings.Compare(a.Distribution, b.Distribution), strings.Compare(a.Version, b.Version))
		})
		return result, err
	},
}

// GetNetworks is the function arvancloud:account:getNetworks.
var GetNetworks = &resource.Function[ZoneArgs, GetNetworksResult]{
	Type:  "account:getNetworks",
	About: "Lists a zone's networks, the public one too.",
	Call: func(ctx context.Context, s *resource.Session, arguments ZoneArgs) (GetNetworksResult, error) {
		place, networks, err := listOf(ctx, s, arguments, zone.Networks)
		result := GetNetworksResult{Zone: place, Networks: []NetworkInfo{}}
		for _, network := range networks {
			for _, subnet := range network.Subnets {
				result.Networks = append(result.Networks, NetworkInfo{network.ID, subnet.ID, network.Name, subnet.CIDR, network.Public})
			}
		}
		slices.SortFunc(result.Networks, func(a, b NetworkInfo) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.SubnetID, b.SubnetID))
		})
		return result, err
	},
}

// GetQuota is the function arvancloud:account:getQuota.
var GetQuota = &resource.Function[ZoneArgs, GetQuotaResult]{
	Type:  "account:getQuota",
	About: "Tells what a zone may hold and what it holds.",
	Call: func(ctx context.Context, s *resource.Session, arguments ZoneArgs) (GetQuotaResult, error) {
		place, err := resource.LookupZone(ctx, arguments.Zone)
		if err != nil {
			return GetQuotaResult{}, err
		}
		quota, err := s.Quota(ctx, place)
		err = zone.Explain(ctx, s, place, err)
		result := GetQuotaResult{Zone: place, Items: map[string]QuotaInfo{}}
		for name, item := range quota {
			result.Items[name] = QuotaInfo(item)
		}
		return result, err
	},
}

// GetAccount is the function arvancloud:account:getAccount.
var GetAccount = &resource.Function[GetAccountArgs, GetAccountResult]{
	Type:  "account:getAccount",
	About: "Tells whose the API key is.",
	Call: func(ctx context.Context, s *resource.Session, _ GetAccountArgs) (GetAccountResult, error) {
		account, err := s.Account(ctx)
		return GetAccountResult{string(account.ID), account.Name}, err
	},
}
