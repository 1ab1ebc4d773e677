package postgres

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	bitnamiService = "postgresql"
	bitnamiSecret  = "postgresql-auth"
)

// bitnamiKeys are the keys of the Secret that the chart reads passwords from, with the part each password's resource is
// named by.
var bitnamiKeys = []struct{ key, part string }{
	{"postgres-password", "-superuser-password"},
	{"password", "-password"},
	{"replication-password", "-replication-password"},
}

func (p *Postgres) installBitnami(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	namespace, err := args.Installer.Namespace(ctx, name+"-namespace", &chart.NamespaceArgs{
		Name: namespaceName, PodSecurity: chart.Restricted,
	}, child)
	if err != nil {
		return err
	}
	data := pulumi.StringMap{}
	for _, each := range bitnamiKeys {
		password, err := args.Installer.Password(ctx, name+each.part, child)
		if err != nil {
			return err
		}
		data[each.key] = password
	}
	secret, err := args.Installer.Secret(ctx, name+"-secret", &chart.SecretArgs{
		Namespace: namespace.Name, Name: bitnamiSecret, Data: data,
	}, child)
	if err != nil {
		return err
	}
	values, err := bitnamiValues(args, secret)
	if err != nil {
		return err
	}
	release, err := args.Installer.Release(ctx, name+"-release", &chart.ReleaseArgs{
		Entry: "postgresql", Namespace: namespace.Name, Values: pulumi.ToMap(values), Atomic: true,
		CRDs: args.MonitorCRDs,
	}, child)
	if err != nil {
		return err
	}
	p.Host = release.After(chart.ServiceHost(bitnamiService, namespaceName))
	p.ReadOnlyHost = p.Host // there is one server only
	p.Password = data["password"].ToStringOutput()
	p.SecretName = secret.Name
	p.Namespace = namespace.Name
	return nil
}

func bitnamiValues(args *Args, secret *chart.Secret) (map[string]any, error) {
	images, err := args.Installer.BitnamiImages("postgresql", "postgresql", "exporter", "shell")
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"global":            chart.BitnamiGlobal(),
		"image":             images["postgresql"],
		"volumePermissions": map[string]any{"enabled": false, "image": images["shell"]},
		"architecture":      "standalone",
		"auth": map[string]any{
			"username":       args.User,
			"database":       args.Database,
			"existingSecret": secret.Name,
			"secretKeys": map[string]any{
				"adminPasswordKey":       "postgres-password",
				"userPasswordKey":        "password",
				"replicationPasswordKey": "replication-password",
			},
		},
		"primary": map[string]any{
			"persistence":     map[string]any{"enabled": false},
			"pdb":             map[string]any{"create": false}, // of one pod: it would only block the draining of its node
			"resourcesPreset": "none",
			"resources":       chart.Requests("100m", "256Mi"),
		},
		"metrics": map[string]any{
			"enabled":        args.MonitorCRDs != nil,
			"image":          images["exporter"],
			"serviceMonitor": map[string]any{"enabled": args.MonitorCRDs != nil},
		},
	}, nil
}
