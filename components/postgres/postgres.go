// Package postgres is the exchange's database.
package postgres

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
)

// Engine is the way PostgreSQL is run.
type Engine string

// Bitnami is Bitnami's chart: one primary that keeps nothing.
const Bitnami Engine = "bitnami"

const (
	namespaceName = "postgres"
	port          = 5432
)

// Args describes the database.
type Args struct {
	Installer *chart.Installer
	Engine    Engine
	Database  string // made for the application
	User      string // the application's; owns the database
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
}

// Postgres is a running database. What uses its hosts waits until it accepts connections.
type Postgres struct {
	pulumi.ResourceState

	Host         pulumi.StringOutput `pulumi:"host"`
	ReadOnlyHost pulumi.StringOutput `pulumi:"readOnlyHost"`
	Port         pulumi.IntOutput    `pulumi:"port"`
	Database     pulumi.StringOutput `pulumi:"database"`
	User         pulumi.StringOutput `pulumi:"user"`
	Password     pulumi.StringOutput `pulumi:"password"` // secret
	// SecretName is the Secret in Namespace with the keys password (the user's) and postgres-password (the superuser's).
	SecretName pulumi.StringOutput `pulumi:"secretName"`
	Namespace  pulumi.StringOutput `pulumi:"namespace"`
}

// New installs the database.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Postgres, error) {
	self := &Postgres{}
	return component.New(ctx, "exchange:postgres:Postgres", name, self, opts, func(child pulumi.ResourceOption) error {
		self.Port = pulumi.Int(port).ToIntOutput()
		self.Database = pulumi.String(args.Database).ToStringOutput()
		self.User = pulumi.String(args.User).ToStringOutput()
		switch args.Engine {
		case Bitnami:
			return self.installBitnami(ctx, name, args, child)
		default:
			return fmt.Errorf("unknown engine %q: use %q", args.Engine, Bitnami)
		}
	})
}
