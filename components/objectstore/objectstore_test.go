package objectstore_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func program(engine objectstore.Engine, look func(*pulumi.Context, *objectstore.ObjectStore)) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		made, err := objectstore.New(ctx, "objectstore", &objectstore.Args{
			Installer: &chart.Installer{Provider: cluster, Random: randomness},
			Config:    objectstore.Config{Engine: engine, StaticBucket: "static", MediaBucket: "media", MaxSizeGiB: 5}, MonitorCRDs: cluster,
			Host: "demo-files.iransre.ir", IngressClass: pulumi.String("nginx"),
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
	assert.ErrorContains(t, err, `unknown engine "ceph": use "minio"`)
}
