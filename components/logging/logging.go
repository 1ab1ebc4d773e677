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
	Engine    Engine
	// FluentBit ships the logs of every container; nil leaves it out.
	FluentBit *FluentBitArgs
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
}

// Logging is what keeps the logs.
type Logging struct {
	pulumi.ResourceState

	Namespace     pulumi.StringOutput `pulumi:"namespace"`
	Elasticsearch chart.Endpoint      `pulumi:"elasticsearch"`
	Kibana        chart.Endpoint      `pulumi:"kibana"`
}

// New installs the parts side by side: Kibana and Fluent Bit retry until Elasticsearch answers.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Logging, error) {
	self := &Logging{}
	return component.New(ctx, "exchange:logging:Logging", name, self, opts, func(child pulumi.ResourceOption) error {
		level := chart.Restricted
		if args.FluentBit != nil {
			level = chart.Privileged // it reads the containers' log files from the host
		}
		namespace, err := args.Installer.Namespace(ctx, name+"-namespace", &chart.NamespaceArgs{
			Name: namespaceName, PodSecurity: level,
		}, child)
		if err != nil {
			return err
		}
		self.Namespace = namespace.Name
		switch args.Engine {
		case Bitnami:
			err = self.installBitnami(ctx, name, args.Installer, namespace, child)
		default:
			err = fmt.Errorf("unknown engine %q: use %q", args.Engine, Bitnami)
		}
		if err != nil || args.FluentBit == nil {
			return err
		}
		return installFluentBit(ctx, name, args, namespace, child)
	})
}
