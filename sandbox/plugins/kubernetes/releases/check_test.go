package releases

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/repo"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/cluster"
)

type values = map[string]property.Value

const urn = resource.URN("urn:pulumi:demo::exchange::kubernetes:helm.sh/v3:Release::web")

// newReleases is without a cluster: enough to look at inputs.
func newReleases(t *testing.T) *Releases {
	t.Helper()
	settings := cli.New()
	home := t.TempDir()
	settings.RepositoryCache = filepath.Join(home, "cache")
	settings.RepositoryConfig = filepath.Join(home, "repositories.yaml")
	settings.RegistryConfig = filepath.Join(home, "registry.json")
	return &Releases{Cluster: cluster.Connect("{", cluster.Selection{Namespace: "web"}, "test"), Helm: settings}
}

// chartFolder is a folder with two versions of a chart, as archives, and one unpacked.
func chartFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, version := range []string{"1.4.0", "1.5.2"} {
		made := &chart.Chart{
			Metadata:  &chart.Metadata{APIVersion: chart.APIVersionV2, Name: "web", Version: version},
			Templates: []*chart.File{{Name: "templates/none.yaml", Data: []byte("{{- /* nothing */ -}}\n")}},
		}
		_, err := chartutil.Save(made, folder)
		assert.NilError(t, err)
		assert.NilError(t, chartutil.SaveDir(made, filepath.Join(folder, "unpacked")))
	}
	return folder
}

func check(t *testing.T, releases *Releases, inputs values) p.CheckResponse {
	t.Helper()
	checked, err := releases.Check(t.Context(), p.CheckRequest{Urn: urn, Inputs: property.NewMap(inputs)})
	assert.NilError(t, err)
	return checked
}

func TestCheckFindsTheChart(t *testing.T) {
	folder := chartFolder(t)
	index, err := repo.IndexDirectory(folder, "")
	assert.NilError(t, err)
	assert.NilError(t, index.WriteFile(filepath.Join(folder, "index.yaml"), 0o600))
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer server.Close()
	repository := property.New(values{"repo": property.New(server.URL)})

	for name, test := range map[string]struct {
		inputs  values
		version string
	}{
		"folder":     {values{"chart": property.New(filepath.Join(folder, "unpacked", "web"))}, "1.5.2"},
		"archive":    {values{"chart": property.New(filepath.Join(folder, "web-1.4.0.tgz"))}, "1.4.0"},
		"repository": {values{"chart": property.New("web"), "repositoryOpts": repository, "version": property.New("1.4.0")}, "1.4.0"},
		"newest":     {values{"chart": property.New("web"), "repositoryOpts": repository}, "1.5.2"},
		"constraint": {values{"chart": property.New("web"), "repositoryOpts": repository, "version": property.New("~1.4")}, "1.4.0"},
	} {
		t.Run(name, func(t *testing.T) {
			checked := check(t, newReleases(t), test.inputs)
			assert.Equal(t, len(checked.Failures), 0, "%v", checked.Failures)
			assert.Equal(t, checked.Inputs.Get("version").AsString(), test.version)
		})
	}
}

func TestCheckTellsOfAMissingChart(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for message, inputs := range map[string]values{
		`path "./nowhere" not found`: {"chart": property.New("./nowhere")},
		"404 Not Found":              {"chart": property.New("web"), "repositoryOpts": property.New(values{"repo": property.New(server.URL)})},
	} {
		checked := check(t, newReleases(t), inputs)
		assert.Equal(t, len(checked.Failures), 1)
		assert.Equal(t, checked.Failures[0].Property, "chart")
		assert.Assert(t, cmp.Contains(checked.Failures[0].Reason, message))
	}
}

func TestCheckRefusesWhatIsNotSupported(t *testing.T) {
	checked := check(t, newReleases(t), values{"chart": property.New("web"), "postrender": property.New("sed")})
	assert.Equal(t, len(checked.Failures), 1)
	assert.Equal(t, checked.Failures[0].Property, "postrender")
}

func TestCheckDoesNotLookWithUnknownInputs(t *testing.T) {
	checked := check(t, newReleases(t), values{
		"chart":  property.New("./nowhere"),
		"values": property.New(values{"host": property.New(property.Computed)}),
	})
	assert.Equal(t, len(checked.Failures), 0)
	assert.Assert(t, checked.Inputs.Get("values").AsMap().Get("host").IsComputed())
}

func TestCheckCompletesTheInputs(t *testing.T) {
	folder := chartFolder(t)
	checked := check(t, newReleases(t), values{
		"chart": property.New(filepath.Join(folder, "web-1.4.0.tgz")), "compat": property.New("true"),
		"values": property.New(values{"password": property.New("x").WithSecret(true)}),
	})
	assert.Assert(t, cmp.Regexp("^web-[0-9a-f]{8}$", checked.Inputs.Get("name").AsString()))
	assert.Equal(t, checked.Inputs.Get("timeout").AsNumber(), 300.0)
	assert.Equal(t, checked.Inputs.Get("namespace").AsString(), "web")
	assert.Assert(t, checked.Inputs.Get("compat").IsNull())
	assert.Assert(t, checked.Inputs.Get("values").AsMap().Get("password").Secret())

	again, err := newReleases(t).Check(t.Context(), p.CheckRequest{
		Urn: urn, State: checked.Inputs, Inputs: property.NewMap(values{"chart": checked.Inputs.Get("chart")}),
	})
	assert.NilError(t, err)
	assert.Equal(t, again.Inputs.Get("name").AsString(), checked.Inputs.Get("name").AsString(), "the name stays")
}

func TestDiff(t *testing.T) {
	releases := newReleases(t)
	inputs := func(changes values) property.Map {
		all := values{
			"name": property.New("web"), "namespace": property.New("web"), "chart": property.New("web"),
			"version": property.New("1.4.0"), "values": property.New(values{"replicas": property.New(1.0), "host": property.New("a")}),
		}
		maps.Copy(all, changes)
		return complete(property.NewMap(all))
	}
	old := state(inputs(nil), map[string]any{"status": map[string]any{"revision": 3}, "resourceNames": map[string]any{}})
	for name, test := range map[string]struct {
		changes values
		path    string
		kind    p.DiffKind
	}{
		"nothing":       {},
		"version":       {values{"version": property.New("1.5.2")}, "version", p.Update},
		"a value":       {values{"values": property.New(values{"replicas": property.New(2.0), "host": property.New("a")})}, "values.replicas", p.Update},
		"a value less":  {values{"values": property.New(values{"replicas": property.New(1.0)})}, "values.host", p.Delete},
		"not known yet": {values{"values": property.New(values{"replicas": property.New(1.0), "host": property.New(property.Computed)})}, "values.host", p.Update},
		"another name":  {values{"name": property.New("api")}, "name", p.UpdateReplace},
	} {
		t.Run(name, func(t *testing.T) {
			diff, err := releases.Diff(t.Context(), p.DiffRequest{Urn: urn, State: old, Inputs: inputs(test.changes)})
			assert.NilError(t, err)
			assert.Equal(t, diff.HasChanges, test.path != "")
			if test.path != "" {
				assert.Equal(t, len(diff.DetailedDiff), 1, "%v", diff.DetailedDiff)
				assert.Equal(t, diff.DetailedDiff[test.path].Kind, test.kind)
			}
		})
	}
}

func TestStateKeepsSecretsSecret(t *testing.T) {
	inputs := property.NewMap(values{"values": property.New(values{"password": property.New("x").WithSecret(true)})})
	kept := state(inputs, nil)
	assert.Assert(t, kept.Get(inputsKey).Secret())
	assert.Assert(t, kept.Get("values").AsMap().Get("password").Secret())
}

func TestResourceNames(t *testing.T) {
	manifest, err := os.ReadFile(filepath.Join("testdata", "manifest.yaml"))
	assert.NilError(t, err)
	found, err := outputs(&release.Release{
		Name: "web", Namespace: "web", Version: 2, Manifest: string(manifest), Info: &release.Info{Status: release.StatusDeployed},
		Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "web", Version: "1.4.0"}},
	})
	assert.NilError(t, err)
	assert.DeepEqual(t, found["resourceNames"], map[string]any{
		"Deployment.apps/apps/v1": []any{"api", "web/web"},
		"Service/v1":              []any{"web"},
	})
	assert.DeepEqual(t, found["status"], map[string]any{
		"status": "deployed", "name": "web", "namespace": "web", "revision": 2, "chart": "web", "version": "1.4.0",
	})
}
