// Package stacks is an environment: the sections of its stack file, how its parts are put together, and what it tells other
// teams.
package stacks

import (
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/alerting"
	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/certificates"
	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/components/monitoring"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/policy"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is everything an environment can say about itself: each field is one section of the stack file,
// `exchange-platform:<name>`, and belongs to the component that it is about. A profile fills in the defaults, the stack file
// holds only what differs. docs/configuration.md is made from the comments of these types.
type Config struct {
	// Profile chooses the defaults: "demo" (two nodes, nothing kept) or "prod" (machines and etcd survive the loss of one). Each
	// also has rules of its own about what it accepts.
	Profile settings.Profile `json:"profile" later:"as its defaults do"`
	// Protect refuses to delete what holds data or cannot be brought back: the database, the object store, the private
	// network, the key that logs in to the machines. `pulumi destroy` then stops at its preview; with --skip-preview it still
	// deletes everything that keeps no data. To take an environment down, set it to false, run `pulumi up`, then `pulumi destroy`.
	Protect      bool                `json:"protect"`
	Cloud        arvan.Cloud         `json:"cloud"`
	Network      arvan.Network       `json:"network"`
	Nodes        arvan.Nodes         `json:"nodes"`
	Kubernetes   Kubernetes          `json:"kubernetes"`
	Edge         edge.Config         `json:"edge"`
	Ingress      ingress.Config      `json:"ingress"`
	Certificates certificates.Config `json:"certificates"`
	Monitoring   monitoring.Config   `json:"monitoring"`
	Alerting     alerting.Config     `json:"alerting"`
	Logging      logging.Config      `json:"logging"`
	Postgres     postgres.Config     `json:"postgres"`
	ObjectStore  objectstore.Config  `json:"objectStore"`
	Exchange     exchange.Config     `json:"exchange"`
	Delivery     delivery.Config     `json:"delivery"`
	Mirrors      Mirrors             `json:"mirrors"`
	Policy       policy.Config       `json:"policy"`
}

// platform is everything an environment consists of. What its parts tell other teams is said at their own fields (`output`).
type platform struct {
	Machines     *arvan.Machines
	Cluster      *kubespray.Cluster
	Kubeconfigs  *access.Kubeconfigs
	Monitoring   *monitoring.Monitoring
	Ingress      *ingress.Ingress
	Logging      *logging.Logging
	Postgres     *postgres.Postgres
	ObjectStore  *objectstore.ObjectStore
	Exchange     *exchange.Exchange
	Delivery     *delivery.Delivery // nil without Argo CD: others tell nobody anything
	Edge         *edge.Edge
	Certificates *certificates.Certificates // nil if nobody orders any in the cluster
	Pages        *pages

	Known *knownCertificates
}

// deploy puts the platform together. Whatever does not need another's outputs is made at the same time. There is none where only
// the way back to a lost state was asked for. last is what the last update left.
func deploy(ctx *pulumi.Context, cfg *Config, last *memory) (*platform, error) {
	name := ctx.Stack()
	// before anything is registered: a provider that was told another zone would be in the state already
	if err := refuse(name, cfg, last); err != nil {
		return nil, err
	}
	if err := checkPull(ctx, cfg); err != nil {
		return nil, err
	}
	if err := last.tellLeft(ctx, cfg); err != nil {
		return nil, err
	}
	providers, err := newProviders(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if folder := os.Getenv(recoverTo); folder != "" {
		return nil, recoverLost(ctx, cfg, last, providers, folder)
	}
	if last.name == "" {
		if err := refuseLost(ctx, name, cfg, providers.arvancloud); err != nil {
			return nil, err
		}
	}
	ranges, err := takeRanges(ctx, cfg, providers.arvancloud, last.webRanges)
	if err != nil {
		return nil, err
	}
	imageIDs, err := checkOffer(ctx, cfg, providers.arvancloud, last.machines)
	if err != nil {
		return nil, err
	}
	base := providers.option()
	// what holds data and everything in it: the namespace, whose deletion takes the volumes along, and the credentials
	keep := pulumi.Protect(cfg.Protect)

	var p platform
	p.Machines, err = arvan.New(ctx, name, &arvan.Args{
		Cloud: cfg.Cloud, Network: cfg.Network, Nodes: cfg.Nodes, ImageIDs: imageIDs, Protect: cfg.Protect,
		DataPath: cfg.Kubernetes.LocalPath(), Running: last.machines, Groups: last.groups, AdminKeys: last.adminKeys,
		VirtualAddress: cfg.Edge.VirtualAddress(),
	}, base)
	if err != nil {
		return nil, err
	}
	if err := remember(ctx, cfg, p.Machines, ranges); err != nil {
		return nil, err
	}
	holdBudget(ctx, cfg, p.Machines)
	api, err := newAPINames(ctx, cfg, p.Machines, base)
	if err != nil {
		return nil, err
	}
	p.Cluster, err = kubespray.New(ctx, name+"-cluster", clusterArgs(name, cfg, p.Machines, api, last.cluster), base)
	if err != nil {
		return nil, err
	}
	installer, err := newInstaller(ctx, name, cfg, &p, last)
	if err != nil {
		return nil, err
	}

	if err := installPolicy(ctx, cfg, installer, base); err != nil {
		return nil, err
	}

	var deadMans *alerting.Switch
	if cfg.Alerting.SMS.Provider != "" {
		told, err := alerting.New(ctx, "alerting", &alerting.Args{
			Installer: installer, Config: cfg.Alerting, Alertmanagers: monitoring.NamespaceName, Bastion: bastion(p.Machines),
		}, base)
		if err != nil {
			return nil, err
		}
		deadMans = told.Switch
	}
	p.Known = newKnownCertificates(ctx, cfg, p.Cluster.Kubeconfig)
	routing, err := cfg.Alerting.Routing(deadMans)
	if err != nil {
		return nil, err
	}
	p.Monitoring, err = monitoring.New(ctx, "monitoring", &monitoring.Args{
		Installer: installer, Config: cfg.Monitoring,
		EtcdMembers: p.Machines.PrivateAddresses(arvan.ControlPlane), EtcdBackup: cfg.Kubernetes.EtcdBackup.Enabled,
		Routing: routing, CertificateEnds: p.Known.Ends, CertManager: cfg.Certificates.Enabled(), GitHubsRunner: cfg.Delivery.Runner.Repository != "",
		Pages: monitoringPages(cfg),
	}, base)
	if err != nil {
		return nil, err
	}
	monitorCRDs := p.Monitoring.CRDs
	p.Edge, err = edge.New(ctx, "edge", &edge.Args{
		Installer: installer, Config: cfg.Edge, Host: cfg.Exchange.Host, MoreHosts: cfg.Exchange.Names()[1:], Pages: pageHosts(cfg), FilesHost: filesHost(cfg), StaticPath: staticPath(cfg),
		Scheme: scheme(cfg), FilesURL: filesURL(cfg, objectstore.Static), MediaURL: filesURL(cfg, objectstore.Media),
		Addresses: p.Machines.PublicAddresses(arvan.Worker, cfg.Edge.LeaveOut...), LetThrough: p.Machines.LetThrough, MonitorCRDs: monitorCRDs,
	}, base, pulumi.DependsOn([]pulumi.Resource{p.Cluster.Allowed}))
	if err != nil {
		return nil, err
	}
	p.Ingress, err = ingress.New(ctx, "ingress", &ingress.Args{
		Installer: installer, Config: cfg.Ingress, MonitorCRDs: monitorCRDs, TrustedProxies: trustedProxies(cfg),
		OriginKey: p.Edge.OriginKey, OriginHeader: edge.OriginHeader,
		Certificate: cfg.Edge.Certificate.Chain, Key: cfg.Edge.Certificate.Key, CertificateSecret: renewedSecret(cfg), OnlyTLS: workersSpeakHTTPS(cfg),
		VirtualAddress: p.Edge.VirtualAddress, AllowedSources: allowedSources(cfg), LedTo: ledTo(cfg),
	}, base)
	if err != nil {
		return nil, err
	}
	if cfg.Certificates.Enabled() {
		p.Certificates, err = certificates.New(ctx, "certificates", &certificates.Args{
			Installer: installer, Config: cfg.Certificates, Hosts: workersNames(cfg), Domain: cfg.Edge.Domain,
			Namespace: p.Ingress.Namespace, MonitorCRDs: monitorCRDs,
		}, base)
		if err != nil {
			return nil, err
		}
	}
	p.Logging, err = logging.New(ctx, "logging", &logging.Args{
		Installer: installer, Config: cfg.Logging, MonitorCRDs: monitorCRDs, Ingress: logging.IngressLogs(cfg.Ingress.Logs()),
		Page: pageOf(cfg, ingress.Kibana), Protect: cfg.Protect,
	}, base)
	if err != nil {
		return nil, err
	}
	application, err := drilledApplication(cfg)
	if err != nil {
		return nil, err
	}
	database := &postgres.Args{
		Installer: installer, Config: cfg.Postgres, MonitorCRDs: monitorCRDs, Ranges: clusterRanges(cfg), Application: application,
	}
	p.Postgres, err = postgres.New(ctx, "postgres", database, base, keep)
	if err != nil {
		return nil, err
	}
	p.ObjectStore, err = objectstore.New(ctx, "objectstore", &objectstore.Args{
		Installer: installer, Config: cfg.ObjectStore, MonitorCRDs: monitorCRDs, Host: filesHost(cfg), IngressClass: p.Ingress.Class,
		Ranges: clusterRanges(cfg),
	}, base, keep)
	if err != nil {
		return nil, err
	}
	p.Exchange, err = exchange.New(ctx, "exchange", &exchange.Args{
		Installer: installer, Config: cfg.Exchange, URL: publicURL(cfg, cfg.Exchange.Host), MonitorCRDs: monitorCRDs, IngressClass: p.Ingress.Class,
		Database: exchangeDatabase(cfg, p.Postgres), ObjectStore: exchangeFiles(cfg, p.ObjectStore),
		Delivered: cfg.Delivery.By(), Left: last.exchange,
	}, base)
	if err != nil {
		return nil, err
	}
	if err := postgres.LetDrillRead(ctx, "exchange-drill", database, p.Exchange.Namespace, base); err != nil {
		return nil, err
	}
	if cfg.Delivery.Needed() {
		made, err := delivery.New(ctx, "delivery", &delivery.Args{
			Installer: installer, Config: cfg.Delivery, Profile: cfg.Profile, Exchange: p.Exchange.Namespace, Ready: p.Exchange.Ready, MonitorCRDs: monitorCRDs,
			Stack: name, Host: runnerHost(cfg, p.Machines), Mirror: cfg.Mirrors.Files, Page: pageOf(cfg, ingress.ArgoCD),
		}, base)
		if err != nil {
			return nil, err
		}
		if cfg.Delivery.Mode == delivery.ByGit {
			p.Delivery = made
		}
	}
	p.Pages, err = newPages(ctx, cfg, &p, installer, base)
	if err != nil {
		return nil, err
	}
	p.Kubeconfigs, err = access.New(ctx, "access", accessArgs(cfg, &p, installer, last.tokens), base)
	return &p, err
}
