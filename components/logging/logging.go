// Package logging keeps the logs of the platform: Elasticsearch, Kibana to read them with and, if wanted, Fluent Bit to ship
// the logs of every container.
package logging

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
)

// Engine is the packaging of Elasticsearch and Kibana.
type Engine string

const (
	// ECK is Elastic's operator: Elasticsearch's nodes have volumes, TLS and logins.
	ECK Engine = "eck"
	// Bitnami is Bitnami's charts with the images of bitnamilegacy: one Elasticsearch that keeps nothing.
	Bitnami Engine = "bitnami"
)

const namespaceName = "logging"

// Args describes the logging.
type Args struct {
	Installer *chart.Installer
	Config    Config
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
	// Ingress is what the ingress controller's lines are like.
	Ingress IngressLogs
	// Page is how people reach Kibana from outside.
	Page chart.Page
	// Protect keeps what holds logs from being deleted: eck's nodes, their namespace, the operator and the logins.
	Protect bool
}

// IngressLogs are how the ingress controller's access log is found, and read.
type IngressLogs struct {
	// Container is the name of the controller's.
	Container string
	// Fields are those that get another name, by the one that they come with.
	Fields map[string]string
}

// Logging is what keeps the logs.
type Logging struct {
	pulumi.ResourceState

	Namespace     pulumi.StringOutput `pulumi:"namespace" output:"namespaces.logging"`
	Elasticsearch chart.Endpoint      `pulumi:"elasticsearch"`
	Kibana        chart.Endpoint      `pulumi:"kibana" output:"kibana"`
}

// New installs the parts side by side: Kibana and Fluent Bit retry until Elasticsearch answers.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Logging, error) {
	self := &Logging{}
	return component.New(ctx, "exchange:logging:Logging", name, self, opts, func(child pulumi.ResourceOption) error {
		switch args.Config.Engine {
		case ECK:
			return self.installECK(ctx, name, args, child)
		case Bitnami:
			return self.installBitnami(ctx, name, args, child)
		default:
			return fmt.Errorf("unknown engine %q: use %q or %q", args.Config.Engine, ECK, Bitnami)
		}
	})
}
