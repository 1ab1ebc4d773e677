package workspace

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// A cluster that was made anew has certificates of its own: the old one's kubeconfig ends in x509 errors.
func TestTheKubeconfigIsThePresentClustersOrNone(t *testing.T) {
	checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	kubeconfig := func(authority string) []byte {
		return []byte("clusters: [{name: c, cluster: {server: https://10.0.0.1:6443, certificate-authority-data: " +
			base64.StdEncoding.EncodeToString([]byte(authority)) + "}}]\n")
	}
	cluster := func(authority string) {
		file := w.Path("kubernetes", "pki", "ca.crt")
		assert.NilError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		assert.NilError(t, os.WriteFile(file, []byte(authority), 0o644))
	}
	kept, err := w.KeepKubeconfig(kubeconfig("first"))
	assert.NilError(t, err)
	assert.Assert(t, !kept, "there is no cluster")

	cluster("first\n")
	kept, err = w.KeepKubeconfig(kubeconfig("first"))
	assert.NilError(t, err)
	assert.Assert(t, kept)
	kept, err = w.CheckKubeconfig()
	assert.NilError(t, err)
	assert.Assert(t, kept)

	cluster("second")
	kept, err = w.CheckKubeconfig()
	assert.NilError(t, err)
	assert.Assert(t, !kept)
	_, err = os.Stat(w.Kubeconfig())
	assert.ErrorIs(t, err, os.ErrNotExist)
	kept, err = w.CheckKubeconfig()
	assert.NilError(t, err)
	assert.Assert(t, !kept)

	for _, text := range []string{"", "no: [yaml"} { // what pulumi prints of an output that is not there
		kept, err = w.KeepKubeconfig([]byte(text))
		assert.NilError(t, err)
		assert.Assert(t, !kept)
	}
}
