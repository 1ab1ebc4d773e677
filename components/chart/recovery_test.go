package chart

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// What internal/kube does about what it finds is tested there, and in the sandbox's tests of the Kubernetes plugin.

func TestTheClusterIsAskedBeforeSomethingIsMadeOrUpgraded(t *testing.T) {
	recovery := &Recovery{Kubeconfig: pulumi.String("").ToStringOutput()}
	recording := mocktest.Run(t, func(ctx *pulumi.Context) error {
		cluster, _, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		_, err = (&Installer{Provider: cluster, Recovery: recovery}).Install(ctx, "it", &Parts{
			Namespace: NamespaceArgs{Name: "space"}, Secrets: []SecretArgs{{Name: "login"}}, Releases: []ReleaseArgs{{Entry: "minio"}},
		}, pulumi.Timeouts(nil))
		return err
	})
	for _, name := range []string{"it-namespace", "it-secret"} {
		assert.DeepEqual(t, recording.Get(t, name).Hooks, map[string][]string{"before create": {"take over an object"}})
	}
	// A hook before deletions would make `pulumi destroy` ask for the program.
	assert.DeepEqual(t, recording.Get(t, "it-release").Hooks, map[string][]string{
		"before create": {"take over a release"}, "before update": {"free a release"},
	})
}

func TestTheHooksAskForWhatIsAboutToBeMade(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == "/api/v1" {
			_, _ = w.Write([]byte(`{"resources": [{"name": "secrets", "kind": "Secret", "namespaced": true}]}`))
			return
		}
		asked = request.URL.String()
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	recovery := &Recovery{Kubeconfig: pulumi.String(`{"current-context": "it", "contexts": [{"name": "it", "context": {"cluster": "it"}}],
		"clusters": [{"name": "it", "cluster": {"server": "` + server.URL + `"}}]}`).ToStringOutput()}
	mocktest.Run(t, recovery.prepare)
	property := resource.NewProperty[string]
	for _, test := range []struct {
		hook   *pulumi.ResourceHook
		inputs resource.PropertyMap
		asks   string
	}{
		{recovery.create, resource.PropertyMap{
			"apiVersion": property("v1"), "kind": property("Secret"), "stringData": resource.MakeSecret(property("hunter2")),
			"metadata": resource.MakeSecret(resource.NewProperty(resource.PropertyMap{
				"name": property("login"), "namespace": resource.MakeSecret(property("space")),
			})),
		}, "/api/v1/namespaces/space/secrets/login"},
		{recovery.install, resource.PropertyMap{"name": property("shop"), "namespace": property("web")},
			"/api/v1/namespaces/web/secrets?labelSelector=owner%3Dhelm%2Cname%3Dshop"},
		{recovery.upgrade, resource.PropertyMap{"name": property("shop"), "namespace": property("web")},
			"/api/v1/namespaces/web/secrets?labelSelector=owner%3Dhelm%2Cname%3Dshop"},
	} {
		asked = ""
		assert.ErrorContains(t, test.hook.Callback(&pulumi.ResourceHookArgs{NewInputs: test.inputs}), "the cluster answered 403", test.hook.Name)
		assert.Equal(t, asked, test.asks)
	}
}

// What others have upgraded is upgraded once more when it comes back, whatever the state says of it, and never undone: Helm would go
// back to what ran before they took over.
func TestAReleaseThatComesBack(t *testing.T) {
	made := func(left map[string]Left) resource.PropertyMap {
		recording := mocktest.Run(t, func(ctx *pulumi.Context) error {
			cluster, _, err := mocktest.Providers(ctx)
			if err != nil {
				return err
			}
			installer := &Installer{Provider: cluster, Recovery: &Recovery{Kubeconfig: pulumi.String("").ToStringOutput(), Left: left}}
			_, err = installer.Release(ctx, "shop", &ReleaseArgs{
				Path: "../../charts/exchange", Name: "shop", Namespace: pulumi.String("web"), Values: pulumi.Map{}, Atomic: true,
			})
			return err
		})
		return recording.Get(t, "shop").Inputs
	}
	usual := made(nil)
	assert.Assert(t, usual["atomic"].BoolValue())
	back := made(map[string]Left{"shop": {Description: usual["description"].StringValue(), Elsewhere: true}})
	assert.Equal(t, back["description"].StringValue(), usual["description"].StringValue()+"; again, because others delivered it")
	assert.Assert(t, !back["atomic"].BoolValue() && !back["cleanupOnFail"].BoolValue())
	later := made(map[string]Left{"shop": {Description: back["description"].StringValue()}})
	assert.DeepEqual(t, later, back) // the next update has nothing to do
	changed := made(map[string]Left{"shop": {Description: "chart sha256:another; again, because others delivered it"}})
	assert.DeepEqual(t, changed, usual)
}
