package charts_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"helm.sh/helm/v3/pkg/chart/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/iransre/exchange-platform/sandbox/charts"
)

// manifest is one of an operator, in short: a definition with a default, who is asked at admission, what it may do, what it measures, and
// a pod that the chart makes itself.
const manifest = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusters.postgresql.cnpg.io, annotations: {made.by: a tool}}
spec: {group: postgresql.cnpg.io, versions: [{name: v1, description: "{{ no template }}", schema: {openAPIV3Schema: {properties: {instances: {default: 1}}}}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cnpg-manager}
rules: [{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [update]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cnpg-default-monitoring}
data: {queries: "pg_postmaster: {}"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: cnpg-validating-webhook-configuration}
webhooks: [{name: vcluster.cnpg.io}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cnpg-controller-manager, namespace: cnpg-system}
`

func TestWhereAProgramRunsItsChartHasTheProgramsOwnManifest(t *testing.T) {
	manifests := t.TempDir()
	assert.NilError(t, os.WriteFile(filepath.Join(manifests, "cloudnative-pg.yaml"), []byte(manifest), 0o600))
	files, err := charts.Repository(manifests)
	assert.NilError(t, err)
	stand, err := charts.Load("cloudnative-pg")
	assert.NilError(t, err)
	loaded, err := loader.LoadArchive(bytes.NewReader(files["cloudnative-pg-"+stand.Metadata.Version+".tgz"]))
	assert.NilError(t, err)

	found := map[string]*unstructured.Unstructured{}
	for _, object := range rendered(t, loaded, "cloudnative-pg", nil) {
		key := object.GetKind() + " " + object.GetName()
		assert.Assert(t, found[key] == nil, "%s is there twice", key)
		found[key] = object
	}
	definition := found["CustomResourceDefinition clusters.postgresql.cnpg.io"]
	assert.Assert(t, definition != nil)
	assert.DeepEqual(t, definition.GetAnnotations(), map[string]string{"made.by": "a tool", "helm.sh/resource-policy": "keep"})
	versions, _, err := unstructured.NestedSlice(definition.Object, "spec", "versions")
	assert.NilError(t, err)
	assert.Equal(t, versions[0].(map[string]any)["description"], "{{ no template }}")
	assert.Assert(t, found["CustomResourceDefinition backups.postgresql.cnpg.io"] == nil, "a definition of the stand-in's own")

	rules, _, err := unstructured.NestedSlice(found["ClusterRole cloudnative-pg"].Object, "rules")
	assert.NilError(t, err)
	assert.Equal(t, len(rules), 1)
	assert.DeepEqual(t, rules[0].(map[string]any)["resources"], []any{"leases"})
	queries, _, err := unstructured.NestedString(found["ConfigMap cnpg-default-monitoring"].Object, "data", "queries")
	assert.NilError(t, err)
	assert.Equal(t, queries, "pg_postmaster: {}")
	assert.Assert(t, found["ValidatingWebhookConfiguration cnpg-validating-webhook-configuration"] != nil)
	assert.Assert(t, found["MutatingWebhookConfiguration cnpg-mutating-webhook-configuration"] == nil, "a webhook of the stand-in's own")
	assert.Assert(t, found["Deployment cloudnative-pg"] != nil && found["Deployment cnpg-controller-manager"] == nil)
}

// ofMetalLB is the manifest of MetalLB, in short.
const ofMetalLB = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "metallb-system:speaker"}
rules: [{apiGroups: [metallb.io], resources: [servicel2statuses], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: controller, namespace: metallb-system}
rules: [{apiGroups: [""], resources: [secrets], verbs: [create]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: metallb-webhook-configuration}
webhooks: [{name: ipaddresspoolvalidationwebhook.metallb.io, failurePolicy: Fail}]
`

// What the manifest has otherwise than the chart is as the chart has it: names, and whether a webhook that does not answer refuses.
func TestWhereMetalLBRunsItsWebhooksAreAsTheValuesSay(t *testing.T) {
	manifests := t.TempDir()
	server := httptest.NewServer(charts.Handler(manifests))
	t.Cleanup(server.Close)
	stand, err := charts.Load("metallb")
	assert.NilError(t, err)
	objects := func() map[string]*unstructured.Unstructured {
		response, err := http.Get(server.URL + "/metallb-" + stand.Metadata.Version + ".tgz")
		assert.NilError(t, err)
		defer response.Body.Close()
		loaded, err := loader.LoadArchive(response.Body)
		assert.NilError(t, err)
		found := map[string]*unstructured.Unstructured{}
		for _, object := range rendered(t, loaded, "metallb", readValues(t, "metallb.platform.yaml")) {
			key := object.GetKind() + " " + object.GetName()
			assert.Assert(t, found[key] == nil, "%s is there twice", key)
			found[key] = object
		}
		return found
	}
	asked := func(found map[string]*unstructured.Unstructured) []any {
		webhooks, _, err := unstructured.NestedSlice(found["ValidatingWebhookConfiguration metallb-webhook-configuration"].Object, "webhooks")
		assert.NilError(t, err)
		return webhooks
	}
	assert.Equal(t, len(asked(objects())), 6, "the stand-in's own, while it does not run")

	assert.NilError(t, os.WriteFile(filepath.Join(manifests, "metallb.yaml"), []byte(ofMetalLB), 0o600))
	found := objects()
	assert.DeepEqual(t, asked(found), []any{map[string]any{"name": "ipaddresspoolvalidationwebhook.metallb.io", "failurePolicy": "Ignore"}})
	rules, _, err := unstructured.NestedSlice(found["Role metallb-controller"].Object, "rules")
	assert.NilError(t, err)
	assert.DeepEqual(t, rules[len(rules)-1].(map[string]any)["resourceNames"], []any{"metallb-controller"})
	subjects, _, err := unstructured.NestedSlice(found["RoleBinding metallb-pod-lister"].Object, "subjects")
	assert.NilError(t, err)
	assert.Equal(t, len(subjects), 2, "controller and speakers look at pods")
}

// Helm would leave in the cluster what the platform wants gone with the release.
func TestAProgramsOwnDefinitionsAreKeptOnlyAsTheValuesSay(t *testing.T) {
	manifests := t.TempDir()
	definition, _, _ := strings.Cut(strings.ReplaceAll(manifest, "clusters.postgresql.cnpg.io", "applications.argoproj.io"), "---")
	definition = strings.Replace(definition, ", annotations: {made.by: a tool}", "", 1)
	assert.NilError(t, os.WriteFile(filepath.Join(manifests, "argo-cd.yaml"), []byte(definition), 0o600))
	files, err := charts.Repository(manifests)
	assert.NilError(t, err)
	stand, err := charts.Load("argo-cd")
	assert.NilError(t, err)
	loaded, err := loader.LoadArchive(bytes.NewReader(files["argo-cd-"+stand.Metadata.Version+".tgz"]))
	assert.NilError(t, err)
	for keep, annotations := range map[bool]map[string]string{true: {"helm.sh/resource-policy": "keep"}, false: nil} {
		definitions := 0
		for _, object := range rendered(t, loaded, "argo-cd", map[string]any{"crds": map[string]any{"keep": keep}}) {
			if object.GetKind() == "CustomResourceDefinition" {
				definitions++
				assert.DeepEqual(t, object.GetAnnotations(), annotations)
			}
		}
		assert.Equal(t, definitions, 1, "and none of the stand-in's own")
	}
}
