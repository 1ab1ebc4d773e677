package mirrors_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	containerregistry "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/mirrors"
)

// A machine that has no way to the Internet pulls an image of somebody's registry, which it names as containerd does.
func TestAnImageComesFromItsOwnRegistry(t *testing.T) {
	theirs := httptest.NewServer(containerregistry.New(containerregistry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(theirs.Close)
	host := strings.TrimPrefix(theirs.URL, "http://")
	image, err := random.Image(2048, 3)
	assert.NilError(t, err)
	tag, err := name.NewTag(host + "/team/exchange:1.0.0")
	assert.NilError(t, err)
	assert.NilError(t, remote.Write(tag, image))

	ours := httptest.NewServer(mirrors.Upstream(http.DefaultTransport))
	t.Cleanup(ours.Close)
	mirrored, err := name.NewTag(strings.TrimPrefix(ours.URL, "http://") + "/team/exchange:1.0.0")
	assert.NilError(t, err)
	pulled, err := remote.Image(mirrored, remote.WithTransport(asked{http.DefaultTransport, host}))
	assert.NilError(t, err)
	wanted, err := image.Digest()
	assert.NilError(t, err)
	found, err := pulled.Digest()
	assert.NilError(t, err)
	assert.Equal(t, found, wanted)
	layers, err := pulled.Layers()
	assert.NilError(t, err)
	assert.Equal(t, len(layers), 3)
	for _, layer := range layers {
		content, err := layer.Compressed() // its checksum is compared at the end of it
		assert.NilError(t, err)
		_, err = io.Copy(io.Discard, content)
		assert.NilError(t, err)
	}

	absent, err := http.Get(ours.URL + "/v2/team/exchange/manifests/2.0.0?ns=" + host)
	assert.NilError(t, err)
	assert.NilError(t, absent.Body.Close())
	assert.Equal(t, absent.StatusCode, http.StatusNotFound)
	theirs.Close()
	away, err := http.Get(ours.URL + "/v2/team/exchange/manifests/1.0.0?ns=" + host)
	assert.NilError(t, err)
	said, err := io.ReadAll(away.Body)
	assert.NilError(t, err)
	assert.NilError(t, away.Body.Close())
	assert.Equal(t, away.StatusCode, http.StatusBadGateway)
	assert.Assert(t, strings.Contains(string(said), host+"/team/exchange"), "%s", said)
}
