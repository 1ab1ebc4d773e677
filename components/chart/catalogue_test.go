package chart_test

import (
	"testing"
	"time"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/components/chart"
)

func TestEmbeddedCatalogue(t *testing.T) {
	catalogue, err := chart.Embedded()
	assert.NilError(t, err)
	_, err = time.Parse(time.DateOnly, catalogue.Checked)
	assert.NilError(t, err)
	for _, name := range catalogue.Names() {
		if date := catalogue.Charts[name].EndOfLife; date != "" {
			_, err := time.Parse(time.DateOnly, date)
			assert.Check(t, err, name)
		}
	}
}

func TestCatalogueMistakesComeAllAtOnce(t *testing.T) {
	_, err := chart.Parse([]byte(`
entries:
  one: {chart: one, source: "ftp://x", version: "1", appVersion: "1", status: maintained, endOfLife: "2026-01-01", why: x}
  two: {chart: two, source: "https://x", version: "", appVersion: "1", status: unsure, why: x, images: {a: "nginx:latest"}, unused: {b: x},
    evidence: {seen: rumour, where: x}, pulled: [{image: busybox, by: chance}]}
cluster: {images: [{image: "pause:3"}]}
`))
	for _, want := range []string{
		`entries.one.source: "ftp://x" must start with https:// or oci://`,
		`entries.one.endOfLife: required of what is not maintained, and only of that`,
		`entries.two.version: required`,
		`entries.two.status: "unsure" must be maintained, frozen or retired`,
		`entries.one.evidence: seen must be index or tag, and where must say where`,
		`entries.two.evidence: seen must be index or tag, and where must say where`,
		`entries.two.unused.b: no such role under images`,
		`entries.two.pulled[0].image: image "busybox" must be registry/repository:tag`,
		`entries.two.pulled[0].by: "chance" must be chart or operator`,
		`cluster.images[0]: image "pause:3" must be registry/repository:tag`,
		`entries.two.images.a: image "nginx:latest" must be registry/repository:tag`,
	} {
		assert.Check(t, is.ErrorContains(err, want))
	}
	_, err = chart.Parse([]byte("entries: {one: {chrat: x}}"))
	assert.ErrorContains(t, err, `unknown field "chrat"`)
}

func TestImage(t *testing.T) {
	image, err := chart.ImageOf("minio", "minio")
	assert.NilError(t, err)
	assert.Equal(t, image.Path(), "quay.io/minio/minio")
	assert.Equal(t, image.Tag, "RELEASE.2025-09-07T16-13-09Z")
	_, err = chart.ImageOf("minio", "console")
	assert.ErrorContains(t, err, `chart "minio": no image "console" in the catalogue`)
}

func TestParseImage(t *testing.T) {
	image, err := chart.ParseImage("mirror.test:5000/team/app:1.2")
	assert.NilError(t, err)
	assert.Equal(t, image, chart.Image{Registry: "mirror.test:5000", Repository: "team/app", Tag: "1.2"})
	for _, bad := range []string{"", "app:1", "docker.io/app", "docker.io/app:1@sha256:00"} {
		_, err := chart.ParseImage(bad)
		assert.Check(t, err != nil, bad)
	}
}
