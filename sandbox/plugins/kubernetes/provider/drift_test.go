package provider

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
)

// drifting runs ./scripts/drift as people do, with a stand-in for the CLI that prints a state.
type drifting struct{ folder string }

const engineOfDrift = `#!/bin/sh
set -eu
cd "$(dirname "$0")"
case "$*" in
"stack export --show-secrets --stack demo") cat state.json ;;
"refresh --preview-only --non-interactive --stack demo --event-log "*) echo '{"summaryEvent": {}}' >"$7" ;;
*) echo "error: unexpected: $*" >&2; exit 255 ;;
esac
`

func newDrifting(t *testing.T, state any) *drifting {
	t.Helper()
	d := &drifting{t.TempDir()}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(d.folder, "scripts", "drift"), "./cmd/drift")
	build.Dir = filepath.Join("..", "..", "..", "..")
	output, err := build.CombinedOutput()
	assert.NilError(t, err, string(output))
	text, err := json.Marshal(state)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(filepath.Join(d.folder, "state.json"), text, 0o600))
	assert.NilError(t, os.WriteFile(filepath.Join(d.folder, "pulumi"), []byte(engineOfDrift), 0o755))
	return d
}

// run runs a line in the shell and returns what it printed, and its exit code.
func (d *drifting) run(t *testing.T, line string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", line)
	cmd.Dir, cmd.Env = d.folder, append(os.Environ(), "PATH="+d.folder+":"+os.Getenv("PATH"))
	output, err := cmd.CombinedOutput()
	failed := &exec.ExitError{}
	if errors.As(err, &failed) {
		return string(output), failed.ExitCode()
	}
	assert.NilError(t, err)
	return string(output), 0
}

// quiet sees that nothing is found.
func (d *drifting) quiet(t *testing.T) {
	t.Helper()
	report, code := d.run(t, "./scripts/drift demo")
	assert.Equal(t, code, 0, report)
	assert.Check(t, is.Contains(report, "### `demo`: nothing is otherwise than the program wants\n"))
}

// handMadeChanges are found, with who made them, and the report's own commands undo them.
func handMadeChanges(t *testing.T, w *world) {
	marked := func(kind, name string, data object) object {
		return object{"apiVersion": "v1", "kind": kind, "metadata": object{
			"name": name, "namespace": "web", "labels": object{"app.kubernetes.io/managed-by": "pulumi"},
		}, "data": data}
	}
	const right, wrong = "cmlnaHQtcGFzc3dvcmQ=", "d3JvbmctcGFzc3dvcmQ="
	settings := w.object(t, "settings", marked("ConfigMap", "drift-settings", object{"mode": "live"}))
	password := w.object(t, "password", marked("Secret", "drift-password", object{"password": right}))
	chart := webChart(t)
	release, err := w.create(t, releaseURN("drift"), releaseInputs(chart, "drift", 2, nil))
	assert.NilError(t, err)

	wanted := func(m made) object {
		return object{"urn": string(m.urn), "type": string(m.urn.Type()), "inputs": props.Plain(m.inputs), "outputs": props.Plain(m.state)}
	}
	kubeconfig, err := json.Marshal(w.kubeconfig)
	assert.NilError(t, err)
	secret := object{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": string(kubeconfig)}
	d := newDrifting(t, object{"deployment": object{"resources": []any{
		object{"urn": "urn:pulumi:demo::exchange::pulumi:pulumi:Stack::demo", "type": "pulumi:pulumi:Stack", "outputs": object{"kubeconfig": secret}},
		wanted(settings), wanted(password), wanted(release),
	}}})
	for range 3 { // nights
		d.quiet(t)
	}

	patch := types.StrategicMergePatchType
	by := func(manager string) metav1.PatchOptions { return metav1.PatchOptions{FieldManager: manager} }
	client := w.client(t, byHand)
	deployments, secrets, maps := client.AppsV1().Deployments("web"), client.CoreV1().Secrets("web"), client.CoreV1().ConfigMaps("web")
	_, err = deployments.Patch(t.Context(), "drift", patch, []byte(`{"spec": {"replicas": 5, "template": {"spec": {"containers": [{"name": "c", "image": "other"}]}}}}`), by("kubectl-edit"))
	assert.NilError(t, err)
	_, err = deployments.Patch(t.Context(), "drift", patch, []byte(`{"metadata": {"labels": {"owner": "me"}}}`), by("kubectl-label"))
	assert.NilError(t, err)
	_, err = secrets.Patch(t.Context(), "drift-password", patch, []byte(`{"data": {"password": "`+wrong+`", "more": "`+wrong+`"}}`), by("kubectl-patch"))
	assert.NilError(t, err)
	assert.NilError(t, maps.Delete(t.Context(), "drift-settings", metav1.DeleteOptions{}))

	report, code := d.run(t, "./scripts/drift --metrics drift.prom demo")
	assert.Equal(t, code, 4, report)
	for _, said := range []string{
		"### `demo`: **6 things are otherwise than the program wants**",
		"- `apps/v1/Deployment/web/drift` of release `web/drift`\n",
		"- `spec.replicas` is `5`, not `2`, by `kubectl-edit` at ",
		"`spec.template.spec.containers[c].image` is `other`, not `image`, by `kubectl-edit` at ",
		"`metadata.labels.owner` was added: `me`, by `kubectl-label` at ",
		"- `v1/Secret/web/drift-password`\n",
		"- `data.password` is `(not shown)`, not `(not shown)`, by `kubectl-patch` at ",
		"`data.more` was added: `(not shown)`, by `kubectl-patch` at ",
		"- `v1/ConfigMap/web/drift-settings`\n  - it is gone, the cluster does not keep by whom",
	} {
		assert.Check(t, is.Contains(report, said))
	}
	for _, value := range []string{right, wrong, "right-password", "wrong-password"} {
		assert.Check(t, !strings.Contains(report, value), "a Secret's value is in the report:\n%s", report)
	}
	metrics, err := os.ReadFile(filepath.Join(d.folder, "drift.prom"))
	assert.NilError(t, err)
	assert.Check(t, is.Contains(string(metrics), `exchange_platform_drift_findings{stack="demo"} 6`))

	var commands []string
	for _, found := range regexp.MustCompile("(?m)^  - undo: `(.*)`$").FindAllStringSubmatch(report, -1) {
		commands = append(commands, found[1])
	}
	slices.Sort(commands)
	commands = slices.Compact(commands)
	assert.Equal(t, len(commands), 3, "%q", commands)
	for _, command := range commands {
		output, code := d.run(t, command)
		assert.Equal(t, code, 0, "%s: %s", command, output)
	}
	d.quiet(t)
	live, err := deployments.Get(t.Context(), "drift", metav1.GetOptions{})
	assert.NilError(t, err)
	assert.Equal(t, *live.Spec.Replicas, int32(2))
	assert.Equal(t, live.Labels["owner"], "")
	assert.Equal(t, live.Labels["app.kubernetes.io/managed-by"], "Helm")
	kept, err := secrets.Get(t.Context(), "drift-password", metav1.GetOptions{})
	assert.NilError(t, err)
	assert.DeepEqual(t, kept.Data, map[string][]byte{"password": []byte("right-password")})

	// the program's next changes find their own fields
	_, err = w.update(t, password, props.Properties(marked("Secret", "drift-password", object{"password": wrong})))
	assert.NilError(t, err)
	_, err = w.update(t, settings, props.Properties(marked("ConfigMap", "drift-settings", object{"mode": "test"})))
	assert.NilError(t, err)
	_, err = w.update(t, release, releaseInputs(chart, "drift", 3, nil))
	assert.NilError(t, err)

	// of which this state knows nothing: they are found as well
	report, code = d.run(t, "./scripts/drift demo")
	assert.Equal(t, code, 4, report)
	assert.Check(t, is.Contains(report, "- `release web/drift`\n  - `revision` is `2`, not `1`, by `pulumi-kubernetes` at "))
	assert.Check(t, is.Contains(report, "undo: `helm rollback drift 1 --namespace web`"))
}

// What cannot be asked is no "nothing".
func unaskedObjects(t *testing.T, w *world) {
	d := newDrifting(t, object{"deployment": object{"resources": []any{
		object{"urn": "urn:pulumi:demo::exchange::pulumi:pulumi:Stack::demo", "type": "pulumi:pulumi:Stack", "outputs": object{"kubeconfig": w.kubeconfig}},
		object{"urn": "a::b", "type": "kubernetes:x.test/v1:Odd", "inputs": object{"apiVersion": "x.test/v1", "kind": "Odd", "metadata": object{"name": "o", "namespace": "web"}}},
		object{
			"urn": "a::c", "type": "kubernetes:helm.sh/v3:Release", "inputs": object{"name": "nowhere", "namespace": "web"},
			"outputs": object{"status": object{"revision": 3}},
		},
	}}})
	report, code := d.run(t, "./scripts/drift demo")
	assert.Equal(t, code, 1, report)
	assert.Check(t, is.Contains(report, "**not everything could be compared**, so nobody knows"))
	assert.Check(t, is.Contains(report, "the cluster knows no Odd of x.test/v1"))
	assert.Check(t, is.Contains(report, "release web/nowhere: the cluster has no record of its revision 3"))
	output, code := d.run(t, "./scripts/drift --undo v1/Secret/web/unknown demo")
	assert.Equal(t, code, 1)
	assert.Check(t, is.Contains(output, "the program wants no v1/Secret/web/unknown"))
}
