package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/alerts"
)

// AlertsArgs describes what a component is watched for.
type AlertsArgs struct {
	Name      string
	Namespace pulumi.StringInput
	CRDs      pulumi.Resource // installs the kinds of the Prometheus operator; nil if nothing is monitored
	Groups    []string        // of internal/alerts/rules
	// Panels are groups of panels that no rules are about.
	Panels []string
	// LimitsGiB are what stores may take, by the name that the rules call them: rules are the same everywhere, limits are not.
	LimitsGiB map[string]int
	// LedTo are the nodes to whose addresses users' names lead: the rules look whether somebody answers there.
	LedTo []string
	// Ends are when certificates end, by what they are for, in RFC 3339; an empty one is not known.
	Ends pulumi.StringMap
}

// Alerts tells Prometheus what to warn of, and Grafana what to show of it.
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
	if len(args.LedTo) > 0 {
		groups = append([]any{ledTo(args)}, groups...)
	}
	all := pulumi.ToArray(groups)
	if len(args.Ends) > 0 {
		all = append(pulumi.Array{ends(args)}, all...)
	}
	_, err = i.Object(ctx, name, &ObjectArgs{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule", Name: args.Name, Namespace: args.Namespace,
		Fields: pulumi.Map{"spec": pulumi.Map{"groups": all}},
	}, append(opts, pulumi.DependsOn([]pulumi.Resource{args.CRDs}))...)
	if err != nil {
		return err
	}
	return i.dashboards(ctx, strings.TrimSuffix(name, "-alerts")+"-dashboards", args, opts...)
}

// dashboards is a ConfigMap, which Grafana's sidecar finds in any namespace by its label.
func (i *Installer) dashboards(ctx *pulumi.Context, name string, args *AlertsArgs, opts ...pulumi.ResourceOption) error {
	files, err := alerts.Grafana(append(args.Panels, args.Groups...)...)
	if err != nil || len(files) == 0 {
		return err
	}
	_, err = i.Object(ctx, name, &ObjectArgs{
		APIVersion: "v1", Kind: "ConfigMap", Name: "dashboards", Namespace: args.Namespace,
		Labels: map[string]string{"grafana_dashboard": "1"}, Fields: pulumi.Map{"data": pulumi.ToStringMap(files)},
	}, opts...)
	return err
}

// constant is a rule that records a number under a label.
func constant(metric, label, of, number string) map[string]any {
	return map[string]any{"record": metric, "labels": map[string]any{label: of}, "expr": "vector(" + number + ")"}
}

// limits are recorded as metrics, which the rules compare with.
func limits(args *AlertsArgs) map[string]any {
	var rules []any
	for _, store := range slices.Sorted(maps.Keys(args.LimitsGiB)) {
		rules = append(rules, constant("platform_storage_limit_bytes", "store", store, fmt.Sprintf("%d * 1024^3", args.LimitsGiB[store])))
	}
	return map[string]any{"name": args.Name + "-limits", "rules": rules}
}

// ledTo is recorded, too, one node after the other.
func ledTo(args *AlertsArgs) map[string]any {
	var rules []any
	for _, node := range args.LedTo {
		rules = append(rules, constant("platform_record_leads_to", "node", node, "1"))
	}
	return map[string]any{"name": args.Name + "-led-to", "rules": rules}
}

// ends are recorded as metrics, too.
func ends(args *AlertsArgs) pulumi.Map {
	rules := args.Ends.ToStringMapOutput().ApplyT(func(ends map[string]string) ([]any, error) {
		rules := []any{}
		for _, name := range slices.Sorted(maps.Keys(ends)) {
			if ends[name] == "" {
				continue
			}
			end, err := time.Parse(time.RFC3339, ends[name])
			if err != nil {
				return nil, fmt.Errorf("the end of the certificate %s: %w", name, err)
			}
			rules = append(rules, constant("platform_certificate_end_timestamp_seconds", "certificate", name, fmt.Sprint(end.Unix())))
		}
		return rules, nil
	}).(pulumi.ArrayOutput)
	return pulumi.Map{"name": pulumi.String(args.Name + "-ends"), "rules": rules}
}
