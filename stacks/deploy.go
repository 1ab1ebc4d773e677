// Package stacks is an environment: its typed configuration, its profiles, how its parts are put together, and what it
// tells other teams.
package stacks

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/components/monitoring"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/components/postgres"
)

// Deploy is the program: it reads the stack's configuration and, if nothing is wrong with it, describes the environment.
func Deploy(ctx *pulumi.Context) error {
	raw, err := rawConfig()
	if err != nil {
		return err
	}
	cfg, err := Load(ctx.Project(), raw)
	if err != nil {
		return err
	}
	return deploy(ctx, cfg)
}

// rawConfig is the whole configuration as the CLI hands it over. The SDK reads single keys only, and so could not tell
// that one is unknown.
func rawConfig() (map[string]string, error) {
	raw := map[string]string{}
	if text := os.Getenv(pulumi.EnvConfig); text != "" {
		if err := json.Unmarshal([]byte(text), &raw); err != nil {
			return nil, fmt.Errorf("the configuration from the Pulumi CLI (%s): %w", pulumi.EnvConfig, err)
		}
	}
	return raw, nil
}

// deploy puts the platform together. Whatever does not need another's outputs is made at the same time.
func deploy(ctx *pulumi.Context, cfg *Config) error {
	name := ctx.Stack()
	last, err := readLast(ctx)
	if err != nil {
		return err
	}
	// before anything is registered: a provider that was told another zone would be in the state already
	if err := refuse(name, cfg, last); err != nil {
		return err
	}
	base, err := newProviders(ctx, cfg)
	if err != nil {
		return err
	}
	if cfg.Profile == "prod" && !cfg.Kubernetes.EtcdBackup.Enabled {
		if err := ctx.Log.Warn("kubernetes.etcdBackup.enabled is false: etcd is not backed up", nil); err != nil {
			return err
		}
	}
	imageIDs, err := checkOffer(ctx, cfg, base.arvancloud)
	if err != nil {
		return err
	}

	machines, err := arvan.New(ctx, name, machineArgs(cfg, imageIDs), base.option())
	if err != nil {
		return err
	}
	api, err := newAPINames(ctx, cfg, machines, base)
	if err != nil {
		return err
	}
	cluster, err := kubespray.New(ctx, name+"-cluster", clusterArgs(name, cfg, machines, api, last.cluster), base.option())
	if err != nil {
		return err
	}
	installer, err := newInstaller(ctx, name, cfg, cluster)
	if err != nil {
		return err
	}

	watch, err := monitoring.New(ctx, "monitoring", &monitoring.Args{Installer: installer, Retention: cfg.Monitoring.Retention}, base.option())
	if err != nil {
		return err
	}
	web, err := ingress.New(ctx, "ingress", &ingress.Args{
		Installer: installer, Engine: ingress.Engine(cfg.Ingress.Engine), MonitorCRDs: watch.CRDs,
	}, base.option())
	if err != nil {
		return err
	}
	logs, err := logging.New(ctx, "logging", &logging.Args{
		Installer: installer, Engine: logging.Engine(cfg.Logging.Engine), FluentBit: collector(cfg), MonitorCRDs: watch.CRDs,
	}, base.option())
	if err != nil {
		return err
	}
	// what holds data and everything in it: the namespace, whose deletion takes the volumes along, and the credentials
	keep := pulumi.Protect(cfg.Protect)
	database, err := postgres.New(ctx, "postgres", &postgres.Args{
		Installer: installer, Engine: postgres.Engine(cfg.Postgres.Engine),
		Database: cfg.Postgres.Database, User: cfg.Postgres.User, MonitorCRDs: watch.CRDs,
	}, base.option(), keep)
	if err != nil {
		return err
	}
	store, err := objectstore.New(ctx, "objectstore", &objectstore.Args{
		Installer: installer, Engine: objectstore.Engine(cfg.ObjectStore.Engine),
		Buckets: []string{cfg.ObjectStore.StaticBucket, cfg.ObjectStore.MediaBucket}, MonitorCRDs: watch.CRDs,
	}, base.option(), keep)
	if err != nil {
		return err
	}
	app, err := exchange.New(ctx, "exchange", exchangeArgs(cfg, installer, watch, web, database, store), base.option())
	if err != nil {
		return err
	}
	front, err := edge.New(ctx, "edge", &edge.Args{
		Domain: cfg.Edge.Domain, Host: cfg.Exchange.Host, Addresses: publicAddresses(cfg, Worker, machines),
		TTLSeconds: cfg.Edge.TTLSeconds, Proxied: cfg.Edge.Proxied,
	}, base.option(), pulumi.DependsOn([]pulumi.Resource{cluster.Allowed}))
	if err != nil {
		return err
	}

	grants := accessArgs(cfg, cluster, installer, last.tokens)
	grants.Made = []pulumi.StringInput{watch.Namespace, web.Namespace, logs.Namespace, database.Namespace, store.Namespace, app.Namespace}
	kubeconfigs, err := access.New(ctx, "access", grants, base.option())
	if err != nil {
		return err
	}

	export(ctx, cfg, &platform{machines, cluster, kubeconfigs, watch, web, logs, database, store, app, front})
	return nil
}
