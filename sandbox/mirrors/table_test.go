package mirrors_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/mirrors"
)

// pulled are all images that the platform's catalogue says are pulled. It is read as a file: the sandbox imports nothing of the program.
func pulled(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../components/chart/catalogue.yaml")
	assert.NilError(t, err)
	var catalogue struct {
		Entries map[string]struct {
			Images, Unused map[string]string
			Pulled         []struct{ Image string }
		}
		Cluster struct{ Images []struct{ Image string } }
	}
	assert.NilError(t, yaml.Unmarshal(text, &catalogue))
	var images []string
	for _, entry := range catalogue.Entries {
		for role, image := range entry.Images {
			if _, unused := entry.Unused[role]; !unused {
				images = append(images, image)
			}
		}
		for _, each := range entry.Pulled {
			images = append(images, each.Image)
		}
	}
	for _, each := range catalogue.Cluster.Images {
		images = append(images, each.Image)
	}
	return append(images, "ghcr.io/iransre/exchange:1.0.0") // the one that is a team's own
}

func TestTheTableSaysOfEveryImageWhatItIs(t *testing.T) {
	images := pulled(t)
	known := map[string]bool{}
	for _, image := range images {
		_, found := mirrors.Find(image)
		assert.Assert(t, found, "no row for %s", image)
		known[mirrors.Name(image)] = true
	}
	kinds := []mirrors.Kind{mirrors.Real, mirrors.OtherVersion, mirrors.StandIn, mirrors.Nothing}
	for _, row := range mirrors.Rows() {
		assert.Assert(t, known[row.Image], "nobody pulls %s", row.Image)
		assert.Assert(t, slices.Contains(kinds, row.Kind), "%s is %q", row.Image, row.Kind)
		assert.Equal(t, row.Kind == mirrors.Nothing, row.Runs == "", row.Image)
		assert.Equal(t, row.Kind == mirrors.Nothing, row.Evidence == "", row.Image)
		known[row.Image] = false // and no second row
	}
}

func TestThePageOfTheTableIsOfToday(t *testing.T) {
	page, err := os.ReadFile("README.md")
	assert.NilError(t, err)
	assert.Equal(t, string(page), mirrors.Document(), "run go generate ./mirrors")
}

// numbers finds a version.
var numbers = regexp.MustCompile(`[0-9]+(\.[0-9]+)+`)

// fromModule finds the module in a row's evidence.
var fromModule = regexp.MustCompile(`sandbox/((?:programs/(?:argocd/|traefik/)?)?go\.mod): ([^;]+)`)

func TestVersionsAreThoseOfTheirModulesAndOfTheTags(t *testing.T) {
	tags := map[string]string{}
	for _, image := range pulled(t) {
		tags[mirrors.Name(image)], _, _ = strings.Cut(strings.TrimPrefix(image, mirrors.Name(image)+":"), "@")
	}
	for _, row := range mirrors.Rows() {
		if row.Kind == mirrors.Real {
			version := numbers.FindString(row.Runs)
			assert.Assert(t, version != "" && strings.HasPrefix(strings.TrimPrefix(tags[row.Image], "v"), version), "%s runs %s", row.Image, row.Runs)
		}
		found := fromModule.FindStringSubmatch(row.Evidence)
		if found == nil {
			continue
		}
		text, err := os.ReadFile("../" + found[1])
		assert.NilError(t, err)
		file, err := modfile.Parse(found[1], text, nil)
		assert.NilError(t, err)
		at := slices.IndexFunc(file.Require, func(required *modfile.Require) bool { return required.Mod.Path == found[2] })
		assert.Assert(t, at >= 0, "%s is not in %s", found[2], found[1])
		version := strings.Replace(file.Require[at].Mod.Version, "v0.314.", "v3.14.", 1) // as Prometheus numbers its module
		assert.Assert(t, strings.Contains(row.Runs, strings.TrimPrefix(version, "v")), "%s of %s runs %s", version, found[2], row.Runs)
	}
}

func TestAnImageIsFoundByEachOfItsNames(t *testing.T) {
	for given, name := range map[string]string{
		"busybox":                "docker.io/library/busybox",
		"bitnamilegacy/kibana:9": "docker.io/bitnamilegacy/kibana",
		"quay.io/minio/minio:R@sha256:" + strings.Repeat("0", 64): "quay.io/minio/minio",
		"localhost:5000/a/b": "localhost:5000/a/b",
	} {
		assert.Equal(t, mirrors.Name(given), name)
	}
	assert.Assert(t, mirrors.Simulated("example.com/nobody/knows:1"))
	assert.Assert(t, mirrors.Simulated("grafana/grafana:13.2.0"))
	assert.Assert(t, !mirrors.Simulated("registry.k8s.io/kube-proxy:v1.35.4"))
}

func TestAnImageForASettingIsSimulatedForStacksWithoutIt(t *testing.T) {
	kind := func(image string, said ...string) mirrors.Kind {
		rows := mirrors.RowsFor(func(setting string) bool { return slices.Contains(said, setting) })
		assert.Equal(t, len(rows), len(mirrors.Rows()))
		return rows[slices.IndexFunc(rows, func(row mirrors.Row) bool { return row.Image == image })].Kind
	}
	assert.Equal(t, kind("ghcr.io/cloudnative-pg/cloudnative-pg", "profile: demo", "profile: prod or postgres.engine: cloudnative-pg"), mirrors.Real)
	assert.Equal(t, kind("ghcr.io/cloudnative-pg/cloudnative-pg", "profile: demo", "edge.mode: vip"), mirrors.Nothing)
	assert.Equal(t, kind("quay.io/metallb/speaker", "profile: demo", "edge.mode: vip"), mirrors.Real)
	assert.Equal(t, kind("quay.io/metallb/speaker"), mirrors.Nothing)
}
