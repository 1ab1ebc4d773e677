package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/iransre/exchange-platform/provider/client"
)

// hoursPerMonth is what ArvanCloud's prices of a month are made from.
const hoursPerMonth = 720

// planPrice is what a plan costs; not told when the list of plans cannot be had.
func (s *session) planPrice(ctx context.Context, zone, planID string) (price client.Price, told bool) {
	if zone == "" || planID == "" {
		return price, false
	}
	plans, told := s.plans.peek(zone)
	if !told {
		told = s.ask(ctx, func(ctx context.Context) (err error) {
			plans, err = s.plans.get(ctx, s, zone, s.Plans)
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

// volumePrice is what a volume costs. Only the price of plans is in a list; but the API computes what a plan costs with a disk,
// and the difference is the disk's.
func (s *session) volumePrice(ctx context.Context, zone string, size int) (price client.Price, told bool) {
	if zone == "" || size == 0 {
		return price, false
	}
	told = s.ask(ctx, func(ctx context.Context) error {
		perGB, err := s.diskPrice.get(ctx, s, zone, s.diskPricePerGB)
		price = client.Price{PerHour: client.Number(perGB * float64(size)), PerMonth: client.Number(perGB * float64(size) * hoursPerMonth)}
		return err
	})
	return price, told && price.PerHour > 0
}

// diskPricePerGB is the price of a GB of disk for an hour.
func (s *session) diskPricePerGB(ctx context.Context, zone string) (float64, error) {
	plans, err := s.plans.get(ctx, s, zone, s.Plans)
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

// withUnknownPrices makes prices that a preview could not find out unknown, instead of nothing.
func withUnknownPrices(result property.Map) property.Map {
	for _, name := range []string{"pricePerHour", "pricePerMonth"} {
		if price, there := result.GetOk(name); there && price.IsNumber() && price.AsNumber() == 0 {
			result = result.Set(name, property.New(property.Computed))
		}
	}
	return result
}

// ask asks the API something that the caller can do without, quickly and without insisting. When the API cannot be reached it
// warns, once in a session, and is not asked again.
func (s *session) ask(ctx context.Context, question func(context.Context) error) (answered bool) {
	s.mu.Lock()
	silent := s.silent
	s.mu.Unlock()
	if silent {
		return false
	}
	quick, cancel := context.WithTimeout(client.Once(ctx), s.tuning.askTimeout)
	defer cancel()
	err := question(quick)
	if err == nil || !client.IsUnanswered(err) || ctx.Err() != nil {
		return err == nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.silent {
		s.silent = true
		s.tuning.warn(ctx, fmt.Sprintf("ArvanCloud's API could not be asked, so this run goes without prices and without the checks against "+
			"the account (plans, images, quota, existing networks): %v", err))
	}
	return false
}
