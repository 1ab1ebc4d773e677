package objectstore_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// The files of the buckets are reached from outside, and nothing else of the server is.
func TestBrowsersReachTheFilesOfTheBuckets(t *testing.T) {
	r := mocktest.Run(t, program(objectstore.MinIO, func(*pulumi.Context, *objectstore.ObjectStore) {}))
	for _, bucket := range []string{"static", "media"} {
		ingress := mocktest.Plain(resource.NewProperty(r.Get(t, "objectstore-"+bucket).Inputs)).(map[string]any)
		assert.DeepEqual(t, ingress["spec"], map[string]any{
			"ingressClassName": "nginx",
			"rules": []any{map[string]any{"host": "demo-files.iransre.ir", "http": map[string]any{"paths": []any{map[string]any{
				"path": "/" + bucket + "/", "pathType": "Prefix",
				"backend": map[string]any{"service": map[string]any{"name": "minio", "port": map[string]any{"number": 9000.0}}},
			}}}}},
		})
		metadata := ingress["metadata"].(map[string]any)
		assert.Equal(t, metadata["namespace"], "objectstore")
		headers, kept := metadata["annotations"].(map[string]any)["nginx.ingress.kubernetes.io/custom-headers"]
		assert.Equal(t, kept, bucket == "media")
		if kept {
			assert.Equal(t, headers, "objectstore/minio-private-headers")
		}
	}
	headers := mocktest.Plain(r.Get(t, "objectstore-private-headers").Inputs["data"])
	assert.DeepEqual(t, headers, map[string]any{"Cache-Control": "private, no-store"})
}

func TestTheNameOfTheFiles(t *testing.T) {
	for _, test := range []struct{ chosen, host, domain, wanted string }{
		{"", "demo.iransre.ir", "iransre.ir", "demo-files.iransre.ir"},
		{"", "iransre.ir", "iransre.ir", "files.iransre.ir"},
		{"cdn.iransre.ir", "demo.iransre.ir", "iransre.ir", "cdn.iransre.ir"},
	} {
		config := objectstore.Config{PublicHost: test.chosen}
		assert.Equal(t, config.FilesHost(test.host, test.domain), test.wanted)
	}
}
