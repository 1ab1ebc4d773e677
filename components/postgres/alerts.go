package postgres

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// warn tells Prometheus what to warn of where the operator runs the servers.
func warn(ctx *pulumi.Context, name string, args *Args, namespace *chart.Namespace, child pulumi.ResourceOption) error {
	groups := []string{"postgres-servers"}
	if args.Config.Backup.Enabled {
		groups = append(groups, "postgres-backups")
	}
	if args.Config.drilled() {
		groups = append(groups, "postgres-drill")
	}
	if args.Config.Proxy.Enabled {
		groups = append(groups, "postgres-proxy")
	}
	return args.Installer.Alerts(ctx, name, &chart.AlertsArgs{
		Name: clusterName, Namespace: namespace.Name, CRDs: args.MonitorCRDs,
		Groups: groups, LimitsGiB: map[string]int{"postgres": args.Config.MaxSizeGiB},
	}, child)
}
