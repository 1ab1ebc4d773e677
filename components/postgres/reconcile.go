package postgres

import (
	_ "embed"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// reconcilerUser is a superuser beside "postgres": either sets the other's new password.
const reconcilerUser = "reconciler"

// reconcileScript gives a running server the passwords of the Secret. To make its pod anew would do that too, and the data
// would go with it.
//
//go:embed reconcile.sh
var reconcileScript string

// replicasScript gives replicas their password, and lets the exporters see them.
//
//go:embed replicas.sh
var replicasScript string

func (p *Postgres) reconcile(
	ctx *pulumi.Context, name string, args *Args, made *chart.Installed, primary string, revision pulumi.StringInput, child pulumi.ResourceOption,
) (*chart.Object, error) {
	client, err := chart.ImageOf("postgresql", "postgresql")
	if err != nil {
		return nil, err
	}
	script, secrets := reconcileScript, map[string]chart.SecretKey{
		"SUPERUSER_PASSWORD":  {Secret: bitnamiSecret, Key: "postgres-password"},
		"RECONCILER_PASSWORD": {Secret: bitnamiSecret, Key: "reconciler-password"},
		"APP_PASSWORD":        {Secret: bitnamiSecret, Key: "password"},
	}
	if args.Config.replicated() {
		script, secrets["REPLICATION_PASSWORD"] = replicasScript+script, chart.SecretKey{Secret: bitnamiSecret, Key: "replication-password"}
	}
	return args.Installer.Reconciler(ctx, name+"-reconciler", &chart.ReconcilerArgs{
		Name: bitnamiService + "-reconciler", Namespace: made.Namespace.Name, Image: client, Script: script,
		Env: map[string]string{
			"PGHOST": primary, "PGPORT": strconv.Itoa(port), "PGCONNECT_TIMEOUT": "10",
			"APP_USER": args.Config.User, "APP_DATABASE": args.Config.Database,
		},
		Secrets: secrets, Revision: revision,
	}, child, pulumi.DependsOn([]pulumi.Resource{made.Release("release")}))
}
