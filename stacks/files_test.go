package stacks

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// What the exchange signs its links for is the name that leads to the files; a signature holds for no other.
func TestLinksAreSignedForTheNameThatLeadsToTheFiles(t *testing.T) {
	for chosen, wanted := range map[string]string{"": "demo-files", "cdn.iransre.ir": "cdn"} {
		cfg, err := Load(project, "demo", completed(t, "demo"))
		assert.NilError(t, err)
		cfg.ObjectStore.PublicHost = chosen
		recording := deployedWith(t, cfg)
		values := mocktest.Plain(recording.Get(t, "exchange-release").Inputs["values"]).(map[string]any)
		assert.Equal(t, values["objectStore"].(map[string]any)["publicURL"], "https://"+wanted+".iransre.ir")
		assert.Equal(t, recording.Get(t, "edge-files-record").Inputs["name"].StringValue(), wanted)
		for _, bucket := range []string{"static", "media"} {
			ingress := mocktest.Plain(resource.NewProperty(recording.Get(t, "objectstore-"+bucket).Inputs)).(map[string]any)
			rule := ingress["spec"].(map[string]any)["rules"].([]any)[0].(map[string]any)
			assert.Equal(t, rule["host"], wanted+".iransre.ir")
		}
	}
}

// Nothing of this environment is between a browser and a storage outside: no record, no rule of the CDN's, no Ingress. What the exchange
// signs its links for is the storage's own address, in its region.
func TestFilesOfAStorageOutsideAreLoadedFromIt(t *testing.T) {
	raw := completed(t, "prod")
	raw[project+":objectStore"] = `{"engine": "external", "staticBucket": "iransre-static", "mediaBucket": "iransre-media",
		"external": {"accessKey": "the-key", "secretKey": "` + mocktest.Generated + `", "publicUrl": "https://files.example"}}`
	cfg, err := Load(project, "prod", raw)
	assert.NilError(t, err)
	recording := deployedWith(t, cfg)
	for _, none := range []string{"edge-files-record", "edge-page-static", "edge-page-files", "objectstore-release", "objectstore-static", "objectstore-media"} {
		assert.Check(t, !slices.Contains(recording.Names(), none), "there is %s", none)
	}
	assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
	values := mocktest.Plain(recording.Get(t, "exchange-release").Inputs["values"]).(map[string]any)["objectStore"].(map[string]any)
	for key, wanted := range map[string]string{
		"endpoint": "https://s3.ir-thr-at1.arvanstorage.ir", "publicURL": "https://files.example", "region": "ir-thr-at1",
		"staticBucket": "iransre-static", "mediaBucket": "iransre-media",
	} {
		assert.Equal(t, values[key], wanted)
	}
	all, _ := toldOf(t, cfg)
	told := all["objectStore"].(map[string]any)
	assert.DeepEqual(t, told, map[string]any{
		"endpoint": "https://s3.ir-thr-at1.arvanstorage.ir", "publicUrl": "https://files.example", "buckets": []string{"iransre-static", "iransre-media"},
		"secretName": "objectstore-exchange", "namespace": "objectstore",
	})
}
