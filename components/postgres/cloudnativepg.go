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
	trusted, err := args.Installer.Authority(ctx, name+"-authority", "postgres", child)
	if err != nil {
		return err
	}
	login := pulumi.StringMap{"username": pulumi.String(args.Config.User), "password": password}
	secrets := []chart.SecretArgs{
		{Name: loginSecret, Type: "kubernetes.io/basic-auth", Data: login, Labels: reload},
		{Name: authoritySecret, Part: "authority", Labels: reload, Data: pulumi.StringMap{"ca.crt": trusted.Certificate, "ca.key": trusted.Key}},
	}
	if args.Config.Backup.Enabled {
		secrets = append(secrets, args.Config.Backup.storageSecret())
	}
	made, err := args.Installer.Install(ctx, name, &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted}, Secrets: secrets,
	}, child)
	if err != nil {
		return err
	}
	needs := []pulumi.Resource{operator}
	for _, each := range secrets {
		needs = append(needs, made.Secret(each.Name))
	}
	if args.Config.Backup.Enabled {
		store, err := args.Installer.Object(ctx, name+"-backup-store", &chart.ObjectArgs{
			APIVersion: "barmancloud.cnpg.io/v1", Kind: "ObjectStore", Name: storeName, Namespace: made.Namespace.Name,
			Fields: pulumi.Map{"spec": pulumi.ToMap(args.Config.Backup.store(ctx.Stack()))},
		}, child, pulumi.DependsOn(needs))
		if err != nil {
			return err
		}
		needs = append(needs, store)
	}
	if err := monitorServers(ctx, name+"-metrics", args, made.Namespace, child); err != nil {
		return err
	}
	if err := warn(ctx, name+"-alerts", args, made.Namespace, child); err != nil {
		return err
	}
	servers := &servers{args: args, made: made, login: chart.Revision(ctx, login), needs: needs}
	ready, err := servers.install(ctx, name, clusterName, child)
	if err != nil {
		return err
	}
	if args.Config.RecoverFrom.wanted() {
		recovered, err := servers.install(ctx, name+"-recovered", args.Config.RecoverFrom.cluster(), child, pulumi.DependsOn([]pulumi.Resource{ready}))
		if err != nil {
			return err
		}
		if args.Config.RecoverFrom.Serve {
			ready = recovered
		}
	}
	if args.Config.drilled() {
		if err := p.drill(ctx, name+"-drill", args, operator, servers.login, ready, child); err != nil {
			return err
		}
	}
	p.PrimaryHost = ready.After(chart.ServiceHost(args.Config.serving()+"-rw", namespaceName))
	p.Host = p.PrimaryHost
	p.ReadOnlyHost = ready.After(chart.ServiceHost(args.Config.serving()+"-ro", namespaceName))
	if args.Config.Proxy.Enabled {
		all, err := serversService(ctx, name+"-servers", args, made.Namespace, child)
		if err != nil {
			return err
		}
		if err := p.installProxy(ctx, name+"-proxy", args, made.Namespace, []pulumi.Resource{all, ready, made.Secret(authoritySecret)}, child); err != nil {
			return err
		}
	}
	p.Authority = trusted.Certificate
	p.Password = password.ToStringOutput()
	p.SecretName = made.Secret(loginSecret).Name
	p.Namespace = made.Namespace.Name
	return nil
}

// serving is the cluster that the exchange uses.
func (c *Config) serving() string {
	if c.RecoverFrom.wanted() && c.RecoverFrom.Serve {
		return c.RecoverFrom.cluster()
	}
	return clusterName
}

// servers are what each cluster of them is made of.
type servers struct {
	args  *Args
	made  *chart.Installed
	login pulumi.StringInput // changes with it
	needs []pulumi.Resource
}

// install makes a cluster, and its backups. What it returns is there when its primary takes the exchange's login.
func (s *servers) install(ctx *pulumi.Context, name, cluster string, child pulumi.ResourceOption, opts ...pulumi.ResourceOption) (*chart.Object, error) {
	object, err := s.args.Installer.Object(ctx, name+"-cluster", &chart.ObjectArgs{
		APIVersion: "postgresql.cnpg.io/v1", Kind: "Cluster", Name: cluster, Namespace: s.made.Namespace.Name,
		Fields: pulumi.Map{"spec": pulumi.ToMap(clusterSpec(&s.args.Config, cluster))},
	}, append(opts, child, pulumi.DependsOn(s.needs))...)
	if err != nil {
		return nil, err
	}
	ready, err := s.wait(ctx, name+"-ready", cluster, object, child)
	if err != nil || !s.args.Config.Backup.Enabled {
		return ready, err
	}
	return ready, backUp(ctx, name+"-backups", cluster, s.args, s.made.Namespace, child, pulumi.DependsOn([]pulumi.Resource{ready}))
}

// installOperator makes the operator, with the plugin for backups if there shall be any.
func installOperator(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (*chart.Release, error) {
	parts := &chart.Parts{
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
	}
	last := "release"
	if args.Config.Backup.Enabled {
		certificates, err := pluginSecrets(ctx, name, args, child)
		if err != nil {
			return nil, err
		}
		plugin := pluginRelease()
		parts.Secrets, parts.Releases, last = certificates, append(parts.Releases, plugin), plugin.Part
	}
	made, err := args.Installer.Install(ctx, name, parts, child)
	if err != nil {
		return nil, err
	}
	return made.Release(last), nil
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
			"selector":            map[string]any{"matchLabels": map[string]any{"cnpg.io/podRole": "instance"}},
			"podMetricsEndpoints": []any{map[string]any{"port": "metrics", "interval": "15s"}},
		})},
	}, child, pulumi.DependsOn([]pulumi.Resource{args.MonitorCRDs}))
	return err
}

// wait makes the pod that is ready once the exchange's login works.
func (s *servers) wait(ctx *pulumi.Context, name, cluster string, of *chart.Object, child pulumi.ResourceOption) (*chart.Object, error) {
	client, err := chart.ImageOf(operatorEntry, "postgresql")
	if err != nil {
		return nil, fmt.Errorf("the image of psql: %w", err)
	}
	return s.args.Installer.Reconciler(ctx, name, &chart.ReconcilerArgs{
		Name: cluster + "-ready", Namespace: s.made.Namespace.Name, Image: client, Script: waitScript,
		Env: clientEnv(s.args, cluster), Secrets: clientSecrets(), Revision: s.login,
	}, child, pulumi.DependsOn([]pulumi.Resource{of}))
}

// clientEnv leads psql to a cluster's primary, whose certificate its script puts where it is looked for.
func clientEnv(args *Args, cluster string) map[string]string {
	return map[string]string{
		"PGHOST": cluster + "-rw", "PGPORT": strconv.Itoa(port), "PGDATABASE": args.Config.Database, "PGCONNECT_TIMEOUT": "5",
		"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/tmp/ca.crt",
	}
}

// clientSecrets are the exchange's login, and by whom the servers are known.
func clientSecrets() map[string]chart.SecretKey {
	return map[string]chart.SecretKey{
		"AUTHORITY":  {Secret: authoritySecret, Key: "ca.crt"},
		"PGUSER":     {Secret: loginSecret, Key: "username"},
		"PGPASSWORD": {Secret: loginSecret, Key: "password"},
	}
}
