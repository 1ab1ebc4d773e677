package chart

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/alerts"
)

// AlertsArgs describes what a component is watched for.
type AlertsArgs struct {
	Name      string
	Namespace pulumi.StringInput
	CRDs      pulumi.Resource // installs the kinds of the Prometheus operator; nil if nothing is monitored
	Groups    []string        // of internal/alerts/rules
	// LimitsGiB are what stores may take, by the name that the rules call them: rules are the same everywhere, limits are not.
	LimitsGiB map[string]int
}

// Alerts tells Prometheus what to warn of.
func (i *Installer) Alerts(ctx *pulumi.Context, name string, args *AlertsArgs, opts ...pulumi.ResourceOption) error {
	if args.CRDs == nil {
		return nil
	}
	groups, err := alerts.Named(i.Runbooks, args.Groups...)
	if err != nil {
		return err
	}
	if len(args.LimitsGiB) > 0 {
		groups = append([]any{limits(args)}, groups...)
	}
	_, err = i.Object(ctx, name, &ObjectArgs{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule", Name: args.Name, Namespace: args.Namespace,
		Fields: pulumi.Map{"spec": pulumi.ToMap(map[string]any{"groups": groups})},
	}, append(opts, pulumi.DependsOn([]pulumi.Resource{args.CRDs}))...)
	return err
}

// limits are recorded as metrics, which the rules compare with.
func limits(args *AlertsArgs) map[string]any {
	var rules []any
	for _, store := range slices.Sorted(maps.Keys(args.LimitsGiB)) {
		rules = append(rules, map[string]any{
			"record": "platform_storage_limit_bytes", "labels": map[string]any{"store": store},
			"expr": fmt.Sprintf("vector(%d * 1024^3)", args.LimitsGiB[store]),
		})
	}
	return map[string]any{"name": args.Name + "-limits", "rules": rules}
}
