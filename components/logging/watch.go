package logging

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// watch has Prometheus ask an exporter, since Elasticsearch itself tells it nothing, and warn of what it hears.
func watch(ctx *pulumi.Context, name string, args *Args, made *chart.Installed, known logins, ready *chart.Object, child pulumi.ResourceOption) error {
	if args.MonitorCRDs == nil {
		return nil
	}
	labels := map[string]string{"app.kubernetes.io/name": "elasticsearch-exporter"}
	// it reads the password when it starts
	revision := chart.Revision(ctx, pulumi.StringMap{"password": known[exporter]})
	spec := revision.ApplyT(func(revision string) map[string]any {
		return exporterSpec(labels, revision, args.Config.Snapshots.Enabled)
	}).(pulumi.MapOutput)
	_, err := args.Installer.Object(ctx, name+"-exporter", &chart.ObjectArgs{
		APIVersion: "apps/v1", Kind: "Deployment", Name: "elasticsearch-exporter", Namespace: made.Namespace.Name, Labels: labels,
		Fields: pulumi.Map{"spec": spec},
	}, child, pulumi.DependsOn([]pulumi.Resource{ready}))
	if err != nil {
		return err
	}
	_, err = args.Installer.Object(ctx, name+"-metrics", &chart.ObjectArgs{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor", Name: "elasticsearch-exporter", Namespace: made.Namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.ToMap(map[string]any{
			"selector":            map[string]any{"matchLabels": labels},
			"podMetricsEndpoints": []any{map[string]any{"port": "metrics", "interval": "30s"}},
		})},
	}, child, pulumi.DependsOn([]pulumi.Resource{args.MonitorCRDs}))
	if err != nil {
		return err
	}
	groups := []string{"search"}
	if args.Config.Snapshots.Enabled {
		groups = append(groups, "search-snapshots")
	}
	if args.Config.FluentBit {
		groups = append(groups, "collector")
	}
	return args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name: "logging", Namespace: made.Namespace.Name, CRDs: args.MonitorCRDs, Groups: groups,
	}, child)
}

func exporterSpec(labels map[string]string, revision string, snapshots bool) map[string]any {
	flags := []any{fmt.Sprintf("--es.uri=https://%s:%d", eckService, elasticsearchPort), "--es.ca=/authority/ca.crt", "--es.all", "--es.timeout=20s"}
	if snapshots {
		flags = append(flags, "--collector.snapshots")
	}
	from := func(key string) map[string]any {
		return map[string]any{"secretKeyRef": map[string]any{"name": exporter.secret(), "key": key}}
	}
	return map[string]any{
		"replicas": 1, "selector": map[string]any{"matchLabels": labels},
		"template": map[string]any{
			"metadata": map[string]any{"labels": labels, "annotations": map[string]any{"checksum/secret": revision}},
			"spec": map[string]any{
				"automountServiceAccountToken": false, "enableServiceLinks": false,
				"securityContext": chart.RunAs(1000),
				"containers": []any{map[string]any{
					"name": "exporter", "image": imageOf("exporter"), "args": flags,
					"env": []any{
						map[string]any{"name": "ES_USERNAME", "valueFrom": from("username")},
						map[string]any{"name": "ES_PASSWORD", "valueFrom": from("password")},
					},
					"ports":           []any{map[string]any{"name": "metrics", "containerPort": 9114}},
					"readinessProbe":  map[string]any{"httpGet": map[string]any{"path": "/healthz", "port": "metrics"}},
					"securityContext": chart.Unprivileged(),
					"resources":       chart.Little("10m", "64Mi"),
					"volumeMounts":    []any{map[string]any{"name": "authority", "mountPath": "/authority", "readOnly": true}},
				}},
				"volumes": []any{map[string]any{"name": "authority", "secret": map[string]any{
					"secretName": authoritySecret, "items": []any{map[string]any{"key": "ca.crt", "path": "ca.crt"}},
				}}},
			},
		},
	}
}
