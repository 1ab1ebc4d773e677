package stacks

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/chart"
)

func TestAPluginWithoutItsPulumiIsFound(t *testing.T) {
	const running = `
    1     0 /sbin/init
  100     1 /usr/bin/pulumi up --yes
  101   100 /root/.pulumi/plugins/resource-kubernetes-v4.33.0/pulumi-resource-kubernetes 127.0.0.1:4242
  102   100 /root/.pulumi/plugins/resource-command-v1.2.1/pulumi-resource-command 127.0.0.1:4242
  103     1 [pulumi-resource-kubernetes] <defunct>
  104     1 pulumi-resource-command 127.0.0.1:4242
`
	everyone := func(string) bool { return true }
	assert.Equal(t, orphan(running, everyone), "", "that one has a pulumi, of this update or of another stack's")
	assert.Equal(t, orphan(running+"  200     1 /opt/pulumi-resource-kubernetes 127.0.0.1:4242\n", everyone), "200")
	assert.Equal(t, orphan(running+"  201   150 pulumi-resource-kubernetes 127.0.0.1:4242\n", everyone), "201", "its parent is gone")
	nobody := func(string) bool { return false }
	assert.Equal(t, orphan(running+"  200     1 /opt/pulumi-resource-kubernetes 127.0.0.1:4242\n", nobody), "", "another checkout's")
}

func TestAnotherMachineMayStillWork(t *testing.T) {
	assert.Equal(t, leftover("a-machine-that-is-not-this-one"), "something of it may still run on a-machine-that-is-not-this-one")
	assert.Equal(t, leftover(""), "something of it may still run on another machine", "earlier versions did not note it")
}

// TestAnInterruptedReleaseIsKnownBeforeAnythingIsRegistered: a preview shows what an update would do about it.
func TestAnInterruptedReleaseIsKnownBeforeAnythingIsRegistered(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		assert.Check(t, request.URL.Path == "/api/v1/secrets")
		_, _ = w.Write([]byte(`{"items": [
			{"metadata": {"namespace": "web", "labels": {"owner": "helm", "name": "shop", "version": "4", "status": "uninstalling"}}},
			{"metadata": {"namespace": "other", "labels": {"owner": "helm", "name": "shop", "version": "1", "status": "pending-install"}}}
		]}`))
	}))
	defer server.Close()
	last := &memory{machines: arvan.Running{}, releases: map[string]chart.Left{}, releaseNames: map[string]string{}}
	const urn = "urn:pulumi:demo::exchange-platform::"
	for name, resource := range map[string]struct {
		token   string
		outputs map[string]any
	}{
		"shop-release": {chart.ReleaseType, map[string]any{"name": "shop", "namespace": "web", "description": "chart 1", "values": map[string]any{}}},
		"whole":        {chart.ReleaseType, map[string]any{"name": "whole", "namespace": "web"}},
		"settings":     {rememberedType, map[string]any{"machine": "a-machine"}},
		"kubernetes": {"pulumi:providers:kubernetes", map[string]any{"kubeconfig": `{"current-context": "it",
			"contexts": [{"name": "it", "context": {"cluster": "it"}}], "clusters": [{"name": "it", "cluster": {"server": "` + server.URL + `"}}]}`}},
	} {
		assert.NilError(t, last.take(urn+resource.token+"::"+name, resource.token, resource.outputs))
	}
	assert.Equal(t, last.machine, "a-machine")
	last.lookForBusy(t.Context())
	assert.DeepEqual(t, last.releases, map[string]chart.Left{
		"shop-release": {Description: "chart 1", Busy: "uninstalling", Revision: 4}, "whole": {},
	})

	server.Close() // a cluster that is gone is no reason to stop here
	last.lookForBusy(t.Context())
}
