package exchange_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// password is one that the mocked database gives out; nobody but the Secret may see it.
const password = mocktest.Generated + "-of-the-database"

func program(change func(*exchange.Args), look func(*pulumi.Context, *exchange.Exchange)) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		args := &exchange.Args{
			Installer: &chart.Installer{Provider: cluster, Random: randomness},
			ChartPath: "../../charts/exchange",
			Config: exchange.Config{
				Image: exchange.Image{Repository: "ghcr.io/iransre/exchange", Tag: "1.4.2"}, Host: "demo.iransre.ir",
				WebReplicas: 1, WorkerReplicas: 1, WorkerProbe: exchange.Processes,
			},
			IngressClass: pulumi.String("nginx"),
			Database: exchange.Database{
				Host: pulumi.String("postgresql.postgres.svc"), Port: pulumi.Int(5432),
				Name: pulumi.String("exchange"), User: pulumi.String("exchange"),
				Password: pulumi.ToSecret(pulumi.String(password)).(pulumi.StringOutput),
			},
			ObjectStore: exchange.ObjectStore{
				Endpoint: pulumi.String("http://minio.objectstore.svc:9000"), PublicURL: pulumi.String("https://demo-files.iransre.ir"), StaticBucket: "static", MediaBucket: "media",
				AccessKey: pulumi.String("exchange"),
				SecretKey: pulumi.ToSecret(pulumi.String(mocktest.Generated + "-of-the-store")).(pulumi.StringOutput),
			},
			MonitorCRDs: cluster,
		}
		if change != nil {
			change(args)
		}
		made, err := exchange.New(ctx, "exchange", args)
		if err == nil && look != nil {
			look(ctx, made)
		}
		return err
	}
}

func valuesOf(t *testing.T, r *mocktest.Recording) map[string]any {
	t.Helper()
	return mocktest.Plain(r.Get(t, "exchange-release").Inputs["values"]).(map[string]any)
}

func TestExchange(t *testing.T) {
	mocktest.Run(t, program(nil, nil)).CheckComponent(t)
}

func TestTheSecretHoldsWhatTheChartReads(t *testing.T) {
	data := mocktest.Run(t, program(nil, nil)).Get(t, "exchange-secret").Inputs["stringData"]
	assert.Assert(t, data.IsSecret())
	assert.DeepEqual(t, mocktest.Plain(opened(data)), map[string]any{
		"DJANGO_SECRET_KEY":     mocktest.Generated + "-exchange-secret-key",
		"DATABASE_PASSWORD":     password,
		"AWS_ACCESS_KEY_ID":     "exchange",
		"AWS_SECRET_ACCESS_KEY": mocktest.Generated + "-of-the-store",
	})
}

// An application that knows nothing of a second store is told what it always was.
func TestAnotherStoreOfTheMediaBucketIsToldBesideTheFirst(t *testing.T) {
	r := mocktest.Run(t, program(func(args *exchange.Args) {
		args.ObjectStore.Media = &exchange.Store{
			Endpoint: pulumi.String("https://s3.example"), PublicURL: pulumi.String("https://files.example"), Region: "ir-thr-at1",
			AccessKey: pulumi.String("the-key"), SecretKey: pulumi.ToSecret(pulumi.String("hush")).(pulumi.StringOutput),
		}
	}, nil))
	assert.DeepEqual(t, valuesOf(t, r)["objectStore"], map[string]any{
		"endpoint": "http://minio.objectstore.svc:9000", "publicURL": "https://demo-files.iransre.ir", "staticBucket": "static", "mediaBucket": "media",
		"existingSecret": "exchange",
		"media":          map[string]any{"endpoint": "https://s3.example", "publicURL": "https://files.example", "region": "ir-thr-at1"},
	})
	data := mocktest.Plain(opened(r.Get(t, "exchange-secret").Inputs["stringData"])).(map[string]any)
	assert.Equal(t, data["AWS_ACCESS_KEY_ID"], "exchange")
	assert.Equal(t, data["AWS_MEDIA_ACCESS_KEY_ID"], "the-key")
	assert.Equal(t, data["AWS_MEDIA_SECRET_ACCESS_KEY"], "hush")
	assert.DeepEqual(t, r.SecretsOutside(), []string(nil))
}

func TestANewPasswordChangesTheRelease(t *testing.T) {
	before := valuesOf(t, mocktest.Run(t, program(nil, nil)))["secretRevision"]
	again := valuesOf(t, mocktest.Run(t, program(nil, nil)))["secretRevision"]
	assert.Equal(t, before, again)
	after := valuesOf(t, mocktest.Run(t, program(func(args *exchange.Args) {
		args.Database.Password = pulumi.ToSecret(pulumi.String("another")).(pulumi.StringOutput)
	}, nil)))["secretRevision"]
	assert.Assert(t, before != after)
}

func TestWhoNeedsTheApplicationWaitsForTheRollout(t *testing.T) {
	r := mocktest.Run(t, program(nil, func(ctx *pulumi.Context, e *exchange.Exchange) {
		consumer := &pulumi.CustomResourceState{}
		assert.NilError(t, ctx.RegisterResource("test:index:Consumer", "consumer", pulumi.Map{"ready": e.Ready}, consumer))
	}))
	consumer := r.Get(t, "consumer")
	assert.DeepEqual(t, consumer.DependsOn, []string{"exchange-release"})
}

func TestReplicasOfTheDatabaseAndMigrationTime(t *testing.T) {
	values := valuesOf(t, mocktest.Run(t, program(func(args *exchange.Args) {
		args.Database.ReadOnlyHost = pulumi.String("pg-ro.postgres.svc")
		args.MonitorCRDs = nil
	}, nil)))
	assert.Equal(t, values["database"].(map[string]any)["readOnlyHost"], "pg-ro.postgres.svc")
	assert.Equal(t, values["migrations"].(map[string]any)["timeoutSeconds"], 480.0)
	assert.DeepEqual(t, values["metrics"], map[string]any{
		"enabled": false, "serviceMonitor": map[string]any{"enabled": false}, "queue": map[string]any{"enabled": false},
	})
}

func TestTheWorkersProbe(t *testing.T) {
	for probe, wanted := range map[exchange.Probe][2]bool{exchange.Processes: {true, false}, exchange.Heartbeat: {false, true}, exchange.NoProbe: {false, false}} {
		values := valuesOf(t, mocktest.Run(t, program(func(args *exchange.Args) { args.Config.WorkerProbe = probe }, nil)))
		worker := values["worker"].(map[string]any)
		assert.DeepEqual(t, worker["processProbe"], map[string]any{"enabled": wanted[0]})
		assert.DeepEqual(t, worker["heartbeat"], map[string]any{"enabled": wanted[1]})
	}
}

func TestTheWebServersArgumentsReachTheChart(t *testing.T) {
	values := valuesOf(t, mocktest.Run(t, program(func(args *exchange.Args) { args.Config.GunicornArgs = []string{"--no-control-socket"} }, nil)))
	assert.DeepEqual(t, values["web"].(map[string]any)["gunicorn"], map[string]any{"extraArgs": []any{"--no-control-socket"}})
}

func TestAMissingChartIsNamed(t *testing.T) {
	_, err := mocktest.Try(program(func(args *exchange.Args) { args.ChartPath = "./nowhere" }, nil))
	assert.ErrorContains(t, err, "chart folder ./nowhere")
}

// opened is a secret map with all its secrets in the clear.
func opened(value resource.PropertyValue) resource.PropertyValue {
	value = mocktest.Open(value)
	if !value.IsObject() {
		return value
	}
	plain := resource.PropertyMap{}
	for key, each := range value.ObjectValue() {
		plain[key] = opened(each)
	}
	return resource.NewProperty(plain)
}

// Migrations hold locks and sessions that nothing may cut or share: they go to the primary itself.
func TestTheExchangeReachesThePrimaryInItsOwnWays(t *testing.T) {
	values := valuesOf(t, mocktest.Run(t, program(func(args *exchange.Args) {
		args.Database.Host, args.Database.ReadOnlyHost = pulumi.String("haproxy-rw.postgres.svc"), pulumi.String("haproxy-ro.postgres.svc")
		args.Database.PrimaryHost, args.Database.Encrypted = pulumi.String("postgres-rw.postgres.svc"), true
	}, nil)))
	assert.DeepEqual(t, values["database"], map[string]any{
		"host": "haproxy-rw.postgres.svc", "readOnlyHost": "haproxy-ro.postgres.svc", "migrationsHost": "postgres-rw.postgres.svc",
		"port": 5432.0, "name": "exchange", "user": "exchange", "existingSecret": "exchange", "sslMode": "require",
	})
}

func TestFurtherNames(t *testing.T) {
	r := mocktest.Run(t, program(func(args *exchange.Args) {
		args.Config.MoreHosts, args.Config.RedirectHosts, args.URL = []string{"iransre.ir"}, []string{"www.iransre.ir"}, "https://demo.iransre.ir"
	}, nil))
	assert.DeepEqual(t, valuesOf(t, r)["extraHosts"], []any{"iransre.ir"})
	ingress := mocktest.Plain(resource.NewProperty(r.Get(t, "exchange-redirect").Inputs)).(map[string]any)
	annotations := ingress["metadata"].(map[string]any)["annotations"].(map[string]any)
	assert.Equal(t, annotations["nginx.ingress.kubernetes.io/permanent-redirect"], "https://demo.iransre.ir")
	rule := ingress["spec"].(map[string]any)["rules"].([]any)[0].(map[string]any)
	assert.Equal(t, rule["host"], "www.iransre.ir")
}
