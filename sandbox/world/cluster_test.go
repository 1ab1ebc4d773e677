package world

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/iransre/exchange-platform/sandbox/controlplane/controlplanetest"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/loopback"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// TestNextClusterIsEmpty: the data of a cluster can be read until another one begins, and is gone then.
func TestNextClusterIsEmpty(t *testing.T) {
	dir, prefix := t.TempDir(), loopback.Prefix(t)
	w := &workspace.Workspace{Root: dir, Tools: dir, Dir: dir, Network: netip.MustParsePrefix(prefix + ".0/24")}
	assert.NilError(t, os.MkdirAll(filepath.Join(dir, "bin"), 0o755))
	assert.NilError(t, os.Symlink(controlplanetest.Binary(t), w.Binary("kube")))
	c := startCluster(t.Context(), w, slog.New(slog.DiscardHandler))
	t.Cleanup(c.stop)

	assert.NilError(t, c.Renew(t.Context()))
	node := hosts.Node{Name: "m1", ControlPlane: true, InternalIP: "10.0.0.1", ExternalIP: prefix + ".1"}
	kubeconfig, err := c.Init(t.Context(), node, []string{prefix + ".1"})
	assert.NilError(t, err)
	namespaces := client(t, kubeconfig).CoreV1().Namespaces()
	_, err = namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "old"}}, metav1.CreateOptions{})
	assert.NilError(t, err)
	assert.NilError(t, c.Reset(t.Context(), "m1"))
	_, err = namespaces.Get(t.Context(), "old", metav1.GetOptions{})
	assert.NilError(t, err)

	assert.NilError(t, c.Renew(t.Context()))
	_, err = namespaces.Get(t.Context(), "old", metav1.GetOptions{})
	assert.ErrorContains(t, err, "certificate", "the keys are others too")
	again, err := c.Init(t.Context(), node, []string{prefix + ".1"})
	assert.NilError(t, err)
	_, err = client(t, again).CoreV1().Namespaces().Get(t.Context(), "old", metav1.GetOptions{})
	assert.Assert(t, apierrors.IsNotFound(err), "%v", err)
	assert.Equal(t, c.state(), "running")
}

func client(t *testing.T, kubeconfig []byte) kubernetes.Interface {
	t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	assert.NilError(t, err)
	client, err := kubernetes.NewForConfig(config)
	assert.NilError(t, err)
	return client
}
