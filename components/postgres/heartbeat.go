package postgres

import (
	_ "embed"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// heartbeatScript writes the rows by which a restored copy is measured.
//
//go:embed heartbeat.sh
var heartbeatScript string

// heartbeat writes a row to production every five minutes.
func heartbeat(ctx *pulumi.Context, name string, args *Args, login pulumi.StringInput, ready *chart.Object, own pulumi.ResourceOption) error {
	client, err := chart.ImageOf(operatorEntry, "postgresql")
	if err != nil {
		return err
	}
	_, err = args.Installer.Reconciler(ctx, name, &chart.ReconcilerArgs{
		Name: "postgres-heartbeat", Namespace: ready.After(namespaceName), Image: client, Script: heartbeatScript,
		Env: clientEnv(args, args.Config.serving()), Secrets: clientSecrets(), Revision: login,
	}, own)
	return err
}
