package provider

import (
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
)

// webChart is a folder with a chart of one Deployment.
func webChart(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	assert.NilError(t, chartutil.SaveDir(&chart.Chart{
		Metadata: &chart.Metadata{APIVersion: chart.APIVersionV2, Name: "web", Version: "1.4.0", AppVersion: "7"},
		Templates: []*chart.File{{Name: "templates/web.yaml", Data: []byte(`apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      nodeSelector: {{ toJson .Values.nodeSelector }}
      containers: [{name: c, image: image}]
`)}},
	}, folder))
	return filepath.Join(folder, "web")
}

func releaseInputs(chart, name string, replicas int64, changes object) property.Map {
	inputs := object{
		"chart": chart, "name": name, "namespace": "web", "timeout": int64(30), "maxHistory": int64(2),
		"values": object{"replicas": replicas, "nodeSelector": object{}},
	}
	maps.Copy(inputs, changes)
	return props.Properties(inputs)
}

func releaseURN(name string) resource.URN {
	return resource.URN("urn:pulumi:demo::exchange::kubernetes:helm.sh/v3:Release::" + name)
}

func releaseLifecycle(t *testing.T, w *world) {
	chart := webChart(t)
	web, err := w.create(t, releaseURN("web"), releaseInputs(chart, "shop", 1, nil))
	assert.NilError(t, err)
	assert.Equal(t, web.id, "web/shop")
	status := web.state.Get("status").AsMap()
	assert.Equal(t, status.Get("status").AsString(), "deployed")
	assert.Equal(t, status.Get("revision").AsNumber(), 1.0)
	assert.Equal(t, fmt.Sprint(props.Plain(web.state)["resourceNames"]), "map[Deployment.apps/apps/v1:[shop]]")
	w.unchanged(t, web)

	web, err = w.update(t, web, releaseInputs(chart, "shop", 2, nil))
	assert.NilError(t, err)
	assert.Equal(t, web.state.Get("status").AsMap().Get("revision").AsNumber(), 2.0)
	w.unchanged(t, web)
	w.remove(t, web)
}

// nowhere are values with which no pod finds a node.
var nowhere = object{"timeout": int64(2), "values": object{"replicas": int64(1), "nodeSelector": object{"nowhere": "yes"}}}

func failedRelease(t *testing.T, w *world) {
	chart := webChart(t)
	failed, err := w.create(t, releaseURN("failed"), releaseInputs(chart, "failed", 1, nowhere))
	assert.ErrorContains(t, err, `Helm release "web/failed" was created, but failed to initialize completely`)
	assert.Equal(t, failed.id, "web/failed")
	assert.Equal(t, failed.state.Get("status").AsMap().Get("status").AsString(), "failed")

	mended, err := w.update(t, failed, releaseInputs(chart, "failed", 1, nil))
	assert.NilError(t, err, "the next update mends it")
	w.remove(t, mended)
}

func failedAtomicRelease(t *testing.T, w *world) {
	inputs := releaseInputs(webChart(t), "atomic", 1, nowhere).Set("atomic", property.New(true))
	undone, err := w.create(t, releaseURN("atomic"), inputs)
	assert.ErrorContains(t, err, "has been uninstalled due to atomic being set")
	assert.ErrorContains(t, err, `Deployment "atomic" is not ready`)
	assert.ErrorContains(t, err, "didn't match Pod's node affinity/selector")
	assert.Equal(t, undone.id, "", "nothing is left")
}
