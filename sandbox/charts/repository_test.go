package charts_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/repo"

	"github.com/iransre/exchange-platform/sandbox/charts"
)

func TestTheRepositoryServesAnIndexAndArchivesThatHelmReads(t *testing.T) {
	server := httptest.NewServer(http.StripPrefix("/charts", charts.Handler("")))
	defer server.Close()

	file := filepath.Join(t.TempDir(), "index.yaml")
	assert.NilError(t, os.WriteFile(file, get(t, server.URL+"/charts/index.yaml"), 0o600))
	index, err := repo.LoadIndexFile(file)
	assert.NilError(t, err)
	assert.Equal(t, len(index.Entries), len(charts.Names()))

	for _, name := range charts.Names() {
		version, err := index.Get(name, "")
		assert.NilError(t, err)
		loaded, err := loader.LoadArchive(bytes.NewReader(get(t, server.URL+"/charts/"+version.URLs[0])))
		assert.NilError(t, err)
		assert.Equal(t, loaded.Metadata.Version, version.Version)
		assert.NilError(t, loaded.Validate())
	}
}

func TestTheVersionsAreTheCatalogues(t *testing.T) {
	for _, name := range charts.Names() {
		stand, err := charts.Load(name)
		assert.NilError(t, err)
		entry, found := catalogue(t)[name]
		assert.Assert(t, found, "the catalogue has no %s", name)
		assert.Equal(t, stand.Metadata.Version+" "+stand.Metadata.AppVersion, entry.Version+" "+entry.AppVersion, name)
	}
}

func TestTheSameChartsMakeTheSameBytes(t *testing.T) {
	once, err := charts.Repository("")
	assert.NilError(t, err)
	again, err := charts.Repository("")
	assert.NilError(t, err)
	for name, data := range once {
		assert.Assert(t, bytes.Equal(data, again[name]), name)
	}
}

func TestAMissingFileIsAnswered404(t *testing.T) {
	answer := httptest.NewRecorder()
	charts.Handler("").ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/charts/nothing-1.0.0.tgz", nil))
	assert.Equal(t, answer.Code, http.StatusNotFound)
}

func TestAnUnknownChartIsNamedInTheError(t *testing.T) {
	_, err := charts.Load("nothing")
	assert.ErrorContains(t, err, `no stand-in chart "nothing"`)
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	response, err := http.Get(url)
	assert.NilError(t, err)
	defer response.Body.Close()
	assert.Equal(t, response.StatusCode, http.StatusOK, url)
	data, err := io.ReadAll(response.Body)
	assert.NilError(t, err)
	return data
}
