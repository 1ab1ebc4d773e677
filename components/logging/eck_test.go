package logging_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

// production is what prod has, with snapshots in a bucket of its own.
func production() logging.Config {
	var config logging.Config
	config.SetDefaults(settings.Prod)
	config.Snapshots.Bucket, config.Snapshots.AccessKey, config.Snapshots.SecretKey = "logs", "the-key", "the-secret"
	return config
}

func eck(t *testing.T, config logging.Config) *mocktest.Recording {
	t.Helper()
	return mocktest.Run(t, program(logging.Args{Config: config}))
}

func TestECK(t *testing.T) {
	r := eck(t, production())
	r.CheckEngine(t, "eck")
	var objects strings.Builder
	for _, each := range r.Resources {
		group, _, _ := strings.Cut(strings.TrimPrefix(each.Type, "kubernetes:"), "/")
		if strings.HasSuffix(group, "k8s.elastic.co") || each.Name == "logging-exporter" || each.Name == "logging-metrics" {
			text, err := yaml.Marshal(map[string]any{each.Name: mocktest.Plain(each.Inputs["spec"])})
			assert.NilError(t, err)
			objects.Write(text)
		}
	}
	golden.Assert(t, objects.String(), "eck.objects.yaml")
}

// The operator ends its objects, so it has to be there until the last of them is gone: what depends on something is deleted first.
func TestTheOperatorOutlivesItsObjects(t *testing.T) {
	r := eck(t, production())
	for name, needs := range map[string]string{
		"logging-elasticsearch": "logging-operator-release", "logging-kibana": "logging-elasticsearch", "logging-settings": "logging-kibana",
		"logging-collector-release": "logging-settings", "logging-exporter": "logging-settings",
	} {
		assert.Assert(t, slices.Contains(r.Get(t, name).DependsOn, needs), "%s does not wait for %s but for %v", name, needs, r.Get(t, name).DependsOn)
	}
}

// No login may do more than its work, and each that the operator is told of has a role of its name.
func TestEachLoginHasARole(t *testing.T) {
	r := eck(t, production())
	var roles map[string]struct {
		Cluster []string
		Indices []struct{ Names, Privileges []string }
	}
	assert.NilError(t, yaml.Unmarshal([]byte(r.SecretData(t, "logging-roles")["roles.yml"]), &roles))
	assert.Equal(t, len(roles), 4)
	for name := range roles {
		data := r.SecretData(t, "logging-"+name+"-login")
		assert.Equal(t, data["username"], name)
		assert.Equal(t, data["roles"], name)
		assert.Assert(t, data["password"] != "")
	}
	assert.DeepEqual(t, roles["writer"].Indices[0].Privileges, []string{"create_doc", "auto_configure"})
	assert.Equal(t, len(roles["writer"].Cluster)+len(roles["reader"].Cluster), 0)
	assert.Assert(t, !slices.Contains(roles["reader"].Indices[0].Privileges, "write"))
}

func TestWithOneNodeThereAreNoCopies(t *testing.T) {
	var config logging.Config
	config.SetDefaults(settings.Demo)
	config.Engine = logging.ECK
	r := eck(t, config)
	spec := mocktest.Plain(r.Get(t, "logging-elasticsearch").Inputs["spec"]).(map[string]any)
	assert.Equal(t, spec["nodeSets"].([]any)[0].(map[string]any)["count"], 1.0)
	_, keys := spec["secureSettings"]
	assert.Assert(t, !keys)
	assert.Assert(t, strings.Contains(script(t, r)["DOCUMENTS"], `"number_of_replicas":"0"`))
}

// script is what the pod that keeps the settings is told.
func script(t *testing.T, r *mocktest.Recording) map[string]string {
	t.Helper()
	pod := mocktest.Plain(r.Get(t, "logging-settings").Inputs["spec"]).(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	env := map[string]string{}
	for _, each := range pod["containers"].([]any)[0].(map[string]any)["env"].([]any) {
		variable := each.(map[string]any)
		env[variable["name"].(string)], _ = variable["value"].(string)
	}
	return env
}

func TestWhatElasticsearchIsTold(t *testing.T) {
	told := script(t, eck(t, production()))
	var lines []string
	for line := range strings.SplitSeq(told["DOCUMENTS"]+"\n_snapshot/logs "+told["REPOSITORY"], "\n") {
		path, document, _ := strings.Cut(line, " ")
		var read any
		assert.NilError(t, json.Unmarshal([]byte(document), &read))
		text, err := yaml.Marshal(map[string]any{path: read})
		assert.NilError(t, err)
		lines = append(lines, strings.ReplaceAll(string(text), told["REVISION"], "MARK"))
	}
	golden.Assert(t, strings.Join(lines, ""), "eck.documents.yaml")
}

// server answers for Elasticsearch and Kibana with what it was told before, and writes down what it is told now.
const server = `method=GET body=
while [ $# -gt 1 ]; do
  case $1 in --request) method=$2 ;; --data) body=$2; [ "$method" = GET ] && method=POST ;; --config) cat "$2" >>"$DIR/logins" ;; esac
  echo "$1" >>"$DIR/arguments"
  shift
done
path=${1#https://*:*/}
kept=$DIR/$(echo "$path" | tr '/?' '__')
case $method:$path in
  GET:_cat/*) cat "$DIR/indices" 2>/dev/null || : ;;
  GET:*) [ -e "$kept" ] || exit 22; cat "$kept" ;;
  DELETE:*) echo "$method $path" >>"$DIR/did"; rm -f "$kept" ;;
  POST:api/data_views/data_view) echo "$method $path" >>"$DIR/did"; echo "$body" >"$DIR/api_data_views_data_view_logs-platform" ;;
  *) echo "$method $path" >>"$DIR/did"; printf '%s' "$body" >"$kept" ;;
esac`

// pass lets the pod work once, and gives what it did.
func pass(t *testing.T, config logging.Config, dir string) []string {
	t.Helper()
	output, err := eck(t, config).Get(t, "logging-settings").Reconcile(t, map[string]string{"curl": server}, map[string]string{
		"DIR": dir, "AUTHORITY": "the certificate", "PASSWORD": "the-password",
	})
	assert.NilError(t, err, output)
	assert.Assert(t, !strings.Contains(output, "the-password"))
	did, _ := os.ReadFile(filepath.Join(dir, "did"))
	_ = os.Remove(filepath.Join(dir, "did"))
	return slices.Collect(strings.SplitSeq(strings.TrimSpace(string(did)), "\n"))
}

func TestSettingsArePutOnceAndAgainWhenTheyAreLostOrChange(t *testing.T) {
	dir := t.TempDir()
	nothing := []string{""}
	all := []string{
		"PUT _snapshot/logs", "PUT _ilm/policy/logs-platform", "PUT _index_template/logs-platform", "PUT _slm/policy/logs-daily",
		"POST api/data_views/data_view",
	}
	assert.DeepEqual(t, pass(t, production(), dir), all)
	assert.DeepEqual(t, pass(t, production(), dir), nothing)

	assert.NilError(t, os.Remove(filepath.Join(dir, "_ilm_policy_logs-platform")))
	assert.DeepEqual(t, pass(t, production(), dir), []string{"PUT _ilm/policy/logs-platform"})
	assert.NilError(t, os.WriteFile(filepath.Join(dir, "_slm_policy_logs-daily"), []byte(`{"by":"hand"}`), 0o600))
	assert.DeepEqual(t, pass(t, production(), dir), []string{"PUT _slm/policy/logs-daily"})

	elsewhere := production()
	elsewhere.Snapshots.Prefix = "other"
	assert.DeepEqual(t, pass(t, elsewhere, dir), []string{"PUT _snapshot/logs"})
	longer := elsewhere
	longer.RetentionDays = 30
	assert.DeepEqual(t, pass(t, longer, dir), []string{
		"PUT _ilm/policy/logs-platform", "PUT _index_template/logs-platform", "PUT _slm/policy/logs-daily",
	})
	without := longer
	without.Snapshots.Enabled = false
	assert.DeepEqual(t, pass(t, without, dir), []string{
		"DELETE _slm/policy/logs-daily", "PUT _ilm/policy/logs-platform", "PUT _index_template/logs-platform",
	})

	arguments, err := os.ReadFile(filepath.Join(dir, "arguments"))
	assert.NilError(t, err)
	assert.Assert(t, !strings.Contains(string(arguments), "the-password"), "a secret must be no program's argument")
	logins, err := os.ReadFile(filepath.Join(dir, "logins"))
	assert.NilError(t, err)
	assert.Assert(t, strings.HasPrefix(string(logins), "user = \"steward:the-password\"\n"))
}

// The newest part of each stream is written to, and cannot go.
func TestLogsOfECKAreKeptWithinTheirSize(t *testing.T) {
	config := production()
	config.MaxSizeGiB = 2
	for name, test := range map[string]struct {
		indices []string // stream, number and size in MiB, the newest first
		deleted []string
	}{
		"none":  {nil, []string{""}},
		"small": {[]string{"a 000002 1000", "a 000001 1000"}, []string{""}},
		"too many, of two streams": {
			[]string{"b 000009 500", "a 000002 500", "b 000008 500", "a 000001 600", "b 000007 1"},
			[]string{"DELETE .ds-logs-a-platform-2026.11.27-000001", "DELETE .ds-logs-b-platform-2026.11.27-000007"},
		},
		"too many in what is written to": {[]string{"a 000001 3000", "b 000001 1000"}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pass(t, config, dir) // everything else is there then
			var lines strings.Builder
			for _, index := range test.indices {
				var stream, number string
				var size int
				_, err := fmt.Sscan(index, &stream, &number, &size)
				assert.NilError(t, err)
				fmt.Fprintf(&lines, "1 %d .ds-logs-%s-platform-2026.11.27-%s\n", size<<20, stream, number)
			}
			assert.NilError(t, os.WriteFile(filepath.Join(dir, "indices"), []byte(lines.String()), 0o600))
			assert.DeepEqual(t, pass(t, config, dir), test.deleted)
		})
	}
}

func TestTheLimitFitsIntoTheVolumes(t *testing.T) {
	for _, test := range []struct {
		nodes, volume, most int
	}{{3, 30, 22}, {3, 100, 75}, {1, 5, 3}} {
		config := production()
		config.Nodes, config.VolumeGiB, config.MaxSizeGiB = test.nodes, test.volume, test.most
		assert.Equal(t, len(config.Validate(settings.Prod, field.NewPath("logging"))), 0)
		config.MaxSizeGiB++
		problems := config.Validate(settings.Prod, field.NewPath("logging"))
		assert.Equal(t, len(problems), 1)
		assert.ErrorContains(t, problems[0], fmt.Sprintf("at most %d do", test.most))
		// with one node of three lost, logs and copies are on those that are left
		left := max(test.nodes-1, 1)
		assert.Assert(t, test.most*min(test.nodes, 2)*4 <= left*test.volume*3)
	}
}
