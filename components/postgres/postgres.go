// Package postgres is the exchange's database.
package postgres

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/flows"
)

// Engine is the way PostgreSQL is run.
type Engine string

const (
	// Bitnami is Bitnami's chart: what an Architecture says.
	Bitnami Engine = "bitnami"
	// CloudNativePG is an operator that runs a primary and its replicas, each with a volume, and promotes one when it has to.
	CloudNativePG Engine = "cloudnative-pg"
)

// Architecture is which servers Bitnami's chart runs.
type Architecture string

const (
	// Standalone is one primary that keeps nothing.
	Standalone Architecture = "standalone"
	// Replication is a primary and replicas, each with a volume. None is promoted by itself.
	Replication Architecture = "replication"
)

const (
	namespaceName = "postgres"
	port          = 5432
)

// Args describes the database.
type Args struct {
	Installer *chart.Installer
	Config    Config
	// MonitorCRDs installs the kinds of the Prometheus operator; nil if nothing shall be monitored.
	MonitorCRDs pulumi.Resource
	// Ranges are where production is, which a restored copy must not reach.
	Ranges flows.Ranges
	// Application is what uses the database, whose image the restore drill tries a copy with.
	Application Application
}

// Postgres is a running database. What uses its hosts waits until it accepts connections.
type Postgres struct {
	pulumi.ResourceState

	Host         pulumi.StringOutput `pulumi:"host" output:"postgres.rwHost"`
	ReadOnlyHost pulumi.StringOutput `pulumi:"readOnlyHost" output:"postgres.roHost"`
	// PrimaryHost leads to the primary without HAProxy, for whoever must not depend on it: migrations do.
	PrimaryHost pulumi.StringOutput `pulumi:"primaryHost" output:"postgres.primaryHost"`
	// Authority is the certificate, in PEM, by which the servers' are known; empty where they speak no TLS.
	Authority pulumi.StringOutput `pulumi:"authority" output:"postgres.authority"`
	Port      pulumi.IntOutput    `pulumi:"port" output:"postgres.port"`
	Database  pulumi.StringOutput `pulumi:"database" output:"postgres.database"`
	User      pulumi.StringOutput `pulumi:"user"`
	Password  pulumi.StringOutput `pulumi:"password"` // secret
	// SecretName is the Secret in Namespace with the key password (the user's). With bitnami it has
	// postgres-password too, the superuser's.
	SecretName pulumi.StringOutput `pulumi:"secretName" output:"postgres.secretName"`
	Namespace  pulumi.StringOutput `pulumi:"namespace" output:"postgres.namespace,namespaces.postgres"`
}

// New installs the database.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Postgres, error) {
	self := &Postgres{}
	return component.New(ctx, "exchange:postgres:Postgres", name, self, opts, func(child pulumi.ResourceOption) error {
		self.Port = pulumi.Int(port).ToIntOutput()
		self.Database = pulumi.String(args.Config.Database).ToStringOutput()
		self.User = pulumi.String(args.Config.User).ToStringOutput()
		switch args.Config.Engine {
		case Bitnami:
			return self.installBitnami(ctx, name, args, child)
		case CloudNativePG:
			return self.installCloudNativePG(ctx, name, args, child)
		default:
			return fmt.Errorf("unknown engine %q: use %q or %q", args.Config.Engine, Bitnami, CloudNativePG)
		}
	})
}
