package postgres

import (
	_ "embed"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	operatorEntry     = "cloudnative-pg"
	operatorNamespace = "cnpg-system"
	// clusterName is what the operator's objects are named after: the Services postgres-rw, postgres-ro and postgres-r lead to the
	// primary, to the replicas, and to all.
	clusterName     = "postgres"
	primaryService  = clusterName + "-rw"
	replicaService  = clusterName + "-ro"
	replicationUser = "streaming_replica"

	loginSecret     = "postgres-login"
	authoritySecret = "postgres-authority"
)

// reload makes the servers take a Secret that changes while they run.
var reload = map[string]string{"cnpg.io/reload": "true"}

// waitScript passes once the primary takes the exchange's login of the Secret. It is the gate before whatever uses the database: the
// operator says so of a Cluster in its status only, where nothing waits for it.
//
//go:embed wait.sh
var waitScript string

// installCloudNativePG makes the operator, and three servers that it looks after.
func (p *Postgres) installCloudNativePG(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	operator, err := installOperator(ctx, name+"-operator", args, child)
	if err != nil {
		return err
	}
	password, err := args.Installer.Password(ctx, name+"-password", child)
	if err != nil {
		return err
	}
	trusted, err := newAuthority(ctx, name+"-authority", args.Installer, child)
	if err != nil {
		return err
	}
	login := pulumi.StringMap{"username": pulumi.String(args.Config.User), "password": password}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted},
		Secrets: []chart.SecretArgs{
			{Name: loginSecret, Type: "kubernetes.io/basic-auth", Data: login, Labels: reload},
			{Name: authoritySecret, Part: "authority", Labels: reload, Data: pulumi.StringMap{"ca.crt": trusted.certificate, "ca.key": trusted.key}},
		},
	}, child)
	if err != nil {
		return err
	}
	cluster, err := args.Installer.Object(ctx, name+"-cluster", &chart.ObjectArgs{
		APIVersion: "postgresql.cnpg.io/v1", Kind: "Cluster", Name: clusterName, Namespace: made.Namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.ToMap(clusterSpec(&args.Config))},
	}, child, pulumi.DependsOn([]pulumi.Resource{operator, made.Secret(loginSecret), made.Secret(authoritySecret)}))
	if err != nil {
		return err
	}
	if err := monitorServers(ctx, name+"-metrics", args, made.Namespace, child); err != nil {
		return err
	}
	if err := warn(ctx, name+"-alerts", args, made.Namespace, child); err != nil {
		return err
	}
	ready, err := waitForPrimary(ctx, name+"-ready", args, made, chart.Revision(ctx, login), cluster, child)
	if err != nil {
		return err
	}
	p.Host = ready.After(chart.ServiceHost(primaryService, namespaceName))
	p.ReadOnlyHost = ready.After(chart.ServiceHost(replicaService, namespaceName))
	if args.Config.Proxy.Enabled {
		all, err := serversService(ctx, name+"-servers", args, made.Namespace, child)
		if err != nil {
			return err
		}
		if err := p.installProxy(ctx, name+"-proxy", args, made.Namespace, []pulumi.Resource{all, ready, made.Secret(authoritySecret)}, child); err != nil {
			return err
		}
	}
	p.Password = password.ToStringOutput()
	p.SecretName = made.Secret(loginSecret).Name
	p.Namespace = made.Namespace.Name
	return nil
}

func installOperator(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (*chart.Release, error) {
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: operatorNamespace, PodSecurity: chart.Restricted},
		Releases: []chart.ReleaseArgs{{
			Entry: operatorEntry, Atomic: true, CRDs: args.MonitorCRDs, Values: pulumi.ToMap(map[string]any{
				// the one that leads may be on the machine that is lost together with the primary
				"replicaCount": 2,
				"affinity":     apart("app.kubernetes.io/name", operatorEntry),
				"config": map[string]any{"data": map[string]any{
					// a replica that connects to the address of a lost machine would hang for a minute, and with it every commit
					"STANDBY_TCP_USER_TIMEOUT": "5000",
				}},
				"monitoring": map[string]any{"podMonitorEnabled": args.MonitorCRDs != nil},
				"resources": map[string]any{
					"requests": map[string]any{"cpu": "100m", "memory": "200Mi"}, "limits": map[string]any{"memory": "512Mi"},
				},
			}),
		}},
	}, child)
	if err != nil {
		return nil, err
	}
	return made.Release("release"), nil
}

// apart puts no two pods with the label on one node.
func apart(label, value string) map[string]any {
	return map[string]any{"podAntiAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": []any{map[string]any{
		"topologyKey": "kubernetes.io/hostname", "labelSelector": map[string]any{"matchLabels": map[string]any{label: value}},
	}}}}
}

func monitorServers(ctx *pulumi.Context, name string, args *Args, namespace *chart.Namespace, child pulumi.ResourceOption) error {
	if args.MonitorCRDs == nil {
		return nil
	}
	_, err := args.Installer.Object(ctx, name, &chart.ObjectArgs{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor", Name: clusterName, Namespace: namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.ToMap(map[string]any{
			"selector":            map[string]any{"matchLabels": map[string]any{"cnpg.io/cluster": clusterName, "cnpg.io/podRole": "instance"}},
			"podMetricsEndpoints": []any{map[string]any{"port": "metrics", "interval": "15s"}},
		})},
	}, child, pulumi.DependsOn([]pulumi.Resource{args.MonitorCRDs}))
	return err
}

// waitForPrimary makes the pod that is ready once the exchange's login works.
func waitForPrimary(
	ctx *pulumi.Context, name string, args *Args, made *chart.Installed, revision pulumi.StringInput, cluster *chart.Object, child pulumi.ResourceOption,
) (*chart.Object, error) {
	client, err := chart.ImageOf(operatorEntry, "postgresql")
	if err != nil {
		return nil, fmt.Errorf("the image of psql: %w", err)
	}
	return args.Installer.Reconciler(ctx, name, &chart.ReconcilerArgs{
		Name: "postgres-ready", Namespace: made.Namespace.Name, Image: client, Script: waitScript,
		Env: map[string]string{
			"PGHOST": primaryService, "PGPORT": strconv.Itoa(port), "PGDATABASE": args.Config.Database, "PGCONNECT_TIMEOUT": "5",
			"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/tmp/ca.crt",
		},
		Secrets: map[string]chart.SecretKey{
			"AUTHORITY":  {Secret: authoritySecret, Key: "ca.crt"},
			"PGUSER":     {Secret: loginSecret, Key: "username"},
			"PGPASSWORD": {Secret: loginSecret, Key: "password"},
		},
		Revision: revision,
	}, child, pulumi.DependsOn([]pulumi.Resource{cluster}))
}
