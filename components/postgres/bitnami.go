package postgres

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	bitnamiService = "postgresql"
	bitnamiSecret  = "postgresql-auth"
)

// bitnamiKeys are the keys of the Secret that the chart and the reconciler read passwords from, with the part each password's
// resource is named by.
var bitnamiKeys = []struct{ key, part string }{
	{"postgres-password", "-superuser-password"},
	{"password", "-password"},
	{"replication-password", "-replication-password"},
	{"reconciler-password", "-reconciler-password"},
}

func (p *Postgres) installBitnami(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	data := pulumi.StringMap{}
	for _, each := range bitnamiKeys {
		password, err := args.Installer.Password(ctx, name+each.part, child)
		if err != nil {
			return err
		}
		data[each.key] = password
	}
	values, err := bitnamiValues(args)
	if err != nil {
		return err
	}
	parts := &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted, StorageGiB: args.Config.MaxSizeGiB},
		Secrets:   []chart.SecretArgs{{Name: bitnamiSecret, Data: data}},
		Releases:  []chart.ReleaseArgs{{Entry: "postgresql", Values: pulumi.ToMap(values), Atomic: true, CRDs: args.MonitorCRDs}},
	}
	primary, replicas := bitnamiService, bitnamiService // there is one server only
	groups := []string{"postgres"}
	if args.Config.replicated() {
		primary, replicas = bitnamiPrimary, bitnamiReplicas
		groups = append(groups, "postgres-replicas")
		parts.Namespace.StorageGiB = 0 // what the servers keep is on volumes
	}
	if args.Config.backedUp() {
		groups = append(groups, "postgres-dumps")
		store, err := args.Config.Backup.dumpSecret()
		if err != nil {
			return err
		}
		parts.Secrets = append(parts.Secrets, store)
	}
	made, err := args.Installer.Install(ctx, name, parts, child)
	if err != nil {
		return err
	}
	reconciler, err := p.reconcile(ctx, name, args, made, primary, chart.Revision(ctx, data), child)
	if err != nil {
		return err
	}
	if args.Config.backedUp() {
		if err := dump(ctx, name, args, made, reconciler, child); err != nil {
			return err
		}
	}
	err = args.Installer.Alerts(ctx, name+"-alerts", &chart.AlertsArgs{
		Name: bitnamiService + "-storage", Namespace: made.Namespace.Name, CRDs: args.MonitorCRDs,
		Groups: groups, LimitsGiB: map[string]int{"postgres": args.Config.MaxSizeGiB},
	}, child)
	if err != nil {
		return err
	}
	p.PrimaryHost = reconciler.After(chart.ServiceHost(primary, namespaceName))
	p.Host, p.ReadOnlyHost = p.PrimaryHost, reconciler.After(chart.ServiceHost(replicas, namespaceName))
	p.Authority = pulumi.String("").ToStringOutput()
	if args.Config.Proxy.Enabled {
		if err := p.installProxy(ctx, name+"-proxy", args, made.Namespace, []pulumi.Resource{reconciler}, child); err != nil {
			return err
		}
	}
	p.Password = data["password"].ToStringOutput()
	p.SecretName = made.Secret(bitnamiSecret).Name
	p.Namespace = made.Namespace.Name
	return nil
}

// bitnamiValues are the chart's, of either architecture.
func bitnamiValues(args *Args) (map[string]any, error) {
	images, err := chart.BitnamiImages("postgresql", "postgresql", "exporter", "shell")
	if err != nil {
		return nil, err
	}
	values := map[string]any{
		"global":            chart.BitnamiGlobal(),
		"image":             images["postgresql"],
		"volumePermissions": map[string]any{"enabled": false, "image": images["shell"]},
		"architecture":      string(args.Config.Architecture),
		"auth": map[string]any{
			"username":       args.Config.User,
			"database":       args.Config.Database,
			"existingSecret": bitnamiSecret,
			"secretKeys": map[string]any{
				"adminPasswordKey":       "postgres-password",
				"userPasswordKey":        "password",
				"replicationPasswordKey": "replication-password",
			},
		},
		"metrics": map[string]any{
			"enabled":        args.MonitorCRDs != nil,
			"image":          images["exporter"],
			"serviceMonitor": map[string]any{"enabled": args.MonitorCRDs != nil},
		},
	}
	if args.Config.replicated() {
		maps.Copy(values, replication(&args.Config))
		return values, nil
	}
	values["primary"] = map[string]any{
		"persistence":     map[string]any{"enabled": false},
		"pdb":             map[string]any{"create": false}, // of one pod: it would only block the draining of its node
		"resourcesPreset": "none",
		"resources":       chart.Requests("100m", "256Mi"),
	}
	return values, nil
}
