package postgres_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/flows"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func program(engine postgres.Engine, look func(*pulumi.Context, *postgres.Postgres)) func(*pulumi.Context) error {
	return programWith(postgres.Config{
		Engine: engine, Architecture: postgres.Standalone, Database: "exchange", User: "app", MaxSizeGiB: 5, MemoryMiB: 4096, MaxConnections: 200,
		Proxy:  postgres.Proxy{Enabled: engine == postgres.CloudNativePG, ReadsAtPrimary: true},
		Backup: backup(),
	}, look)
}

func backup() postgres.Backup {
	return postgres.Backup{
		Enabled: true, Endpoint: "https://s3.example.ir", Region: "somewhere", Bucket: "backups", AccessKey: "k", SecretKey: mocktest.Generated,
		Schedule: "30 1 * * *", RetentionDays: 30, Encryption: "AES256",
	}
}

func programWith(config postgres.Config, look func(*pulumi.Context, *postgres.Postgres)) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		made, err := postgres.New(ctx, "postgres", &postgres.Args{
			Installer: &chart.Installer{Provider: cluster, Random: randomness}, Config: config, MonitorCRDs: cluster,
			Ranges:      flows.Ranges{Pods: "10.233.64.0/18", Services: "10.233.0.0/18", Nodes: "10.20.0.0/24"},
			Application: application(),
		})
		if err == nil {
			look(ctx, made)
		}
		return err
	}
}

func TestPostgres(t *testing.T) {
	mocktest.Run(t, program(postgres.Bitnami, func(*pulumi.Context, *postgres.Postgres) {})).CheckComponent(t)
}

func TestWhoUsesTheHostWaitsForTheDatabase(t *testing.T) {
	r := mocktest.Run(t, program(postgres.Bitnami, func(ctx *pulumi.Context, p *postgres.Postgres) {
		consumer := &pulumi.CustomResourceState{}
		assert.NilError(t, ctx.RegisterResource("test:index:Consumer", "consumer", pulumi.Map{
			"host": p.Host, "password": p.Password,
		}, consumer))
	}))
	consumer := r.Get(t, "consumer")
	assert.Equal(t, consumer.Inputs["host"].StringValue(), "postgresql.postgres.svc")
	assert.Assert(t, consumer.Inputs["password"].IsSecret())
	assert.DeepEqual(t, consumer.DependsOn, []string{"postgres-password", "postgres-reconciler"})
}

func TestUnknownEngine(t *testing.T) {
	_, err := mocktest.Try(program("oracle", nil))
	assert.ErrorContains(t, err, `unknown engine "oracle": use "bitnami" or "cloudnative-pg"`)
}
