package provider

import (
	"encoding/base64"
	"fmt"
	"maps"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
	helm "helm.sh/helm/v3/pkg/kube"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/controlplane/controlplanetest"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/releases"
)

// TestAgainstACluster runs what needs one, all on the same real control plane with one simulated node.
func TestAgainstACluster(t *testing.T) {
	helm.ManagedFieldsManager = "pulumi-resource-kubernetes" // the program's name, by which the cluster knows Helm
	running := controlplanetest.Start(t)
	assert.NilError(t, running.ApplyNode(t.Context(), controlplane.Node{Name: "w1", InternalIP: "10.0.0.11", ExternalIP: "127.128.0.11"}))
	kubeconfig := string(running.Kubeconfig())
	w := &world{kubeconfig: kubeconfig, server: configuredServer(t, values{
		"kubeconfig": property.New(kubeconfig), "clusterIdentifier": property.New("test"),
	})}
	w.object(t, "Namespace", object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": "web"}})
	for name, test := range map[string]func(*testing.T, *world){
		"objects":          objectLifecycle,
		"ready deployment": readyDeployment,
		"unready":          unreadyObject,
		"secrets":          secretIsReplaced,
		"ignored changes":  ignoredChanges,
		"existing":         existingObject,
		"custom resources": customResource,
		"import":           importedObject,
		"release":          releaseLifecycle,
		"failed release":   failedRelease,
		"failed atomic":    failedAtomicRelease,
		"lost cluster":     lostDuringAnInstall,
		"drift":            handMadeChanges,
		"unasked":          unaskedObjects,
		"upgrade":          beforeAnUpgrade,
		// what updates leave that are interrupted, and what the program does about it
		"left object":      leftObject,
		"left install":     leftInstall,
		"left upgrade":     leftUpgrade,
		"left uninstall":   leftUninstall,
		"others' releases": othersReleases,
		"hand over":        handOver,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, w) })
	}
}

type object = map[string]any

// world is a provider configured for the cluster of the test.
type world struct {
	server     integration.Server
	kubeconfig string
}

// made is a resource as the engine remembers it.
type made struct {
	urn           resource.URN
	id            string
	inputs, state property.Map
}

func urnOf(content object) resource.URN {
	group := fmt.Sprint(content["apiVersion"])
	if group == "v1" {
		group = "core/v1"
	}
	metadata, _ := content["metadata"].(object)
	return resource.URN(fmt.Sprintf("urn:pulumi:demo::exchange::kubernetes:%s:%s::%v", group, content["kind"], metadata["name"]))
}

func (w *world) check(t *testing.T, urn resource.URN, inputs property.Map) property.Map {
	t.Helper()
	checked, err := w.server.Check(p.CheckRequest{Urn: urn, Inputs: inputs})
	assert.NilError(t, err)
	assert.Equal(t, len(checked.Failures), 0, "%v", checked.Failures)
	return checked.Inputs
}

func (w *world) create(t *testing.T, urn resource.URN, inputs property.Map) (made, error) {
	t.Helper()
	checked := w.check(t, urn, inputs)
	previewed, err := w.server.Create(p.CreateRequest{Urn: urn, Properties: checked, DryRun: true})
	if err == nil {
		assert.Equal(t, previewed.ID, "")
		var created p.CreateResponse
		created, err = w.server.Create(p.CreateRequest{Urn: urn, Properties: checked})
		return made{urn, created.ID, checked, created.Properties}, err
	}
	return made{}, err
}

// object creates an object and sees that it is then as it was asked for.
func (w *world) object(t *testing.T, name string, content object) made {
	t.Helper()
	created, err := w.create(t, urnOf(content), props.Properties(content))
	assert.NilError(t, err, name)
	w.unchanged(t, created)
	return created
}

func (w *world) diff(t *testing.T, m made, inputs property.Map, ignore ...string) p.DiffResponse {
	t.Helper()
	diff, err := w.server.Diff(p.DiffRequest{
		Urn: m.urn, ID: m.id, State: m.state, OldInputs: m.inputs, Inputs: inputs, IgnoreChanges: ignore,
	})
	assert.NilError(t, err)
	return diff
}

// unchanged sees that neither a second update nor a refresh finds anything.
func (w *world) unchanged(t *testing.T, m made) {
	t.Helper()
	assert.Assert(t, !w.diff(t, m, m.inputs).HasChanges)
	refreshed := w.refresh(t, m)
	assert.Assert(t, refreshed.inputs.Equals(m.inputs), "drift: %#v is not %#v", refreshed.inputs, m.inputs)
	diff := w.diff(t, refreshed, m.inputs)
	assert.Assert(t, !diff.HasChanges, "%v", diff.DetailedDiff)
}

func (w *world) refresh(t *testing.T, m made) made {
	t.Helper()
	read, err := w.server.Read(p.ReadRequest{Urn: m.urn, ID: m.id, Properties: m.state, Inputs: m.inputs})
	assert.NilError(t, err)
	return made{m.urn, read.ID, read.Inputs, read.Properties}
}

func (w *world) update(t *testing.T, m made, inputs property.Map, ignore ...string) (made, error) {
	t.Helper()
	checked := w.check(t, m.urn, inputs)
	updated, err := w.server.Update(p.UpdateRequest{Urn: m.urn, ID: m.id, State: m.state, Inputs: checked, IgnoreChanges: ignore})
	return made{m.urn, m.id, checked, updated.Properties}, err
}

func (w *world) remove(t *testing.T, m made) {
	t.Helper()
	assert.NilError(t, w.server.Delete(p.DeleteRequest{Urn: m.urn, ID: m.id, Properties: m.state}))
	assert.Equal(t, w.refresh(t, m).id, "", "it is gone")
	again := w.server.Delete(p.DeleteRequest{Urn: m.urn, ID: m.id, Properties: m.state})
	if m.urn.Type() == releases.Token {
		assert.ErrorContains(t, again, "release: not found", "Helm does not uninstall twice")
	} else {
		assert.NilError(t, again, "deleting it again is no error")
	}
}

func configMap(name string, data, metadata object) object {
	all := object{"name": name, "namespace": "web"}
	maps.Copy(all, metadata)
	return object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": all, "data": data}
}

func objectLifecycle(t *testing.T, w *world) {
	content := object{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": object{
		"name": "runner", "namespace": "web", "labels": object{"a": "1", "b": "2"},
	}}
	account := w.object(t, "account", content)
	assert.Equal(t, account.id, "web/runner")

	content["metadata"].(object)["labels"] = object{"a": "3"}
	diff := w.diff(t, account, w.check(t, account.urn, props.Properties(content)))
	assert.Equal(t, diff.DetailedDiff["metadata.labels.a"].Kind, p.Update)
	assert.Equal(t, diff.DetailedDiff["metadata.labels.b"].Kind, p.Delete)
	account, err := w.update(t, account, props.Properties(content))
	assert.NilError(t, err)
	labels := account.state.Get("metadata").AsMap().Get("labels").AsMap()
	assert.Equal(t, labels.Len(), 1, "a field that is no longer said is gone: %v", labels)
	w.unchanged(t, account)

	content["metadata"].(object)["name"] = "walker"
	renamed := w.diff(t, account, w.check(t, account.urn, props.Properties(content)))
	assert.Equal(t, renamed.DetailedDiff["metadata.name"].Kind, p.UpdateReplace)
	w.remove(t, account)
}

func deployment(name string, podSpec object) object {
	podSpec["containers"] = []any{object{"name": "c", "image": "image", "resources": object{
		"requests": object{"cpu": "1000m", "memory": "1024Mi"},
	}}}
	return object{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{"name": name, "namespace": "web"}, "spec": object{
		"replicas": int64(2), "selector": object{"matchLabels": object{"app": name}},
		"template": object{"metadata": object{"labels": object{"app": name}}, "spec": podSpec},
	}}
}

func readyDeployment(t *testing.T, w *world) {
	web := w.object(t, "deployment", deployment("ready", object{}))
	assert.Equal(t, web.state.Get("status").AsMap().Get("availableReplicas").AsNumber(), 2.0)
	service := w.object(t, "service", object{"apiVersion": "v1", "kind": "Service",
		"metadata": object{"name": "ready", "namespace": "web"},
		"spec":     object{"type": "LoadBalancer", "selector": object{"app": "ready"}, "ports": []any{object{"port": int64(80)}}},
	})
	addresses := service.state.Get("status").AsMap().Get("loadBalancer").AsMap().Get("ingress").AsArray()
	assert.Equal(t, addresses.Len(), 1)
	job := object{"apiVersion": "batch/v1", "kind": "Job", "metadata": object{"name": "ready", "namespace": "web"}, "spec": object{
		"template": object{"spec": object{"restartPolicy": "Never", "containers": []any{object{"name": "c", "image": "image"}}}},
	}}
	w.remove(t, w.object(t, "job", job))
	w.remove(t, service)
	w.remove(t, web)
}

func unreadyObject(t *testing.T, w *world) {
	content := deployment("unready", object{"nodeSelector": object{"nowhere": "yes"}})
	content["metadata"].(object)["annotations"] = object{"pulumi.com/timeoutSeconds": "2"}
	unready, err := w.create(t, urnOf(content), props.Properties(content))
	assert.ErrorContains(t, err, `failed to fully initialize or become live: "web/unready" timed out waiting to be Ready`)
	assert.Equal(t, unready.id, "web/unready", "it is there all the same")
	assert.Assert(t, unready.state.Get("spec").IsMap())
	content["metadata"].(object)["annotations"] = object{"pulumi.com/skipAwait": "true"}
	unready, err = w.update(t, unready, props.Properties(content))
	assert.NilError(t, err, "it need not be ready")
	w.remove(t, unready)
}

func secretIsReplaced(t *testing.T, w *world) {
	content := object{"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": "login", "namespace": "web"},
		"stringData": object{"password": "one"}}
	secret := w.object(t, "secret", content)
	data := secret.state.Get("data")
	assert.Assert(t, data.Secret())
	assert.Equal(t, data.AsMap().Get("password").AsString(), base64.StdEncoding.EncodeToString([]byte("one")))

	content["stringData"] = object{"password": "two"}
	diff := w.diff(t, secret, w.check(t, secret.urn, props.Properties(content)))
	assert.Equal(t, diff.DetailedDiff["data.password"].Kind, p.UpdateReplace)
	assert.Assert(t, diff.DeleteBeforeReplace, "its name can belong to one only")
}

func ignoredChanges(t *testing.T, w *world) {
	account := w.object(t, "account", object{"apiVersion": "v1", "kind": "ServiceAccount",
		"metadata": object{"name": "ignored", "namespace": "web", "labels": object{"owner": "a", "team": "a"}}})
	wanted := props.Properties(object{"apiVersion": "v1", "kind": "ServiceAccount",
		"metadata": object{"name": "ignored", "namespace": "web", "labels": object{"owner": "b", "team": "b"}}})
	diff := w.diff(t, account, wanted, "metadata.labels.owner")
	assert.Equal(t, len(diff.DetailedDiff), 1)
	account, err := w.update(t, account, wanted, "metadata.labels.owner")
	assert.NilError(t, err)
	labels := account.state.Get("metadata").AsMap().Get("labels").AsMap()
	assert.Equal(t, labels.Get("owner").AsString()+labels.Get("team").AsString(), "ab")
}

func existingObject(t *testing.T, w *world) {
	content := configMap("existing", object{"a": "1"}, nil)
	w.object(t, "first", content)
	urn := urnOf(content)
	checked := w.check(t, urn, props.Properties(content))
	previewed, err := w.server.Create(p.CreateRequest{Urn: urn, Properties: checked, DryRun: true})
	assert.NilError(t, err, "a replacement may be under way")
	assert.Assert(t, property.New(previewed.Properties).Equals(property.New(checked)))
	_, err = w.server.Create(p.CreateRequest{Urn: urn, Properties: checked})
	assert.ErrorContains(t, err, "already exists")
}

func customResource(t *testing.T, w *world) {
	definition := w.object(t, "definition", object{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": object{"name": "markets.exchange.test"}, "spec": object{
			"group": "exchange.test", "scope": "Namespaced", "names": object{"plural": "markets", "singular": "market", "kind": "Market"},
			"versions": []any{object{"name": "v1", "served": true, "storage": true, "schema": object{"openAPIV3Schema": object{
				"type": "object", "x-kubernetes-preserve-unknown-fields": true,
			}}}},
		}})
	// In the foreground, the deletion would wait for the garbage collector, which looks for new kinds every 30 seconds.
	market := w.object(t, "market", object{"apiVersion": "exchange.test/v1", "kind": "Market", "metadata": object{
		"name": "irr", "namespace": "web", "annotations": object{"pulumi.com/deletionPropagationPolicy": "background"},
	}, "spec": object{"pair": "BTC/IRR"}})
	w.remove(t, market)
	w.remove(t, definition)
}

func importedObject(t *testing.T, w *world) {
	original := w.object(t, "original", configMap("imported", object{"a": "1"}, nil))
	read, err := w.server.Read(p.ReadRequest{Urn: original.urn, ID: "web/imported"})
	assert.NilError(t, err)
	assert.Equal(t, read.Inputs.Get("data").AsMap().Get("a").AsString(), "1")
	imported := made{original.urn, read.ID, read.Inputs, read.Properties}
	assert.Assert(t, !w.diff(t, imported, original.inputs).DeleteBeforeReplace)
}
