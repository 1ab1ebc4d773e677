// Package monitoring watches the platform: Prometheus, Alertmanager and Grafana, and the kinds (ServiceMonitor and others) by
// which every other component asks to be watched.
package monitoring

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
)

// NamespaceName is where all of it is.
const NamespaceName = "monitoring"

const (
	namespaceName = NamespaceName
	adminUser     = "admin"
	adminSecret   = "grafana-admin"
	routingSecret = "alertmanager-routing"
)

// Args describes the monitoring.
type Args struct {
	Installer *chart.Installer
	Config    Config
	// EtcdMembers are the addresses at which etcd tells its metrics; nil if none are to be had.
	EtcdMembers pulumi.StringArrayInput
	// EtcdBackup says that etcd's members back it up, and tell when they last did.
	EtcdBackup bool
	// GitHubsRunner says that a control plane has GitHub's runner, which tells how it is.
	GitHubsRunner bool
	// CertManager says that certificates are ordered and renewed in the cluster.
	CertManager bool
	// Pages are how people reach them from outside.
	Pages Pages
	// Routing is Alertmanager's configuration and its files; nil if nobody is told of alerts.
	Routing pulumi.StringMap
	// CertificateEnds are when the platform's certificates end, by what they are for, in RFC 3339.
	CertificateEnds pulumi.StringMap
}

// Pages are those that monitoring has.
type Pages struct{ Grafana, Prometheus, Alertmanager chart.Page }

// Monitoring is what watches the platform.
type Monitoring struct {
	pulumi.ResourceState

	// CRDs installs the kinds. What has a ServiceMonitor depends on it, and so needs not wait for Prometheus.
	CRDs pulumi.Resource

	Namespace    pulumi.StringOutput `pulumi:"namespace" output:"namespaces.monitoring"`
	Grafana      chart.Endpoint      `pulumi:"grafana" output:"grafana"` // its Secret has the keys admin-user and admin-password
	Prometheus   chart.Endpoint      `pulumi:"prometheus" output:"prometheus"`
	Alertmanager chart.Endpoint      `pulumi:"alertmanager" output:"alertmanager"`
}

// New installs the kinds and, with them, Prometheus, Alertmanager and Grafana.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Monitoring, error) {
	self := &Monitoring{}
	return component.New(ctx, "exchange:monitoring:Monitoring", name, self, opts, func(child pulumi.ResourceOption) error {
		return self.install(ctx, name, args, child)
	})
}
