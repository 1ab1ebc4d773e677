package postgres_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

func replicated() postgres.Config {
	config := proxied()
	config.Engine, config.Architecture, config.Replicas, config.Backup = postgres.Bitnami, postgres.Replication, 2, backup()
	return config
}

func TestReplication(t *testing.T) {
	r := mocktest.Run(t, programWith(replicated(), noLook))
	r.CheckEngine(t, "replication")
	var objects strings.Builder
	for _, name := range []string{"postgres-dump", "postgres-restore"} {
		text, err := yaml.Marshal(map[string]any{name: specOf(t, r, name)})
		assert.NilError(t, err)
		objects.Write(text)
		assert.Assert(t, !r.Get(t, name).Protect, "%s keeps nothing, and may be switched off", name)
	}
	golden.Assert(t, objects.String(), "replication.objects.yaml")
}

func valuesOf(t *testing.T, config postgres.Config) map[string]any {
	t.Helper()
	return mocktest.Plain(mocktest.Run(t, programWith(config, noLook)).Get(t, "postgres-release").Inputs["values"]).(map[string]any)
}

// The chart keeps a primary away from other primaries, and replicas from replicas: the one worker that both were on would take both.
func TestNoTwoServersOfEitherRoleShareAWorker(t *testing.T) {
	values := valuesOf(t, replicated())
	for _, role := range []string{"primary", "readReplicas"} {
		terms := values[role].(map[string]any)["affinity"].(map[string]any)["podAntiAffinity"].(map[string]any)["requiredDuringSchedulingIgnoredDuringExecution"].([]any)
		assert.DeepEqual(t, terms[0].(map[string]any)["labelSelector"], map[string]any{"matchLabels": map[string]any{"app.kubernetes.io/name": "postgresql"}})
	}
}

// With fewer sessions than its primary a replica does not start, and a change reaches both at once, in no order.
func TestAReplicaHasNeverFewerSessionsThanItsPrimary(t *testing.T) {
	of := func(connections int, role string) string {
		config := replicated()
		config.MaxConnections = connections
		text := valuesOf(t, config)[role].(map[string]any)["extendedConfiguration"].(string)
		_, rest, found := strings.Cut(text, "max_connections = '")
		assert.Assert(t, found, text)
		number, _, _ := strings.Cut(rest, "'")
		return number
	}
	assert.Equal(t, of(30, "primary"), "30")
	assert.Equal(t, of(30, "readReplicas"), "1000")
	assert.Equal(t, of(200, "readReplicas"), "1000")
	config := replicated()
	config.MaxConnections = 1001
	assert.ErrorContains(t, config.Validate(settings.Prod, field.NewPath("postgres")).Err(), "postgres.maxConnections: Invalid value: 1001: must be at most 1000")
}

// Readers and writers have each the Service of their servers: no server changes its role.
func TestTheExchangeIsLedToPrimaryAndReplicas(t *testing.T) {
	for name, test := range map[string]struct {
		proxied           bool
		host, reads, wait string
	}{
		"HAProxy":  {true, "haproxy-rw.postgres.svc", "haproxy-ro.postgres.svc", "postgres-proxy-rw"},
		"directly": {false, "postgresql-primary.postgres.svc", "postgresql-read.postgres.svc", "postgres-reconciler"},
	} {
		t.Run(name, func(t *testing.T) {
			config := replicated()
			config.Proxy.Enabled = test.proxied
			r := mocktest.Run(t, programWith(config, func(ctx *pulumi.Context, p *postgres.Postgres) {
				for of, hosts := range map[string]pulumi.Map{"writer": {"host": p.Host}, "reader": {"host": p.ReadOnlyHost}, "migrations": {"host": p.PrimaryHost}} {
					assert.NilError(t, ctx.RegisterResource("test:index:Consumer", of, hosts, &pulumi.CustomResourceState{}))
				}
			}))
			assert.Equal(t, r.Get(t, "writer").Inputs["host"].StringValue(), test.host)
			assert.DeepEqual(t, r.Get(t, "writer").DependsOn, []string{test.wait})
			assert.Equal(t, r.Get(t, "reader").Inputs["host"].StringValue(), test.reads)
			assert.Equal(t, r.Get(t, "migrations").Inputs["host"].StringValue(), "postgresql-primary.postgres.svc")
		})
	}
}

func TestHAProxyKnowsRolesByTheirServices(t *testing.T) {
	config := replicated()
	config.Replicas = 3
	text, err := postgres.ProxyConfig(&config)
	assert.NilError(t, err)
	_, write, _ := strings.Cut(text, "\nbackend rw\n")
	write, read, _ := strings.Cut(write, "\nbackend ro\n")
	assert.Assert(t, contains(write, "server-template server 1 postgresql-primary.postgres.svc.cluster.local:5432"), text)
	assert.Assert(t, contains(read, "server-template server 3 postgresql-read-hl.postgres.svc.cluster.local:5432"), text)
	assert.Assert(t, !contains(text, "/pg/status"), "the servers have no such interface")
}

// Nothing of what an earlier version made is there anew or gone.
func TestOneServerIsWhatItWas(t *testing.T) {
	r := mocktest.Run(t, program(postgres.Bitnami, noLook))
	for _, name := range r.Names() {
		assert.Assert(t, !contains(name, "dump") && !contains(name, "restore") && !contains(name, "backup"), name)
	}
}

func TestProductionIsToldAtEachUpdateWhatNobodyDoes(t *testing.T) {
	config := replicated()
	assert.Assert(t, contains(strings.Join(config.Warnings(settings.Prod), "\n"), "nothing is written until it is back or somebody promotes a replica by hand"))
	assert.Equal(t, len(config.Warnings(settings.Demo)), 0)
	config.Architecture = postgres.Standalone
	assert.Assert(t, contains(strings.Join(config.Warnings(settings.Prod), "\n"), "the database is lost with its pod"))
}
