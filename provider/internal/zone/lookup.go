package zone

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// Plan finds a plan of a zone, or says which there are.
func Plan(ctx context.Context, s *resource.Session, zone, id string) (client.Plan, error) {
	plans, err := Plans.Get(ctx, s, zone)
	if err != nil {
		return client.Plan{}, Explain(ctx, s, zone, err)
	}
	for _, plan := range plans {
		if plan.ID == id {
			return plan, nil
		}
	}
	return client.Plan{}, NoPlan(plans, zone, id)
}

// NoPlan says that a zone does not have a plan, and which it has.
func NoPlan(plans []client.Plan, zone, id string) error {
	all := make([]string, len(plans))
	for i, plan := range plans {
		all[i] = plan.ID
	}
	slices.Sort(all)
	return fmt.Errorf("zone %s has no plan %q; it has: %s", zone, id, strings.Join(all, ", "))
}

// Explain adds which zones there are to a "not found" that a list of a zone should never answer.
func Explain(ctx context.Context, s *resource.Session, zone string, err error) error {
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
