package world

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

func TestTheMirrorHasTheProgramsOfNodes(t *testing.T) {
	w := &workspace.Workspace{Dir: t.TempDir(), Tools: t.TempDir()}
	assert.NilError(t, os.MkdirAll(filepath.Dir(w.Binary("node")), 0o755))
	assert.NilError(t, os.WriteFile(w.Binary("node"), []byte("programs"), 0o755))
	ask := func(program string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		newFiles(w).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/mirror/dl.k8s.io/release/v1.35.4/bin/linux/"+runtime.GOARCH+"/"+program, nil))
		return answer
	}
	assert.Equal(t, ask("kubelet").Code, http.StatusNotFound, "light machines install nothing")

	assert.NilError(t, w.ChooseKind(workspace.Real))
	assert.Equal(t, ask("kubelet").Body.String(), "programs")
	assert.Equal(t, ask("helm").Code, http.StatusNotFound)
}

func TestTheMirrorHasWhatIsPutIntoIt(t *testing.T) {
	w := &workspace.Workspace{Dir: t.TempDir(), Tools: t.TempDir()}
	assert.NilError(t, w.ChooseKind(workspace.Real))
	const runc = "github.com/opencontainers/runc/releases/download/v1.4.2/runc.amd64"
	assert.NilError(t, os.MkdirAll(filepath.Dir(filepath.Join(w.Files(), runc)), 0o755))
	assert.NilError(t, os.WriteFile(filepath.Join(w.Files(), runc), []byte("abc"), 0o644))
	ask := func(name string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		newFiles(w).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/mirror/"+name, nil))
		return answer
	}
	assert.Equal(t, ask(runc).Body.String(), "abc")
	assert.Equal(t, ask(runc+".sha256").Body.String(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
	for _, nowhere := range []string{"github.com/opencontainers", "github.com/other", "github.com/other.sha256"} {
		assert.Equal(t, ask(nowhere).Code, http.StatusNotFound, nowhere)
	}
}
