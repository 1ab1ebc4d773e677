package objectstore_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// elsewhere is a storage that somebody else runs.
func elsewhere() objectstore.Config {
	config := fourServers()
	config.Engine = objectstore.External
	config.External.AccessKey, config.External.SecretKey = "the-key", mocktest.Generated+"-of-the-storage"
	return config
}

// The exchange is told of the storage what it is told of MinIO, and nothing of MinIO is there.
func TestTheExchangeUsesAStorageOutside(t *testing.T) {
	r := mocktest.Run(t, programOf(elsewhere(), func(ctx *pulumi.Context, o *objectstore.ObjectStore) {
		consumer := &pulumi.CustomResourceState{}
		assert.NilError(t, ctx.RegisterResource("test:index:Consumer", "consumer", pulumi.Map{
			"endpoint": o.Endpoint, "accessKey": o.AccessKey, "secretKey": o.SecretKey, "secretName": o.SecretName, "namespace": o.Namespace,
		}, consumer))
	}))
	consumer := r.Get(t, "consumer")
	for key, wanted := range map[string]string{
		"endpoint": "https://s3.ir-thr-at1.arvanstorage.ir", "accessKey": "the-key", "secretName": "objectstore-exchange", "namespace": "objectstore",
	} {
		assert.Equal(t, consumer.Inputs[resource.PropertyKey(key)].StringValue(), wanted)
	}
	assert.Assert(t, consumer.Inputs["secretKey"].IsSecret())
}

func TestOutside(t *testing.T) {
	mocktest.Run(t, programOf(elsewhere(), func(*pulumi.Context, *objectstore.ObjectStore) {})).CheckEngine(t, "external")
}

// The storage's keys are the only ones that reach its bucket, also for the copy of it.
func TestFilesOutsideAreCopiedFromThere(t *testing.T) {
	config := elsewhere()
	config.Copy = objectstore.Copy{Enabled: true, Endpoint: "http://203.0.113.9", Bucket: "outside", AccessKey: "a", SecretKey: "s", Schedule: "15 0 * * *"}
	r := mocktest.Run(t, programOf(config, func(*pulumi.Context, *objectstore.ObjectStore) {}))
	r.CheckEngine(t, "external.copied")
	policy := mocktest.Plain(r.Get(t, "objectstore-copy-policy").Inputs["spec"]).(map[string]any)
	egress := policy["egress"].([]any)
	assert.Equal(t, len(egress), 4, "names, the namespace, and both storages")
	assert.DeepEqual(t, egress[3].(map[string]any)["ports"], []any{map[string]any{"port": 443.0, "protocol": "TCP"}})
}

func TestBrowsersLoadFilesOfAStorageOutsideFromIt(t *testing.T) {
	config := elsewhere()
	assert.Equal(t, config.FilesHost("demo.iransre.ir", "iransre.ir"), "")
	assert.Equal(t, config.FilesURL(objectstore.Media), "https://s3.ir-thr-at1.arvanstorage.ir")
	config.External.PublicURL = "https://files.example/"
	assert.Equal(t, config.FilesURL(objectstore.Media), "https://files.example")
	config.Engine = objectstore.MinIO
	assert.Equal(t, config.FilesURL(objectstore.Media), "")
}
