package zone

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// HoursPerMonth is what ArvanCloud's prices of a month are made from.
const HoursPerMonth = 720

// PlanPrice is what a plan costs; not told when the list of plans cannot be had.
func PlanPrice(ctx context.Context, s *resource.Session, zone, planID string) (price client.Price, told bool) {
	if zone == "" || planID == "" {
		return price, false
	}
	plans, told := Plans.Peek(s, zone)
	if !told {
		told = s.Ask(ctx, func(ctx context.Context) (err error) {
			plans, err = Plans.Get(ctx, s, zone)
			return err
		})
	}
	for _, plan := range plans {
		if plan.ID == planID {
			price = client.Price{PerHour: plan.PricePerHour, PerMonth: plan.PricePerMonth}
		}
	}
	return price, told && price.PerHour > 0
}

// VolumePrice is what a volume costs. Only the price of plans is in a list; but the API computes what a plan costs with a disk,
// and the difference is the disk's.
func VolumePrice(ctx context.Context, s *resource.Session, zone string, size int) (price client.Price, told bool) {
	if zone == "" || size == 0 {
		return price, false
	}
	told = s.Ask(ctx, func(ctx context.Context) error {
		perGB, err := diskPrice.Get(ctx, s, zone)
		price = client.Price{PerHour: client.Number(perGB * float64(size)), PerMonth: client.Number(perGB * float64(size) * HoursPerMonth)}
		return err
	})
	return price, told && price.PerHour > 0
}

var diskPrice = resource.List[float64]{Name: "price of disks", Catalogue: true, Read: diskPricePerGB}

// diskPricePerGB is the price of a GB of disk for an hour.
func diskPricePerGB(ctx context.Context, s *resource.Session, zone string) (float64, error) {
	plans, err := Plans.Get(ctx, s, zone)
	if err != nil {
		return 0, err
	}
	if len(plans) == 0 {
		return 0, fmt.Errorf("zone %s has no plans", zone)
	}
	cheapest := slices.MinFunc(plans, func(a, b client.Plan) int { return strings.Compare(a.ID, b.ID) })
	const sample = 100 // GB
	with, err := s.PriceWithDisk(ctx, zone, cheapest.ID, sample)
	if err != nil {
		return 0, err
	}
	without, err := s.PriceWithDisk(ctx, zone, cheapest.ID, 0)
	return float64(with.PerHour-without.PerHour) / sample, err
}
