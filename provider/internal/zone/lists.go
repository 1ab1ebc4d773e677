// Package zone is what the resources of an availability zone share: what the zone offers and costs, and what a stack takes of it.
package zone

import (
	"context"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// Lists of a zone that more than one resource or function reads.
var (
	Plans    = resource.List[[]client.Plan]{Name: "plans", Catalogue: true, Read: plans}
	Images   = resource.List[[]client.ImageGroup]{Name: "images", Catalogue: true, Read: images}
	Networks = resource.List[[]client.Network]{Name: "all networks", Read: networks}
	Ports    = resource.List[[]client.Port]{Name: "all ports", Read: ports}
)

func plans(ctx context.Context, s *resource.Session, zone string) ([]client.Plan, error) {
	return s.Plans(ctx, zone)
}

func images(ctx context.Context, s *resource.Session, zone string) ([]client.ImageGroup, error) {
	return s.Images(ctx, zone)
}

func networks(ctx context.Context, s *resource.Session, zone string) ([]client.Network, error) {
	return s.Networks(ctx, zone)
}

func ports(ctx context.Context, s *resource.Session, zone string) ([]client.Port, error) {
	return s.Ports(ctx, zone)
}
