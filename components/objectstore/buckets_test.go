package objectstore_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

// apart has one bucket outside, and the other one in MinIO.
func apart(outside objectstore.Bucket) objectstore.Config {
	config := elsewhere()
	config.External.Buckets = objectstore.Buckets{outside}
	return config
}

const (
	storage = "https://s3.ir-thr-at1.arvanstorage.ir"
	minio   = "http://minio.objectstore.svc:9000"
)

// One server is told the same whichever bucket it has.
func TestOneBucketOutside(t *testing.T) {
	for _, outside := range []objectstore.Bucket{objectstore.Media, objectstore.Static} {
		config := apart(outside)
		config.Mode = objectstore.Standalone
		mocktest.Run(t, programOf(config, func(*pulumi.Context, *objectstore.ObjectStore) {})).CheckEngine(t, string(outside)+"-outside")
	}
}

// The exchange has of each bucket the store that it is in, with that one's keys.
func TestEachBucketIsReachedWhereItIs(t *testing.T) {
	for outside, wanted := range map[objectstore.Bucket]struct{ static, media []string }{
		objectstore.Media:  {[]string{minio, "exchange", "minio-exchange"}, []string{storage, "the-key", "objectstore-exchange"}},
		objectstore.Static: {[]string{storage, "the-key", "objectstore-exchange"}, []string{minio, "exchange", "minio-exchange"}},
		"":                 {[]string{storage, "the-key", "objectstore-exchange"}, []string{storage, "the-key", "objectstore-exchange"}},
	} {
		t.Run("outside: "+string(outside), func(t *testing.T) {
			config := elsewhere()
			if outside != "" {
				config = apart(outside)
			}
			r := mocktest.Run(t, programOf(config, func(ctx *pulumi.Context, o *objectstore.ObjectStore) {
				for name, inputs := range map[string]pulumi.Map{
					"static": {"endpoint": o.Endpoint, "accessKey": o.AccessKey, "secretName": o.SecretName, "secretKey": o.SecretKey},
					"media": {"endpoint": o.Media.Endpoint, "accessKey": o.Media.AccessKey, "secretName": o.Media.SecretName,
						"secretKey": o.Media.SecretKey},
				} {
					assert.NilError(t, ctx.RegisterResource("test:index:Consumer", name, inputs, &pulumi.CustomResourceState{}))
				}
			}))
			for name, wanted := range map[string][]string{"static": wanted.static, "media": wanted.media} {
				consumer := r.Get(t, name)
				for i, key := range []resource.PropertyKey{"endpoint", "accessKey", "secretName"} {
					assert.Equal(t, consumer.Inputs[key].StringValue(), wanted[i])
				}
				assert.Assert(t, consumer.Inputs["secretKey"].IsSecret())
				// what MinIO has is there once it is made
				assert.Equal(t, slices.Contains(consumer.DependsOn, "objectstore-reconciler"), wanted[0] == minio)
			}
			assert.DeepEqual(t, r.SecretsOutside(), []string(nil))
		})
	}
}

// MinIO makes, publishes and keeps versions of what is in it, and knows nothing of the other bucket.
func TestMinIOHasTheBucketThatIsNotOutside(t *testing.T) {
	for outside, inside := range map[objectstore.Bucket]string{objectstore.Media: "static", objectstore.Static: "media"} {
		t.Run(inside, func(t *testing.T) {
			r := mocktest.Run(t, programOf(apart(outside), func(*pulumi.Context, *objectstore.ObjectStore) {}))
			dir := t.TempDir()
			output, err := r.Get(t, "objectstore-reconciler").Reconcile(t, map[string]string{"mc": client}, map[string]string{
				"DIR": dir, "ROOT_USER": "root", "ROOT_PASSWORD": "root-password", "ACCESS_KEY": "exchange", "SECRET_KEY": "key",
			})
			assert.NilError(t, err, output)
			for file, there := range map[string]bool{
				"bucket-" + inside: true, "anonymous-" + inside: true, "bucket-" + string(outside): false, "anonymous-" + string(outside): false,
				"versioned-media": inside == "media", "rules-media": inside == "media", "quota-media": inside == "media",
			} {
				_, err := os.Stat(filepath.Join(dir, file))
				assert.Equal(t, err == nil, there, file)
			}
			policy, err := os.ReadFile(filepath.Join(dir, "policy"))
			assert.NilError(t, err)
			assert.Assert(t, strings.Contains(string(policy), ":::"+inside+"/*"), string(policy))
			assert.Assert(t, !strings.Contains(string(policy), ":::"+string(outside)), string(policy))
			for name, there := range map[string]bool{
				"objectstore-" + inside: true, "objectstore-" + string(outside): false, "objectstore-private-headers": inside == "media",
			} {
				assert.Equal(t, slices.Contains(r.Names(), name), there, name)
			}
		})
	}
}

// The copy reads the media bucket where it is, and reaches no storage besides.
func TestTheCopyReadsWhereMediaIs(t *testing.T) {
	for outside, wanted := range map[objectstore.Bucket]struct {
		from, secret string
		storages     int
	}{objectstore.Media: {"s3.ir-thr-at1.arvanstorage.ir", "objectstore-exchange", 2}, objectstore.Static: {"minio.objectstore.svc:9000", "minio-exchange", 1}} {
		config := apart(outside)
		config.Copy = objectstore.Copy{Enabled: true, Endpoint: "http://203.0.113.9", Bucket: "outside", AccessKey: "a", SecretKey: "s", Schedule: "15 0 * * *"}
		r := mocktest.Run(t, programOf(config, func(*pulumi.Context, *objectstore.ObjectStore) {}))
		policy := mocktest.Plain(r.Get(t, "objectstore-copy-policy").Inputs["spec"]).(map[string]any)
		assert.Equal(t, len(policy["egress"].([]any)), 2+wanted.storages, "names, the namespace, and storages")
		text, err := json.Marshal(mocktest.Plain(r.Get(t, "objectstore-copy-schedule").Inputs["spec"]))
		assert.NilError(t, err)
		assert.Assert(t, strings.Contains(string(text), "$(STORE_SECRET_KEY)@"+wanted.from), string(text))
		assert.Assert(t, strings.Contains(string(text), wanted.secret), string(text))
	}
}

func TestBrowsersLoadEachBucketFromWhereItIs(t *testing.T) {
	for outside, wanted := range map[objectstore.Bucket][2]string{objectstore.Media: {"", storage}, objectstore.Static: {storage, ""}} {
		config := apart(outside)
		assert.Equal(t, config.FilesHost("demo.iransre.ir", "iransre.ir"), "demo-files.iransre.ir")
		assert.DeepEqual(t, [2]string{config.FilesURL(objectstore.Static), config.FilesURL(objectstore.Media)}, wanted)
		assert.Equal(t, config.Region(outside), "ir-thr-at1")
		assert.Equal(t, config.Servers(), 4)
		assert.Assert(t, config.AreApart())
	}
}

// What is valid of MinIO is so for the bucket that it has.
func TestKeysOfMinIOHoldForTheBucketInIt(t *testing.T) {
	said := func(config objectstore.Config) []string {
		var keys []string
		for _, problem := range config.Validate(settings.Prod, field.NewPath("objectStore")) {
			keys = append(keys, problem.Field)
		}
		return keys
	}
	for outside, wrong := range map[objectstore.Bucket][]string{
		objectstore.Media:  {"objectStore.mediaQuotaGiB", "objectStore.oldVersionDays"},
		objectstore.Static: nil,
	} {
		config := apart(outside)
		config.Image, config.PublicHost, config.MaxSizeGiB = "registry.test/fork/silo:1", "cdn.iransre.ir", 30
		config.MediaQuotaGiB, config.OldVersionDays = 7, 3
		assert.DeepEqual(t, said(config), wrong)
	}
	config := elsewhere()
	config.Image, config.PublicHost = "registry.test/fork/silo:1", "cdn.iransre.ir"
	assert.DeepEqual(t, said(config), []string{"objectStore.image", "objectStore.publicHost"})
}

func TestWhatIsLostWithStandaloneIsSaid(t *testing.T) {
	for outside, wanted := range map[objectstore.Bucket]string{objectstore.Media: "standalone: static files, which come back", objectstore.Static: "standalone: media files are lost"} {
		config := apart(outside)
		config.Mode = objectstore.Standalone
		said := config.Warnings(settings.Prod)
		assert.Equal(t, len(said), 1)
		assert.Assert(t, strings.Contains(said[0], wanted), said[0])
	}
	config := elsewhere()
	config.Mode = objectstore.Standalone
	assert.Equal(t, len(config.Warnings(settings.Prod)), 0)
}

// In whatever order they stand in a stack file, they are the same to whoever compares them later.
func TestBucketsAreRememberedInOneOrder(t *testing.T) {
	for _, buckets := range []objectstore.Buckets{{objectstore.Static, objectstore.Media}, {objectstore.Media, objectstore.Static}} {
		text, err := json.Marshal(buckets)
		assert.NilError(t, err)
		assert.Equal(t, string(text), `["media","static"]`)
	}
}

// A later update reads what the one before has written of its settings: of MinIO's, nothing in it is somebody's wish for a storage outside.
func TestTheDefaultStorageOutsideIsKeptAsItIs(t *testing.T) {
	for _, profile := range []settings.Profile{settings.Demo, settings.Prod} {
		var config objectstore.Config
		config.SetDefaults(profile)
		written, err := json.Marshal(config.External.Buckets)
		assert.NilError(t, err)
		config.External.Buckets = nil
		assert.NilError(t, json.Unmarshal(written, &config.External.Buckets))
		assert.Equal(t, len(config.Validate(profile, field.NewPath("objectStore"))), 0)
	}
}
