package iaas

import (
	"context"

	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// GetPlanArgs tell which plan to find.
type GetPlanArgs struct {
	Zone string `pulumi:"zone,optional" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	ID   string `pulumi:"planId" doc:"Id of the plan, for example g2-4-2-0."`
}

// GetPlanResult is the plan found.
type GetPlanResult struct {
	ID            string  `pulumi:"planId" doc:"Id of the plan, as a Server takes it."`
	Zone          string  `pulumi:"zone" doc:"Zone the plan is in."`
	Name          string  `pulumi:"name" doc:"Name of the plan."`
	CPUs          int     `pulumi:"cpus" doc:"Number of virtual CPUs."`
	Memory        float64 `pulumi:"memory" doc:"Memory in GB."`
	DiskSize      int     `pulumi:"diskSize" doc:"Disk in GB."`
	PricePerHour  float64 `pulumi:"pricePerHour" doc:"Price of an hour in rials."`
	PricePerMonth float64 `pulumi:"pricePerMonth" doc:"Price of a month in rials."`
}

// GetPlan is the function arvancloud:iaas:getPlan.
var GetPlan = &resource.Function[GetPlanArgs, GetPlanResult]{
	Type:  "iaas:getPlan",
	About: "Finds a plan (size) of servers in a zone and tells what it holds and costs.",
	Call: func(ctx context.Context, s *resource.Session, arguments GetPlanArgs) (GetPlanResult, error) {
		zoneName, err := resource.LookupZone(ctx, arguments.Zone)
		if err != nil {
			return GetPlanResult{}, err
		}
		plan, err := zone.Plan(ctx, s, zoneName, arguments.ID)
		if err != nil {
			return GetPlanResult{}, err
		}
		return GetPlanResult{ID: plan.ID, Zone: zoneName, Name: plan.Name, CPUs: int(plan.CPUs), Memory: float64(plan.Memory),
			DiskSize: int(plan.Disk), PricePerHour: float64(plan.PricePerHour), PricePerMonth: float64(plan.PricePerMonth)}, nil
	},
}
