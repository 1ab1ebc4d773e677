package provider

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// lostAfter is the same cluster, which nobody can reach any more as soon as it has answered a request of a method to a path that ends so.
func (w *world) lostAfter(t *testing.T, method, end string) *world {
	t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig([]byte(w.kubeconfig))
	assert.NilError(t, err)
	transport, err := rest.TransportFor(config)
	assert.NilError(t, err)
	cluster, err := url.Parse(config.Host)
	assert.NilError(t, err)
	forward := &httputil.ReverseProxy{Transport: transport, Rewrite: func(request *httputil.ProxyRequest) { request.SetURL(cluster) }}
	var lost atomic.Bool
	proxy := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if lost.Load() {
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(response, request)
		if request.Method == method && strings.HasSuffix(request.URL.Path, end) && request.URL.Query().Get("dryRun") == "" {
			lost.Store(true)
		}
	}))
	t.Cleanup(proxy.Close)
	kubeconfig := strings.ReplaceAll(w.kubeconfig, config.Host, proxy.URL)
	assert.Assert(t, kubeconfig != w.kubeconfig)
	return &world{kubeconfig: kubeconfig, server: configuredServer(t, values{
		"kubeconfig": property.New(kubeconfig), "clusterIdentifier": property.New("test"),
	})}
}

// lostDuringAnInstall leaves a release of which nobody can say whether it is there. Kept in the state it could be one that is not in the cluster, which
// no later update could go on from.
func lostDuringAnInstall(t *testing.T, w *world) {
	inputs := releaseInputs(webChart(t), "lost", 1, object{"timeout": int64(2)})
	left, err := w.lostAfter(t, http.MethodPost, "/deployments").create(t, releaseURN("lost"), inputs)
	assert.ErrorContains(t, err, "context deadline exceeded")
	assert.Equal(t, left.id, "", "nothing is kept")

	recovery, _ := w.recovery(t)
	assert.NilError(t, recovery.BeforeInstall(t.Context(), "web", "lost"))
	again, err := w.create(t, releaseURN("lost"), inputs)
	assert.NilError(t, err)
	w.remove(t, again)
}
