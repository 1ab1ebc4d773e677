package stacks

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/objectstore"
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
		"media": map[string]any{"endpoint": "https://s3.ir-thr-at1.arvanstorage.ir", "publicUrl": "https://files.example", "secretName": "objectstore-exchange"},
	})
	assert.Assert(t, values["media"] == nil, "one store has both")
}

// Of either bucket alone, the exchange, the CDN and other teams are told where it is; what is said of both is the static one's.
func TestEitherBucketLiesOutside(t *testing.T) {
	const minio, storage, files = "http://minio.objectstore.svc:9000", "https://s3.ir-thr-at1.arvanstorage.ir", "https://exchange-files.iransre.ir"
	for outside, wanted := range map[string]struct {
		static, media          []string // endpoint, where browsers load from, region, Secret
		ingresses, rules, none []string
	}{
		"media": {
			[]string{minio, files, "", "minio-exchange"}, []string{storage, storage, "ir-thr-at1", "objectstore-exchange"},
			[]string{"objectstore-static"}, []string{"edge-page-static"}, []string{"objectstore-media"},
		},
		"static": {
			[]string{storage, storage, "ir-thr-at1", "objectstore-exchange"}, []string{minio, files, "", "minio-exchange"},
			[]string{"objectstore-media"}, nil, []string{"objectstore-static", "edge-page-static"},
		},
	} {
		t.Run(outside, func(t *testing.T) {
			raw := completed(t, "prod")
			raw[project+":objectStore"] = `{"engine": "external", "external": {"buckets": ["` + outside + `"], "accessKey": "the-key", "secretKey": "` + mocktest.Generated + `"}}`
			cfg, err := Load(project, "prod", raw)
			assert.NilError(t, err)
			cfg.Edge.Cache.Static = "7d"
			all, recording := toldOf(t, cfg)
			for _, name := range slices.Concat(wanted.ingresses, wanted.rules, []string{"edge-files-record", "edge-page-files", "objectstore-release"}) {
				assert.Check(t, slices.Contains(recording.Names(), name), "there is no %s", name)
			}
			for _, name := range wanted.none {
				assert.Check(t, !slices.Contains(recording.Names(), name), "there is %s", name)
			}
			assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
			values := mocktest.Plain(recording.Get(t, "exchange-release").Inputs["values"]).(map[string]any)["objectStore"].(map[string]any)
			for _, part := range []struct {
				values map[string]any
				wanted []string
			}{{values, wanted.static}, {values["media"].(map[string]any), wanted.media}} {
				region, _ := part.values["region"].(string)
				assert.DeepEqual(t, []string{part.values["endpoint"].(string), part.values["publicURL"].(string), region}, part.wanted[:3])
			}
			told := all["objectStore"].(map[string]any)
			assert.DeepEqual(t, told, map[string]any{
				"endpoint": wanted.static[0], "publicUrl": wanted.static[1], "secretName": wanted.static[3], "buckets": []string{"static", "media"}, "namespace": "objectstore",
				"media": map[string]any{"endpoint": wanted.media[0], "publicUrl": wanted.media[1], "secretName": wanted.media[3]},
			})
		})
	}
}

// An environment of before there was a choice has both outside: its files are there.
func TestBucketsStayWhereTheyAre(t *testing.T) {
	raw := completed(t, "demo")
	store := func(external string) {
		raw[project+":objectStore"] = `{"engine": "external", "external": {` + external + `"accessKey": "the-key", "secretKey": "` + mocktest.Generated + `"}}`
	}
	last := &memory{cluster: "{}", settled: map[string]string{"objectStore.engine": `"external"`}}
	last.inferEngines()
	store(`"buckets": ["media"], `)
	cfg, err := load(project, "demo", raw, last.settled)
	assert.NilError(t, err)
	assert.ErrorContains(t, refuse("demo", cfg, last), `objectStore.external.buckets cannot change from ["media","static"] to ["media"]: the files stay in the old store`)
	store(`"buckets": ["media", "static"], `)
	cfg, err = load(project, "demo", raw, last.settled)
	assert.NilError(t, err)
	assert.NilError(t, refuse("demo", cfg, last))

	// one that has only one outside keeps it so, also where the stack file does not say it any more
	last.settled["objectStore.external.buckets"] = `["media"]`
	store("")
	cfg, err = load(project, "demo", raw, last.settled)
	assert.NilError(t, err)
	assert.Assert(t, cfg.ObjectStore.IsOutside(objectstore.Media) && !cfg.ObjectStore.IsOutside(objectstore.Static))
	assert.NilError(t, refuse("demo", cfg, last))
}
