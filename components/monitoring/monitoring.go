// Package monitoring watches the platform: Prometheus, Alertmanager and Grafana, and the kinds (ServiceMonitor and others) by
// which every other component asks to be watched.
package monitoring

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
)

const (
	namespaceName = "monitoring"
	adminUser     = "admin"
	adminSecret   = "grafana-admin"
)

// Args describes the monitoring.
type Args struct {
	Installer *chart.Installer
	Retention string // how long Prometheus keeps samples, for example "6h"
	// GrafanaHost publishes Grafana under a name, through Ingress objects of IngressClass. Empty keeps it inside the cluster.
	GrafanaHost  string
	IngressClass string
}

// Monitoring is what watches the platform.
type Monitoring struct {
	pulumi.ResourceState

	// CRDs installs the kinds. What has a ServiceMonitor depends on it, and so needs not wait for Prometheus.
	CRDs pulumi.Resource

	Namespace    pulumi.StringOutput `pulumi:"namespace"`
	Grafana      chart.Endpoint      `pulumi:"grafana"` // its Secret has the keys admin-user and admin-password
	Prometheus   chart.Endpoint      `pulumi:"prometheus"`
	Alertmanager chart.Endpoint      `pulumi:"alertmanager"`
}

// New installs the kinds and, with them, the stack.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Monitoring, error) {
	self := &Monitoring{}
	return component.New(ctx, "exchange:monitoring:Monitoring", name, self, opts, func(child pulumi.ResourceOption) error {
		if args.GrafanaHost != "" && args.IngressClass == "" {
			return fmt.Errorf("Grafana shall be published as %q: set IngressClass", args.GrafanaHost)
		}
		namespace, err := args.Installer.Namespace(ctx, name+"-namespace", &chart.NamespaceArgs{
			Name:        namespaceName,
			PodSecurity: chart.Privileged, // the node exporter reads the host's file systems and network
		}, child)
		if err != nil {
			return err
		}
		self.Namespace = namespace.Name
		// Not atomic: undoing this release would delete every object of its kinds in the cluster.
		crds, err := args.Installer.Release(ctx, name+"-crds", &chart.ReleaseArgs{
			Entry: "prometheus-operator-crds", Namespace: namespace.Name,
		}, child)
		if err != nil {
			return err
		}
		self.CRDs = crds
		return self.installStack(ctx, name, args, namespace, child)
	})
}
