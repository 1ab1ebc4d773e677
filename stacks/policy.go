package stacks

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/chart"
)

// policyChart has nothing but the objects that it is given: so they are one release, and not a resource each.
const policyChart = "./charts/policy"

// installPolicy has the cluster hold the rules of the policy that are about objects.
func installPolicy(ctx *pulumi.Context, cfg *Config, installer *chart.Installer, base pulumi.ResourceOption) error {
	objects, err := cfg.Policy.Objects(cfg.Profile, time.Now())
	if err != nil {
		return err
	}
	_, err = installer.Release(ctx, "policy-release", &chart.ReleaseArgs{
		Path: policyChart, Name: "exchange-platform-policy", Namespace: pulumi.String("kube-system"),
		Values: pulumi.ToMap(map[string]any{"objects": objects}),
	}, base)
	return err
}

// holdBudget holds what the machines cost against the budget. Their prices are known in previews: what is over it is refused before
// anything is made.
func holdBudget(ctx *pulumi.Context, cfg *Config, machines *arvan.Machines) {
	machines.Cost.PerMonth = machines.Cost.PerMonth.ApplyT(func(rials float64) (float64, error) {
		breach, err := cfg.Policy.Spent(rials, cfg.Profile, time.Now())
		if err != nil || breach == nil {
			return rials, err
		}
		if mistake := breach.Refused(); mistake != nil {
			return 0, mistake
		}
		return rials, ctx.Log.Warn(breach.Warning(), nil)
	}).(pulumi.Float64Output)
}
