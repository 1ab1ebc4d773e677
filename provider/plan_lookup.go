package provider

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// Invoke finds the plan.
func (*GetPlan) Invoke(
	ctx context.Context, request infer.FunctionRequest[GetPlanArgs],
) (infer.FunctionResponse[GetPlanResult], error) {
	zone, err := lookupZone(ctx, request.Input.Zone)
	if err != nil {
		return infer.FunctionResponse[GetPlanResult]{}, err
	}
	plan, err := sessionOf(ctx).plan(ctx, zone, request.Input.ID)
	if err != nil {
		return infer.FunctionResponse[GetPlanResult]{}, err
	}
	return infer.FunctionResponse[GetPlanResult]{Output: GetPlanResult{ID: plan.ID, Zone: zone, Name: plan.Name, CPUs: int(plan.CPUs),
		Memory: float64(plan.Memory), DiskSize: int(plan.Disk), PricePerHour: float64(plan.PricePerHour),
		PricePerMonth: float64(plan.PricePerMonth)}}, nil
}

// plan finds a plan of a zone, or says which there are.
func (s *session) plan(ctx context.Context, zone, id string) (client.Plan, error) {
	plans, err := s.plans.get(ctx, s, zone, s.Plans)
	if err != nil {
		return client.Plan{}, s.explainZone(ctx, zone, err)
	}
	for _, plan := range plans {
		if plan.ID == id {
			return plan, nil
		}
	}
	return client.Plan{}, noPlan(plans, zone, id)
}
