package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/components/monitoring"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/stacks/outputs"
)

// platform is everything an environment consists of.
type platform struct {
	machines    *arvan.Machines
	cluster     *kubespray.Cluster
	access      *access.Kubeconfigs
	monitoring  *monitoring.Monitoring
	ingress     *ingress.Ingress
	logging     *logging.Logging
	postgres    *postgres.Postgres
	objectStore *objectstore.ObjectStore
	exchange    *exchange.Exchange
	edge        *edge.Edge
}

// export makes the stack's outputs: the contract of package outputs, and the kubeconfigs as secrets.
func export(ctx *pulumi.Context, cfg *Config, p *platform) {
	ctx.Export("contractVersion", pulumi.Int(outputs.ContractVersion))
	ctx.Export("exchange", pulumi.Map{"url": p.edge.URL, "host": p.edge.Host})
	ctx.Export("kubernetes", pulumi.Map{"endpoint": p.cluster.Endpoint, "version": p.cluster.Version})
	ctx.Export("kubeconfig", pulumi.ToSecret(p.cluster.Kubeconfig))
	ctx.Export("kubeconfigs", pulumi.ToSecret(p.access.Texts))
	ctx.Export("access", terms(cfg, p.access))
	ctx.Export(clusterState, p.cluster.State)
	ctx.Export(settledState, pulumi.ToStringMap(settled(cfg)))
	ctx.Export("ingress", pulumi.Map{"class": p.ingress.Class, "addresses": webAddresses(cfg, p.machines)})
	ctx.Export("grafana", service(p.monitoring.Grafana))
	ctx.Export("prometheus", service(p.monitoring.Prometheus))
	ctx.Export("alertmanager", service(p.monitoring.Alertmanager))
	ctx.Export("kibana", service(p.logging.Kibana))
	ctx.Export("postgres", pulumi.Map{
		"rwHost": p.postgres.Host, "roHost": p.postgres.ReadOnlyHost, "port": p.postgres.Port, "database": p.postgres.Database,
		"secretName": p.postgres.SecretName, "namespace": p.postgres.Namespace,
	})
	ctx.Export("objectStore", pulumi.Map{
		"endpoint": p.objectStore.Endpoint, "buckets": p.objectStore.Buckets,
		"secretName": p.objectStore.SecretName, "namespace": p.objectStore.Namespace,
	})
	ctx.Export("nodes", nodes(cfg, p.machines))
	ctx.Export("cost", cost(cfg, p.machines))
	ctx.Export("namespaces", pulumi.Map{
		"monitoring": p.monitoring.Namespace, "ingress": p.ingress.Namespace, "logging": p.logging.Namespace,
		"postgres": p.postgres.Namespace, "objectStore": p.objectStore.Namespace, "exchange": p.exchange.Namespace,
	})
}

// terms say who has a kubeconfig, for what and until when.
func terms(cfg *Config, granted *access.Kubeconfigs) pulumi.Map {
	grants := pulumi.Map{}
	for _, grant := range cfg.Kubernetes.Access {
		said := pulumi.Map{"role": pulumi.String(grant.Role), "namespaces": pulumi.ToStringArray(grant.Namespaces)}
		for key, value := range granted.Terms[grant.Name].(pulumi.Map) {
			said[key] = value
		}
		grants[grant.Name] = said
	}
	return grants
}

// cost adds up what the machines cost.
func cost(cfg *Config, machines *arvan.Machines) pulumi.Map {
	var perHour, perMonth []any
	for _, node := range cfg.Nodes {
		machine := machines.Machines[node.Name]
		perHour, perMonth = append(perHour, machine.PricePerHour), append(perMonth, machine.PricePerMonth)
	}
	return pulumi.Map{"currency": pulumi.String("IRR"), "perHour": sum(perHour), "perMonth": sum(perMonth)}
}

func sum(amounts []any) pulumi.Float64Output {
	return pulumi.All(amounts...).ApplyT(func(known []any) float64 {
		total := 0.0
		for _, amount := range known {
			total += amount.(float64)
		}
		return total
	}).(pulumi.Float64Output)
}

func service(endpoint chart.Endpoint) pulumi.Map {
	return pulumi.Map{"url": endpoint.URL, "namespace": endpoint.Namespace, "secretName": endpoint.SecretName}
}

func nodes(cfg *Config, machines *arvan.Machines) pulumi.Array {
	var list pulumi.Array
	for _, node := range cfg.Nodes {
		machine := machines.Machines[node.Name]
		list = append(list, pulumi.Map{
			"name": pulumi.String(node.Name), "role": pulumi.String(node.Role), "zone": pulumi.String(cfg.Cloud.Zone),
			"privateIp": machine.PrivateAddress, "publicIp": machine.PublicAddress,
		})
	}
	return list
}

func webAddresses(cfg *Config, machines *arvan.Machines) pulumi.Array {
	var list pulumi.Array
	for _, address := range publicAddresses(cfg, Worker, machines) {
		list = append(list, address)
	}
	return list
}
