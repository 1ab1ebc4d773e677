package charts_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/charts/internal/render"
	"github.com/iransre/exchange-platform/sandbox/charts/internal/summary"
)

// exchangeFolder is the platform's own chart. It is tested here because this module has the Helm SDK.
const exchangeFolder = "../../charts/exchange"

func TestTheExchangesManifests(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(exchangeFolder, "ci", "*-values.yaml"))
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 0)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), "-values.yaml")
		t.Run(name, func(t *testing.T) {
			golden.Assert(t, manifests(t, rendered(t, exchange(t), "exchange", exchangeValues(t, name))), filepath.Join("exchange", name+".yaml"))
		})
	}
}

// A mistake in a value is refused before anything is installed, and the message says where it is.
func TestTheExchangeRefusesWrongValues(t *testing.T) {
	for name, test := range map[string]struct{ change, message string }{
		"unknown key":               {`replicas: 2`, "additional properties 'replicas' not allowed"},
		"unknown key deep inside":   {`web: {gunicorn: {worker: 2}}`, "at '/web/gunicorn': additional properties 'worker' not allowed"},
		"wrong type":                {`web: {replicas: "2"}`, "at '/web/replicas': got string, want integer"},
		"no image tag":              {`image: {tag: ""}`, "at '/image/tag': minLength: got 0, want 1"},
		"no secret":                 {`django: {existingSecret: ""}`, "at '/django/existingSecret'"},
		"no endpoint":               {`objectStore: {endpoint: minio:9000}`, "at '/objectStore/endpoint'"},
		"no media endpoint":         {`objectStore: {media: {endpoint: minio:9000}}`, "at '/objectStore/media/endpoint'"},
		"plain value not text":      {`env: {DEBUG: true}`, "at '/env/DEBUG': got boolean, want string"},
		"unknown resource":          {`web: {resources: {requests: {gpu: "1"}}}`, "at '/web/resources/requests': additional properties 'gpu' not allowed"},
		"retry before the timeout":  {`worker: {retrySeconds: 60}`, "worker.retrySeconds is 60"},
		"retry counts the queue in": {`worker: {queueLimit: 8}`, "Set it above 300"},
	} {
		t.Run(name, func(t *testing.T) {
			values := exchangeValues(t, "demo")
			change := map[string]any{}
			assert.NilError(t, yaml.Unmarshal([]byte(test.change), &change))
			_, err := render.Objects(exchange(t), "exchange", "ns", chartutil.CoalesceTables(change, values))
			assert.ErrorContains(t, err, test.message)
		})
	}
}

func TestTheExchangesDefaultsAloneAreRefused(t *testing.T) {
	_, err := render.Objects(exchange(t), "exchange", "ns", map[string]any{})
	for _, required := range []string{"/image/repository", "/image/tag", "/host", "/django/existingSecret", "/database/host", "/objectStore/endpoint"} {
		assert.ErrorContains(t, err, required)
	}
}

func TestAChangedSettingRollsThePods(t *testing.T) {
	before := rendered(t, exchange(t), "exchange", exchangeValues(t, "demo"))
	for name, change := range map[string]map[string]any{
		"setting": {"env": map[string]any{"FEATURE": "on"}},
		"secret":  {"secretRevision": "2"},
	} {
		t.Run(name, func(t *testing.T) {
			after := rendered(t, exchange(t), "exchange", chartutil.CoalesceTables(change, exchangeValues(t, "demo")))
			for _, part := range []string{"exchange-web", "exchange-worker"} {
				assert.Assert(t, !equalTemplates(find(t, before, "Deployment", part), find(t, after, "Deployment", part)), part)
			}
		})
	}
}

// Where another store has the media bucket, its variables come beside those of before, which are the static bucket's then. Otherwise there are none.
func TestTheMediaBucketMayHaveAStoreOfItsOwn(t *testing.T) {
	env := func(change string) (plain map[string]string, keys map[string]string) {
		values := map[string]any{}
		assert.NilError(t, yaml.Unmarshal([]byte(change), &values))
		objects := rendered(t, exchange(t), "exchange", chartutil.CoalesceTables(values, exchangeValues(t, "demo")))
		plain, _, _ = unstructured.NestedStringMap(find(t, objects, "ConfigMap", "exchange").Object, "data")
		keys = map[string]string{}
		for _, part := range []string{"exchange-web", "exchange-worker"} {
			containers, _, _ := unstructured.NestedSlice(find(t, objects, "Deployment", part).Object, "spec", "template", "spec", "containers")
			for _, each := range containers[0].(map[string]any)["env"].([]any) {
				variable := each.(map[string]any)
				if key, found, _ := unstructured.NestedString(variable, "valueFrom", "secretKeyRef", "key"); found {
					keys[variable["name"].(string)] += key + " "
				}
			}
		}
		return plain, keys
	}
	before, keysBefore := env("{}")
	plain, keys := env(`objectStore: {media: {endpoint: "https://s3.example/", publicURL: "https://files.example", region: ir-thr-at1, secretKeyKey: other}}`)
	for name, wanted := range map[string]string{
		"AWS_MEDIA_ENDPOINT_URL": "https://s3.example/", "AWS_MEDIA_PUBLIC_URL": "https://files.example", "AWS_MEDIA_REGION_NAME": "ir-thr-at1",
	} {
		assert.Equal(t, plain[name], wanted)
		delete(plain, name)
	}
	assert.DeepEqual(t, plain, before)
	assert.Equal(t, keys["AWS_MEDIA_ACCESS_KEY_ID"], "AWS_MEDIA_ACCESS_KEY_ID AWS_MEDIA_ACCESS_KEY_ID ", "web and worker")
	assert.Equal(t, keys["AWS_MEDIA_SECRET_ACCESS_KEY"], "other other ")
	delete(keys, "AWS_MEDIA_ACCESS_KEY_ID")
	delete(keys, "AWS_MEDIA_SECRET_ACCESS_KEY")
	assert.DeepEqual(t, keys, keysBefore)
	plain, _ = env(`{objectStore: {media: {endpoint: "https://s3.example/"}}, env: {AWS_MEDIA_REGION_NAME: elsewhere}}`)
	assert.Equal(t, plain["AWS_MEDIA_PUBLIC_URL"], "https://s3.example")
	assert.Equal(t, plain["AWS_MEDIA_REGION_NAME"], "elsewhere")
}

// The hook runs before the chart's other objects: it may use nothing but what is there before the chart.
func TestTheMigrationsNeedNothingOfTheChart(t *testing.T) {
	job := find(t, rendered(t, exchange(t), "exchange", exchangeValues(t, "demo")), "Job", "exchange-migrations")
	assert.Equal(t, job.GetAnnotations()["helm.sh/hook"], "pre-install,pre-upgrade")
	text, err := yaml.Marshal(job.Object)
	assert.NilError(t, err)
	for _, reference := range []string{"configMap", "serviceAccountName", "persistentVolumeClaim"} {
		assert.Assert(t, !bytes.Contains(text, []byte(reference)), reference)
	}
}

// The restore drill makes a pod of the web server's container (components/exchange/drilled.go, components/postgres/application.py): it knows
// the Deployment and one ConfigMap by their names, and leads variables of these names to a copy of the database.
func TestWhatTheRestoreDrillKnowsOfTheWebServer(t *testing.T) {
	web := find(t, rendered(t, exchange(t), "exchange", exchangeValues(t, "prod")), "Deployment", "exchange-web")
	containers := summary.Pod(web)["containers"].([]any)
	assert.Equal(t, len(containers), 1)
	container := containers[0].(map[string]any)
	assert.DeepEqual(t, container["envFrom"], []any{map[string]any{"configMapRef": map[string]any{"name": "exchange"}}})
	known := []string{"DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_REPLICA_HOST", "DATABASE_URL", "DATABASE_REPLICA_URL"}
	var found []string
	for _, each := range container["env"].([]any) {
		variable := each.(map[string]any)
		name, value := variable["name"].(string), fmt.Sprint(variable["value"])
		if strings.HasPrefix(name, "DATABASE_") {
			found = append(found, name)
		}
		leads := name == "DATABASE_HOST" || name == "DATABASE_REPLICA_HOST"
		assert.Check(t, leads || !strings.Contains(value, "postgres.svc"), "%s leads to production, and the drill does not know it", name)
	}
	slices.Sort(found)
	slices.Sort(known)
	assert.DeepEqual(t, found, known)
}

func TestEveryPodOfAPrivateImageHasItsLogin(t *testing.T) {
	values := chartutil.CoalesceTables(map[string]any{
		"image":   map[string]any{"pullSecrets": []any{"exchange-registry"}},
		"metrics": map[string]any{"enabled": true, "queue": map[string]any{"enabled": true}},
	}, exchangeValues(t, "demo"))
	pods := 0
	for _, object := range rendered(t, exchange(t), "exchange", values) {
		if pod := summary.Pod(object); pod != nil {
			pods++
			assert.DeepEqual(t, pod["imagePullSecrets"], []any{map[string]any{"name": "exchange-registry"}})
		}
	}
	assert.Equal(t, pods, 4, "web, worker, migrations and the queue's metrics")
}

// gunicornFlags are the arguments that gunicorn 20.0 knows and every later release up to 25 kept, of those that a chart may set.
var gunicornFlags = strings.Fields("--bind --workers --threads --timeout --graceful-timeout --keep-alive --worker-tmp-dir")

// An argument that it does not know ends gunicorn at once: which one is in the image is not the chart's to say.
func TestGunicornGetsOnlyArgumentsThatEveryReleaseKnows(t *testing.T) {
	args := gunicornArgs(t, map[string]any{})
	for _, arg := range args {
		flag, _, _ := strings.Cut(arg, "=")
		assert.Check(t, slices.Contains(gunicornFlags, flag), flag)
	}
	more := gunicornArgs(t, map[string]any{"web": map[string]any{"gunicorn": map[string]any{"extraArgs": []any{"--workers=7"}}}})
	assert.DeepEqual(t, more, append(args, "--workers=7")) // the last one wins
}

func gunicornArgs(t *testing.T, change map[string]any) []string {
	t.Helper()
	web := find(t, rendered(t, exchange(t), "exchange", chartutil.CoalesceTables(change, exchangeValues(t, "demo"))), "Deployment", "exchange-web")
	containers, _, _ := unstructured.NestedSlice(web.Object, "spec", "template", "spec", "containers")
	for _, each := range containers[0].(map[string]any)["env"].([]any) {
		if variable := each.(map[string]any); variable["name"] == "GUNICORN_CMD_ARGS" {
			return strings.Fields(variable["value"].(string))
		}
	}
	t.Fatal("no GUNICORN_CMD_ARGS")
	return nil
}

// A second copy of the pods' rules, in the words of the restricted pod security standard.
func TestNoContainerOfTheExchangeHasRights(t *testing.T) {
	for _, object := range rendered(t, exchange(t), "exchange", exchangeValues(t, "prod")) {
		pod := summary.Pod(object)
		if pod == nil {
			continue
		}
		assert.Equal(t, fmt.Sprint(pod["automountServiceAccountToken"]), "false")
		user, _, _ := unstructured.NestedMap(pod, "securityContext")
		assert.Equal(t, fmt.Sprint(user["runAsNonRoot"], user["seccompProfile"]), "true map[type:RuntimeDefault]")
		containers, _ := pod["containers"].([]any)
		init, _ := pod["initContainers"].([]any)
		for _, container := range slices.Concat(containers, init) {
			assert.Equal(t, fmt.Sprint(container.(map[string]any)["securityContext"]),
				"map[allowPrivilegeEscalation:false capabilities:map[drop:[ALL]] readOnlyRootFilesystem:true]")
		}
	}
}

func exchange(t *testing.T) *chart.Chart {
	t.Helper()
	loaded, err := loader.LoadDir(exchangeFolder)
	assert.NilError(t, err)
	assert.NilError(t, loaded.Validate())
	return loaded
}

func exchangeValues(t *testing.T, name string) map[string]any {
	t.Helper()
	values, err := chartutil.ReadValuesFile(filepath.Join(exchangeFolder, "ci", name+"-values.yaml"))
	assert.NilError(t, err)
	return values
}

// manifests writes objects as one YAML stream, ordered by kind and name.
func manifests(t *testing.T, objects []*unstructured.Unstructured) string {
	t.Helper()
	var documents []string
	for _, object := range objects {
		text, err := yaml.Marshal(object.Object)
		assert.NilError(t, err)
		documents = append(documents, fmt.Sprintf("---\n# %s %s\n%s", object.GetKind(), object.GetName(), text))
	}
	slices.Sort(documents)
	return strings.Join(documents, "")
}

func find(t *testing.T, objects []*unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == kind && object.GetName() == name {
			return object
		}
	}
	t.Fatalf("no %s %s", kind, name)
	return nil
}

func equalTemplates(a, b *unstructured.Unstructured) bool {
	one, _, _ := unstructured.NestedMap(a.Object, "spec", "template")
	other, _, _ := unstructured.NestedMap(b.Object, "spec", "template")
	return fmt.Sprint(one) == fmt.Sprint(other)
}
