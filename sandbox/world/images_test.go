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
		handler, err := newFiles(w)
		assert.NilError(t, err)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/mirror/dl.k8s.io/release/v1.35.4/bin/linux/"+runtime.GOARCH+"/"+program, nil))
		return answer
	}
	assert.Equal(t, ask("kubelet").Code, http.StatusNotFound, "light machines install nothing")

	assert.NilError(t, w.ChooseKind(workspace.Real))
	assert.Equal(t, ask("kubelet").Body.String(), "programs")
	assert.Equal(t, ask("helm").Code, http.StatusNotFound)
}
