package postgres

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// warn tells Prometheus what to warn of where the operator runs the servers.
func warn(ctx *pulumi.Context, name string, args *Args, namespace *chart.Namespace, child pulumi.ResourceOption) error {
	return args.Installer.Alerts(ctx, name, &chart.AlertsArgs{
		Name: clusterName, Namespace: namespace.Name, CRDs: args.MonitorCRDs, Alerts: alerts(&args.Config),
	}, child)
}

// of selects the servers' samples of one metric.
func of(metric string) string { return fmt.Sprintf("%s{namespace=%q}", metric, namespaceName) }

func alerts(config *Config) []chart.Alert {
	return []chart.Alert{{
		Name: "DatabaseOutgrowsItsStorage", For: "10m",
		Expr: fmt.Sprintf(`max by (namespace) (sum by (namespace, pod) (%s) + on (namespace, pod) cnpg_collector_pg_wal{namespace=%q, value="size"}) > 0.6 * %d * 1024^3`,
			of("cnpg_pg_database_size_bytes"), namespaceName, config.MaxSizeGiB),
		Summary: fmt.Sprintf("A server of the database has {{ $value | humanize1024 }}B with its write-ahead log, of %d GiB. When its disk is full it stops: make room, or give its workers larger disks and raise postgres.maxSizeGiB.", config.MaxSizeGiB),
	}}
}
