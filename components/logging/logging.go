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

// Bitnami is Bitnami's charts with the images of bitnamilegacy.
const Bitnami Engine = "bitnami"

const namespaceName = "logging"

// Args describes the logging.
type Args struct {
	Installer *chart.Installer
	Config    Config
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
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
		case Bitnami:
			return self.installBitnami(ctx, name, args, child)
		default:
			return fmt.Errorf("unknown engine %q: use %q", args.Config.Engine, Bitnami)
		}
	})
}
