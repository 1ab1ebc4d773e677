package provider

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// allZones keys the one list of zones that the session keeps.
const allZones = ""

// Invoke lists the zones.
func (*GetZones) Invoke(
	ctx context.Context, _ infer.FunctionRequest[GetZonesArgs],
) (infer.FunctionResponse[GetZonesResult], error) {
	s := sessionOf(ctx)
	zones, err := s.zones.get(ctx, s, allZones, func(ctx context.Context, _ string) ([]client.Zone, error) { return s.Zones(ctx) })
	result := GetZonesResult{Zones: []ZoneInfo{}}
	for _, zone := range zones {
		result.Zones = append(result.Zones, ZoneInfo{Code: zone.Code, Name: zone.Name, City: zone.City, Country: zone.Country,
			Open: zone.Create && zone.Visible})
	}
	slices.SortFunc(result.Zones, func(a, b ZoneInfo) int { return strings.Compare(a.Code, b.Code) })
	return infer.FunctionResponse[GetZonesResult]{Output: result}, err
}

// zoneList asks the API for a list of a zone, and explains a zone that there is not.
func zoneList[T any](
	ctx context.Context, zone string, list func(*session) *listing[T], read func(*session) func(context.Context, string) (T, error),
) (string, T, error) {
	var none T
	zone, err := lookupZone(ctx, zone)
	if err != nil {
		return "", none, err
	}
	s := sessionOf(ctx)
	value, err := list(s).get(ctx, s, zone, read(s))
	if err != nil {
		return "", none, s.explainZone(ctx, zone, err)
	}
	return zone, value, nil
}

// Invoke lists the plans.
func (*GetPlans) Invoke(
	ctx context.Context, request infer.FunctionRequest[ZoneArgs],
) (infer.FunctionResponse[GetPlansResult], error) {
	zone, plans, err := zoneList(ctx, request.Input.Zone, func(s *session) *listing[[]client.Plan] { return &s.plans },
		func(s *session) func(context.Context, string) ([]client.Plan, error) { return s.Plans })
	result := GetPlansResult{Zone: zone, Plans: []PlanInfo{}}
	for _, plan := range plans {
		result.Plans = append(result.Plans, PlanInfo{plan.ID, plan.Name, int(plan.CPUs), float64(plan.Memory), int(plan.Disk),
			float64(plan.PricePerHour), float64(plan.PricePerMonth)})
	}
	slices.SortFunc(result.Plans, func(a, b PlanInfo) int {
		return cmp.Or(cmp.Compare(a.PricePerHour, b.PricePerHour), strings.Compare(a.ID, b.ID))
	})
	return infer.FunctionResponse[GetPlansResult]{Output: result}, err
}

// Invoke lists the images.
func (*GetImages) Invoke(
	ctx context.Context, request infer.FunctionRequest[ZoneArgs],
) (infer.FunctionResponse[GetImagesResult], error) {
	zone, groups, err := zoneList(ctx, request.Input.Zone, func(s *session) *listing[[]client.ImageGroup] { return &s.images },
		func(s *session) func(context.Context, string) ([]client.ImageGroup, error) { return s.Images })
	result := GetImagesResult{Zone: zone, Images: []ImageInfo{}}
	for _, group := range groups {
		for _, image := range group.Images {
			result.Images = append(result.Images, ImageInfo{image.ID, strings.ToLower(group.Name), image.Name, int(image.Disk)})
		}
	}
	slices.SortFunc(result.Images, func(a, b ImageInfo) int {
		return cmp.Or(strings.Compare(a.Distribution, b.Distribution), strings.Compare(a.Version, b.Version))
	})
	return infer.FunctionResponse[GetImagesResult]{Output: result}, err
}

// Invoke lists the networks.
func (*GetNetworks) Invoke(
	ctx context.Context, request infer.FunctionRequest[ZoneArgs],
) (infer.FunctionResponse[GetNetworksResult], error) {
	zone, networks, err := zoneList(ctx, request.Input.Zone, func(s *session) *listing[[]client.Network] { return &s.networks },
		func(s *session) func(context.Context, string) ([]client.Network, error) { return s.Networks })
	result := GetNetworksResult{Zone: zone, Networks: []NetworkInfo{}}
	for _, network := range networks {
		for _, subnet := range network.Subnets {
			result.Networks = append(result.Networks, NetworkInfo{network.ID, subnet.ID, network.Name, subnet.CIDR, network.Public})
		}
	}
	slices.SortFunc(result.Networks, func(a, b NetworkInfo) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.SubnetID, b.SubnetID))
	})
	return infer.FunctionResponse[GetNetworksResult]{Output: result}, err
}

// Invoke tells the quota.
func (*GetQuota) Invoke(
	ctx context.Context, request infer.FunctionRequest[ZoneArgs],
) (infer.FunctionResponse[GetQuotaResult], error) {
	zone, quota, err := zoneList(ctx, request.Input.Zone, func(*session) *listing[client.Quota] { return &listing[client.Quota]{} },
		func(s *session) func(context.Context, string) (client.Quota, error) { return s.Quota })
	result := GetQuotaResult{Zone: zone, Items: map[string]QuotaInfo{}}
	for name, item := range quota {
		result.Items[name] = QuotaInfo(item)
	}
	return infer.FunctionResponse[GetQuotaResult]{Output: result}, err
}

// Invoke tells the account.
func (*GetAccount) Invoke(
	ctx context.Context, _ infer.FunctionRequest[GetAccountArgs],
) (infer.FunctionResponse[GetAccountResult], error) {
	account, err := sessionOf(ctx).Account(ctx)
	return infer.FunctionResponse[GetAccountResult]{Output: GetAccountResult{string(account.ID), account.Name}}, err
}
