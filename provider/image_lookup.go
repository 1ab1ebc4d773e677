package provider

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// lookupZone is the zone a function is to look in.
func lookupZone(ctx context.Context, zone string) (string, error) {
	config := infer.GetConfig[Config](ctx)
	if zone == "" {
		zone = or(config.Zone, "")
	}
	if problem := checkZone(zone, config.AdditionalZones); problem != "" {
		return "", fmt.Errorf("zone: %s", problem)
	}
	return zone, nil
}

// Invoke finds the image.
func (*GetImage) Invoke(
	ctx context.Context, request infer.FunctionRequest[GetImageArgs],
) (infer.FunctionResponse[GetImageResult], error) {
	zone, err := lookupZone(ctx, request.Input.Zone)
	if err != nil {
		return infer.FunctionResponse[GetImageResult]{}, err
	}
	s := sessionOf(ctx)
	groups, err := s.images.get(ctx, s, zone, s.Images)
	if err != nil {
		return infer.FunctionResponse[GetImageResult]{}, s.explainZone(ctx, zone, err)
	}
	var all []string
	for _, group := range groups {
		for _, image := range group.Images {
			if strings.EqualFold(group.Name, request.Input.Distribution) && image.Name == request.Input.Version {
				return infer.FunctionResponse[GetImageResult]{Output: GetImageResult{ID: image.ID, Zone: zone,
					Distribution: strings.ToLower(group.Name), Version: image.Name, DiskSize: int(image.Disk)}}, nil
			}
			all = append(all, strings.ToLower(group.Name)+" "+image.Name)
		}
	}
	slices.Sort(all)
	return infer.FunctionResponse[GetImageResult]{}, fmt.Errorf("zone %s has no image %s %s; it has: %s",
		zone, request.Input.Distribution, request.Input.Version, strings.Join(all, ", "))
}

// explainZone adds which zones there are to a "not found" that a list of a zone should never answer.
func (s *session) explainZone(ctx context.Context, zone string, err error) error {
	if err == nil || !client.HasStatus(err, http.StatusNotFound) {
		return err
	}
	zones, lookErr := s.Zones(ctx)
	if lookErr != nil {
		return err
	}
	var codes []string
	for _, zone := range zones {
		if zone.Create && zone.Visible {
			codes = append(codes, zone.Code)
		}
	}
	if slices.Contains(codes, zone) {
		return err
	}
	slices.Sort(codes)
	return fmt.Errorf("ArvanCloud has no availability zone %q open; it has: %s (%w)", zone, strings.Join(codes, ", "), err)
}
