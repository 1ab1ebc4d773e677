package chart

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Alert is a rule of Prometheus.
type Alert struct {
	Name    string
	Expr    string
	For     string
	Summary string // what is wrong and what to do
}

// AlertsArgs describes what a component warns of.
type AlertsArgs struct {
	Name      string
	Namespace pulumi.StringInput
	CRDs      pulumi.Resource // installs the kinds of the Prometheus operator; nil if nothing is monitored
	Alerts    []Alert
}

// Alerts tells Prometheus what to warn of.
func (i *Installer) Alerts(ctx *pulumi.Context, name string, args *AlertsArgs, opts ...pulumi.ResourceOption) error {
	if args.CRDs == nil {
		return nil
	}
	var rules []any
	for _, alert := range args.Alerts {
		rules = append(rules, map[string]any{
			"alert": alert.Name, "expr": alert.Expr, "for": alert.For,
			"labels": map[string]any{"severity": "warning"}, "annotations": map[string]any{"summary": alert.Summary},
		})
	}
	_, err := i.Object(ctx, name, &ObjectArgs{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule", Name: args.Name, Namespace: args.Namespace,
		Fields: pulumi.Map{"spec": pulumi.ToMap(map[string]any{"groups": []any{map[string]any{"name": args.Name, "rules": rules}}})},
	}, append(opts, pulumi.DependsOn([]pulumi.Resource{args.CRDs}))...)
	return err
}
