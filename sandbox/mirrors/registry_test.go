package mirrors_test

import (
	"archive/tar"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/mirrors"
)

// registry serves images made of these rows over TLS, and pulls from it as containerd does from the mirror of a registry.
type registry struct {
	t              *testing.T
	dir, checkout  string
	program, zones string
	server         *httptest.Server
	client         *http.Client
}

func newRegistry(t *testing.T) *registry {
	r := &registry{t: t, dir: t.TempDir(), checkout: t.TempDir(), program: filepath.Join(t.TempDir(), "program"), zones: filepath.Join(t.TempDir(), "zones")}
	assert.NilError(t, os.WriteFile(r.zones, []byte("zones"), 0o644))
	assert.NilError(t, os.WriteFile(r.program, []byte("first"), 0o755))
	trust := mirrors.NewTrust(t.TempDir())
	r.server = httptest.NewUnstartedServer(mirrors.Registry(r.dir))
	var err error
	r.server.TLS, err = trust.Server("127.0.0.1")
	assert.NilError(t, err)
	r.server.StartTLS()
	t.Cleanup(r.server.Close)
	client, err := trust.Client()
	assert.NilError(t, err)
	r.client = &http.Client{Transport: &http.Transport{TLSClientConfig: client}}
	return r
}

func (r *registry) make(rows ...mirrors.Row) {
	r.t.Helper()
	assert.NilError(r.t, mirrors.Ensure(r.t.Context(), mirrors.Options{
		Dir: r.dir, Checkout: r.checkout, Program: func(string) string { return r.program }, TimeZones: r.zones, Rows: rows,
	}, io.Discard))
}

// asked adds the registry that is asked for, as containerd does.
type asked struct {
	http.RoundTripper
	registry string
}

func (a asked) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(context.WithoutCancel(request.Context()))
	query := request.URL.Query()
	query.Set("ns", a.registry)
	request.URL.RawQuery = query.Encode()
	return a.RoundTripper.RoundTrip(request)
}

func (r *registry) pull(registry, path string) (v1.Image, error) {
	address, err := url.Parse(r.server.URL)
	assert.NilError(r.t, err)
	reference, err := name.ParseReference(address.Host + "/" + path)
	assert.NilError(r.t, err)
	return remote.Image(reference, remote.WithTransport(asked{r.client.Transport, registry}))
}

// content is the text of each file of an image.
func content(t *testing.T, image v1.Image) map[string]string {
	t.Helper()
	files := map[string]string{}
	each(t, image, func(header *tar.Header, text string) { files[header.Name] = text + header.Linkname })
	return files
}

func each(t *testing.T, image v1.Image, visit func(header *tar.Header, text string)) {
	t.Helper()
	reader := mutate.Extract(image)
	defer reader.Close()
	for archive := tar.NewReader(reader); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		assert.NilError(t, err)
		text, err := io.ReadAll(archive)
		assert.NilError(t, err)
		visit(header, string(text))
	}
}

func TestImagesArePulledAsFromTheirRegistry(t *testing.T) {
	r := newRegistry(t)
	row := mirrors.Row{Image: "registry.k8s.io/one/thing", Kind: mirrors.Real, Recipe: &mirrors.Recipe{
		Programs: map[string]string{"/bin/thing": "thing"}, Links: map[string]string{"/bin/other": "thing"},
		Entrypoint: []string{"/bin/thing"}, User: "1001", Environment: map[string]string{"A": "b"},
	}}
	r.make(row)
	image, err := r.pull("registry.k8s.io", "one/thing:v1")
	assert.NilError(t, err)
	assert.DeepEqual(t, content(t, image), map[string]string{"/bin/thing": "first", "/bin/other": "thing", "/usr/share/zoneinfo.zip": "zones"})
	config, err := image.ConfigFile()
	assert.NilError(t, err)
	assert.Equal(t, config.Config.User, "1001")
	assert.DeepEqual(t, config.Config.Entrypoint, []string{"/bin/thing"})
	assert.Assert(t, strings.HasPrefix(strings.Join(config.Config.Env, " "), "A=b PATH="))
	assert.Assert(t, slices.Contains(config.Config.Env, "ZONEINFO=/usr/share/zoneinfo.zip"))

	digest, err := image.Digest()
	assert.NilError(t, err)
	_, err = r.pull("registry.k8s.io", "one/thing@"+digest.String())
	assert.NilError(t, err, "by what it is")
	_, err = r.pull("registry.k8s.io", "one/thing@sha256:"+strings.Repeat("0", 64))
	assert.ErrorContains(t, err, "MANIFEST_UNKNOWN")
	_, err = r.pull("docker.io", "one/thing:v1")
	assert.ErrorContains(t, err, "MANIFEST_UNKNOWN", "another registry's")

	t.Run("a release is pulled by its tag and by its digest", func(t *testing.T) {
		released, err := mirrors.Release(r.dir, row.Image, "v9", map[string]string{"/release": "ninth"})
		assert.NilError(t, err)
		assert.Assert(t, released != digest.String())
		for _, reference := range []string{":v9", "@" + released} {
			image, err := r.pull("registry.k8s.io", "one/thing"+reference)
			assert.NilError(t, err)
			assert.Equal(t, content(t, image)["/release"], "ninth")
			assert.Equal(t, content(t, image)["/bin/thing"], "first")
		}
		again, err := mirrors.Release(r.dir, row.Image, "v9", map[string]string{"/release": "ninth"})
		assert.NilError(t, err)
		assert.Equal(t, again, released)
		other, err := r.pull("registry.k8s.io", "one/thing:v1")
		assert.NilError(t, err)
		assert.Equal(t, content(t, other)["/release"], "")
		_, err = r.pull("docker.io", "one/thing@"+released)
		assert.ErrorContains(t, err, "MANIFEST_UNKNOWN", "another registry's")
	})
	t.Run("what an image is made of is looked at again", func(t *testing.T) {
		assert.NilError(t, os.WriteFile(r.program, []byte("second one"), 0o755))
		r.make(row)
		image, err := r.pull("registry.k8s.io", "one/thing:v2")
		assert.NilError(t, err)
		assert.Equal(t, content(t, image)["/bin/thing"], "second one")
	})
	t.Run("programs that may listen on low ports say so to the kernel", func(t *testing.T) {
		both := row
		recipe := *row.Recipe
		both.Recipe = &recipe
		recipe.Programs = map[string]string{"/bin/thing": "thing", "/bin/low": "low"}
		recipe.LowPorts = []string{"/bin/low"}
		r.make(both)
		image, err := r.pull("registry.k8s.io", "one/thing:v3")
		assert.NilError(t, err)
		each(t, image, func(header *tar.Header, _ string) {
			// revision 2 with the effective bit, and CAP_NET_BIND_SERVICE, which is number 10, permitted
			want := ""
			if header.Name == "/bin/low" {
				want = "01000002" + "00040000" + "00000000" + "00000000" + "00000000"
			}
			assert.Equal(t, hex.EncodeToString([]byte(header.PAXRecords["SCHILY.xattr.security.capability"])), want, header.Name)
		})
	})
	t.Run("a folder of the checkout is in it, without what is for those who work on it", func(t *testing.T) {
		for _, file := range []string{"app/run.py", "app/tests/test.py", "app/.hidden", "app/Dockerfile", "app/deep/er.txt"} {
			path := filepath.Join(r.checkout, file)
			assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			assert.NilError(t, os.WriteFile(path, []byte(file), 0o644))
		}
		r.make(mirrors.Row{Image: "docker.io/library/app", Recipe: &mirrors.Recipe{Folders: map[string]string{"/srv": "app"}}})
		image, err := r.pull("docker.io", "library/app:1")
		assert.NilError(t, err)
		assert.DeepEqual(t, content(t, image), map[string]string{"/srv/run.py": "app/run.py", "/srv/deep/er.txt": "app/deep/er.txt"})
		_, err = r.pull("registry.k8s.io", "one/thing:v2")
		assert.NilError(t, err, "what was made before stays")
	})
	t.Run("nobody else is trusted", func(t *testing.T) {
		_, err := http.Get(r.server.URL + "/v2/")
		assert.ErrorContains(t, err, "certificate")
	})
}
