package objectstore_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/internal/flows"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

func program(engine objectstore.Engine, look func(*pulumi.Context, *objectstore.ObjectStore)) func(*pulumi.Context) error {
	return programOf(objectstore.Config{
		Engine: engine, Mode: objectstore.Standalone, StaticBucket: "static", MediaBucket: "media", MaxSizeGiB: 5,
	}, look)
}

// fourServers is what prod has.
func fourServers() objectstore.Config {
	var config objectstore.Config
	config.SetDefaults(settings.Prod)
	return config
}

func programOf(config objectstore.Config, look func(*pulumi.Context, *objectstore.ObjectStore)) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		made, err := objectstore.New(ctx, "objectstore", &objectstore.Args{
			Installer: &chart.Installer{Provider: cluster, Random: randomness},
			Config:    config, MonitorCRDs: cluster,
			Host: "demo-files.iransre.ir", IngressClass: pulumi.String("nginx"),
			Ranges: flows.Ranges{Nodes: "10.10.0.0/24", Pods: "10.233.64.0/18", Services: "10.233.0.0/18"},
		})
		if err == nil {
			look(ctx, made)
		}
		return err
	}
}

func TestObjectStore(t *testing.T) {
	mocktest.Run(t, program(objectstore.MinIO, func(*pulumi.Context, *objectstore.ObjectStore) {})).CheckComponent(t)
}

func TestFourServers(t *testing.T) {
	mocktest.Run(t, programOf(fourServers(), func(*pulumi.Context, *objectstore.ObjectStore) {})).CheckEngine(t, "distributed")
}

func TestTheServersRunTheImageThatIsAskedFor(t *testing.T) {
	config := fourServers()
	config.Image = "registry.test/fork/silo:1"
	r := mocktest.Run(t, programOf(config, func(*pulumi.Context, *objectstore.ObjectStore) {}))
	values := mocktest.Plain(r.Get(t, "objectstore-release").Inputs["values"]).(map[string]any)
	assert.DeepEqual(t, values["image"], map[string]any{"repository": "registry.test/fork/silo", "tag": "1"})
}

// Claims of a StatefulSet cannot change: a chart that asks for others would fail.
func TestMoreRoomChangesTheQuotaAndTheAlertOnly(t *testing.T) {
	small, large := fourServers(), fourServers()
	large.MaxSizeGiB *= 2
	values := func(config objectstore.Config) any {
		r := mocktest.Run(t, programOf(config, func(*pulumi.Context, *objectstore.ObjectStore) {}))
		return mocktest.Plain(r.Get(t, "objectstore-release").Inputs["values"])
	}
	assert.DeepEqual(t, values(small), values(large))
}

func TestWhoUsesTheEndpointWaitsForTheBuckets(t *testing.T) {
	r := mocktest.Run(t, program(objectstore.MinIO, func(ctx *pulumi.Context, o *objectstore.ObjectStore) {
		consumer := &pulumi.CustomResourceState{}
		assert.NilError(t, ctx.RegisterResource("test:index:Consumer", "consumer", pulumi.Map{
			"endpoint": o.Endpoint, "secretKey": o.SecretKey,
		}, consumer))
	}))
	consumer := r.Get(t, "consumer")
	assert.Equal(t, consumer.Inputs["endpoint"].StringValue(), "http://minio.objectstore.svc:9000")
	assert.Assert(t, consumer.Inputs["secretKey"].IsSecret())
	assert.DeepEqual(t, consumer.DependsOn, []string{"objectstore-reconciler", "objectstore-secret-key"})
}

func TestUnknownEngine(t *testing.T) {
	_, err := mocktest.Try(program("ceph", nil))
	assert.ErrorContains(t, err, `unknown engine "ceph": use "minio" or "external"`)
}
