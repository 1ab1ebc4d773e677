package postgres_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
	"gotest.tools/v3/poll"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func drilled() postgres.Config {
	config := proxied()
	config.Backup = backup()
	config.Drill = postgres.Drill{Enabled: true, Schedule: "0 3 * * 5", Hours: 4}
	return config
}

func TestTheDrillsObjects(t *testing.T) {
	r := mocktest.Run(t, programWith(drilled(), noLook))
	for _, problem := range r.SecretsOutside() {
		t.Error(problem)
	}
	var objects strings.Builder
	for _, name := range r.Names() {
		each := r.Get(t, name)
		if strings.HasPrefix(name, "postgres-drill-") && name != "postgres-drill-program" && each.Inputs["spec"].HasValue() {
			text, err := yaml.Marshal(map[string]any{name: mocktest.Plain(each.Inputs["spec"])})
			assert.NilError(t, err)
			objects.Write(text)
			assert.Assert(t, !each.Protect, "%s keeps nothing, and may be switched off", name)
		}
	}
	golden.Assert(t, objects.String(), "drill.objects.yaml")
}

// The operator takes over the account, the role and the binding that have a cluster's name.
func TestNothingThatMayBeLostHasTheCopysName(t *testing.T) {
	r := mocktest.Run(t, programWith(drilled(), noLook))
	for _, part := range []string{"account", "role", "binding"} {
		name := r.Get(t, "postgres-drill-"+part).Inputs["metadata"].ObjectValue()["name"].StringValue()
		for _, copied := range []string{"restore-drill", "restore-drill-beyond"} { // as drill.py has them, and the operator's stand-in below
			assert.Assert(t, name != copied, "%s %s", part, name)
		}
	}
}

// A copy that archives would write into production's archive; one that waits for a replica would wait for ever.
func TestTheCopyArchivesNothingAndIsAlone(t *testing.T) {
	spec := clusterOf(t)
	assert.Assert(t, spec["plugins"] == nil)
	assert.Equal(t, spec["instances"], 1.0)
	assert.Assert(t, spec["postgresql"].(map[string]any)["synchronous"] == nil)
	store := mocktest.Plain(mocktest.Run(t, programWith(drilled(), noLook)).Get(t, "postgres-drill-store").Inputs["spec"]).(map[string]any)
	assert.Assert(t, store["retentionPolicy"] == nil, "the drill deletes no backups")
}

func clusterOf(t *testing.T) map[string]any {
	t.Helper()
	data := mocktest.Run(t, programWith(drilled(), noLook)).Get(t, "postgres-drill-program").Inputs["data"]
	var spec map[string]any
	assert.NilError(t, json.Unmarshal([]byte(mocktest.Plain(data).(map[string]any)["cluster.json"].(string)), &spec))
	return spec
}

func TestNoDrillsWithoutBackups(t *testing.T) {
	config := drilled()
	config.Backup.Enabled = false
	for _, name := range mocktest.Run(t, programWith(config, func(*pulumi.Context, *postgres.Postgres) {})).Names() {
		assert.Assert(t, !strings.Contains(name, "drill"), name)
	}
}

// operator stands for Kubernetes' API with CloudNativePG behind it, in the drill's namespace.
type operator struct {
	// broken are the last words of a recovery that fails; slow is one that never ends.
	broken, beyond string
	slow           bool
	// check is what becomes of a pod with the exchange's image: its status, and its words.
	check      map[string]any
	checkWords string

	mu       sync.Mutex
	objects  map[string]map[string]any // by path
	deleted  []string
	restored int
	checked  map[string]any // the last pod that was made of the exchange's image
}

func (o *operator) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	path := request.URL.Path
	var body map[string]any
	if text, _ := io.ReadAll(request.Body); len(text) > 0 {
		if err := json.Unmarshal(text, &body); err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
	}
	answer := func(value any) { _ = json.NewEncoder(response).Encode(value) }
	switch {
	case path == checkPath+"/log":
		_, _ = fmt.Fprintln(response, o.checkWords)
	case strings.HasSuffix(path, "/log"):
		words := o.broken
		if strings.Contains(path, "beyond") {
			words = o.beyond
		}
		_, _ = fmt.Fprintln(response, `{"level":"info"}`+"\n"+words+"\n"+managersEnd)
	case request.Method == http.MethodGet && strings.HasSuffix(path, "/persistentvolumeclaims"):
		answer(map[string]any{"items": []any{}})
	case request.Method == http.MethodGet && strings.HasSuffix(path, "/pods"):
		answer(map[string]any{"items": o.pods()})
	case request.Method == http.MethodPost:
		name := path + "/" + body["metadata"].(map[string]any)["name"].(string)
		if o.objects[name] != nil {
			http.Error(response, "it is there", http.StatusConflict)
			return
		}
		if strings.HasSuffix(name, "clusters/restore-drill") {
			o.restored++
			if o.broken == "" && !o.slow {
				body["status"] = map[string]any{"readyInstances": 1}
			}
		}
		if name == checkPath {
			o.checked, body["status"] = body, o.check
		}
		o.objects[name] = body
		answer(body)
	case o.objects[path] == nil:
		http.NotFound(response, request)
	case request.Method == http.MethodPatch:
		o.objects[path]["data"] = body["data"]
		answer(o.objects[path])
	case request.Method == http.MethodDelete:
		delete(o.objects, path)
		o.deleted = append(o.deleted, filepath.Base(path))
		answer(map[string]any{})
	default:
		answer(o.objects[path])
	}
}

// pods are those of recoveries that failed.
func (o *operator) pods() []any {
	pods := []any{}
	for path := range o.objects {
		name := filepath.Base(path)
		failed := name == "restore-drill" && o.broken != "" || name == "restore-drill-beyond" && o.beyond != ""
		if strings.Contains(path, "/clusters/") && failed {
			pods = append(pods, map[string]any{
				"metadata": map[string]any{"name": name + "-1-full-recovery", "labels": map[string]any{"cnpg.io/cluster": name}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "full-recovery"}}},
				"status":   map[string]any{"phase": "Failed"},
			})
		}
	}
	return pods
}

const unreached = `{"msg":"record","record":{"message":"recovery ended before configured recovery target was reached"}}`

// managersEnd is what the operator's process says of its own end, after PostgreSQL has spoken.
var managersEnd = `{"level":"error","msg":"restore error","error":"while waiting for PostgreSQL: exit status 1","stacktrace":"` + strings.Repeat(`main.main\n\t`, 80) + `"}`

// drillTrial is a drill at a real server of PostgreSQL, which is production and the copy in one.
type drillTrial struct {
	operator *operator
	env      []string
	socket   string
}

func newDrillTrial(t *testing.T) *drillTrial {
	t.Helper()
	o := &operator{objects: map[string]map[string]any{}, beyond: unreached, check: map[string]any{"phase": "Succeeded"}}
	deliver(t, o)
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	spec, err := json.Marshal(clusterOf(t))
	assert.NilError(t, err)
	d := &drillTrial{operator: o, socket: startPostgres(t)}
	d.env = []string{
		"PATH=" + os.Getenv("PATH"), "API=" + server.URL, "NAMESPACE=restore-drill", "CLUSTER=" + string(spec), "LIMIT_SECONDS=60",
		"PAUSE_SECONDS=0.01", "START_SECONDS=0.1", "APPLICATION=" + applicationOf(t), "JOB_NAME=drill", "JOB_UID=uid-1", "PGHOST=" + d.socket, "PGSSLMODE=disable",
	}
	d.psql(t, "CREATE ROLE exchange LOGIN", "postgres", "postgres")
	d.psql(t, "CREATE DATABASE exchange OWNER exchange", "postgres", "postgres")
	return d
}

// startPostgres is the folder of a real server's socket. Nobody asks for passwords there.
func startPostgres(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("install postgresql")
		}
		t.Skip("install postgresql: the drill's queries are tried against the real one")
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "drill") // a socket's path must be short
	assert.NilError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := func(program string, arguments ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, program), arguments...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
		if os.Getuid() == 0 { // which it refuses to run as
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		return cmd
	}
	if os.Getuid() == 0 {
		assert.NilError(t, os.Chown(dir, 65534, 65534))
	}
	output, err := as("initdb", "--pgdata", dir+"/data", "--auth", "trust", "--username", "postgres", "--no-sync", "--data-checksums").CombinedOutput()
	assert.NilError(t, err, string(output))
	server := as("postgres", "-D", dir+"/data", "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	assert.NilError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT)
		_ = server.Wait()
	})
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if output, err := as("pg_isready", "--host", dir).CombinedOutput(); err != nil {
			return poll.Continue("%s", output)
		}
		return poll.Success()
	}, poll.WithTimeout(time.Minute))
	return dir
}

func (d *drillTrial) psql(t *testing.T, query, user, database string) {
	t.Helper()
	cmd := exec.Command("psql", "--no-psqlrc", "--quiet", "--host", d.socket, "--username", user, "--dbname", database, "--set", "ON_ERROR_STOP=1", "--command", query)
	output, err := cmd.CombinedOutput()
	assert.NilError(t, err, string(output))
}

// beat runs the heartbeat's own script, after minutes have gone by.
func (d *drillTrial) beat(t *testing.T, ago string) {
	t.Helper()
	cmd := exec.Command("sh", "-eu", "heartbeat.sh")
	cmd.Env = append(d.env, "PGUSER=exchange", "PGDATABASE=exchange", "PGSSLROOTCERT="+filepath.Join(t.TempDir(), "ca.crt"), "AUTHORITY=none")
	output, err := cmd.CombinedOutput()
	assert.NilError(t, err, string(output))
	// it is as if it had been then: the sum follows
	d.psql(t, `UPDATE platform.heartbeat AS beat SET at = at - interval '`+ago+`', digest = md5(coalesce((SELECT digest FROM platform.heartbeat WHERE id = beat.id - 1), '')
		|| id || extract(epoch FROM at - interval '`+ago+`')) WHERE id = (SELECT max(id) FROM platform.heartbeat)`, "exchange", "exchange")
}

func (d *drillTrial) fill(t *testing.T) {
	t.Helper()
	d.psql(t, "CREATE TABLE orders AS SELECT generate_series(1, 2000) AS id", "exchange", "exchange")
	d.psql(t, "ANALYZE orders", "exchange", "exchange")
	for _, ago := range []string{"20 minutes", "12 minutes", "6 minutes"} {
		d.beat(t, ago)
	}
}

func (d *drillTrial) run(t *testing.T) (output string, metrics map[string]string, ok bool) {
	t.Helper()
	cmd := exec.Command("python3", "-EsB", "drill.py", "run")
	cmd.Env = d.env
	text, err := cmd.CombinedOutput()
	return string(text), d.metrics(t), err == nil
}

// metrics are what Prometheus would be told.
func (d *drillTrial) metrics(t *testing.T) map[string]string {
	t.Helper()
	d.operator.mu.Lock()
	defer d.operator.mu.Unlock()
	results := d.operator.objects["/api/v1/namespaces/restore-drill/configmaps/restore-drill-results"]
	assert.Assert(t, results != nil)
	found := map[string]string{}
	for line := range strings.Lines(results["data"].(map[string]any)["metrics"].(string)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		found[name] = value
	}
	for path := range d.operator.objects {
		assert.Assert(t, !strings.Contains(path, "/clusters/") && path != checkPath, "%s is left", path)
	}
	return found
}

func TestADrillMeasuresWhatARestoreTakes(t *testing.T) {
	d := newDrillTrial(t)
	d.fill(t)
	// what a drill that was killed has left
	d.operator.objects[checkPath] = map[string]any{}
	d.operator.objects["/apis/postgresql.cnpg.io/v1/namespaces/restore-drill/clusters/restore-drill-beyond"] = map[string]any{}
	output, metrics, ok := d.run(t)
	assert.Assert(t, ok, output)
	assert.Equal(t, metrics["restore_drill_success"], "1")
	assert.Equal(t, metrics["restore_drill_rows"], "2003")
	assert.Assert(t, metrics["restore_drill_last_success_timestamp_seconds"] == metrics["restore_drill_last_run_timestamp_seconds"])
	var lost float64
	_, err := fmt.Sscan(metrics["restore_drill_rpo_seconds"], &lost)
	assert.NilError(t, err)
	assert.Assert(t, lost >= 360 && lost < 420, "the last heartbeat was 6 minutes ago: %v", lost)
	assert.Equal(t, metrics["restore_drill_migrations_checked"], "1")
	for _, phase := range []string{"restore", "read", "migrations", "refuse"} {
		assert.Assert(t, metrics[`restore_drill_phase_seconds{phase="`+phase+`"}`] != "", phase)
	}
	output, _, ok = d.run(t)
	assert.Assert(t, ok, output)
	assert.Equal(t, d.operator.restored, 2)
}

func TestTheHeartbeatIsWrittenEveryFiveMinutes(t *testing.T) {
	d := newDrillTrial(t)
	d.beat(t, "4 minutes")
	d.beat(t, "0 minutes") // it is too early, and the one that is there becomes no older
	d.psql(t, "DO $$ BEGIN IF (SELECT count(*) FROM platform.heartbeat) <> 1 THEN RAISE 'not one'; END IF; END $$", "exchange", "exchange")
}

func TestADrillFailsForTheRightReason(t *testing.T) {
	d := newDrillTrial(t)
	d.fill(t)
	_, _, ok := d.run(t)
	assert.Assert(t, ok)
	before := d.metrics(t)["restore_drill_last_success_timestamp_seconds"]
	for _, test := range []struct {
		name, says   string
		breaks, mend func()
	}{
		{
			"the backup is damaged", "the recovery failed: FATAL: could not locate required checkpoint record",
			func() { d.operator.broken = "FATAL: could not locate required checkpoint record" }, func() { d.operator.broken = "" },
		}, {
			"a time beyond the archive is not refused", "for another reason: FATAL: out of memory",
			func() { d.operator.beyond = "FATAL: out of memory" }, func() { d.operator.beyond = unreached },
		}, {
			"a table is empty", "empty or missing in the copy, with more than a thousand rows in production: public.orders",
			func() { d.psql(t, "DELETE FROM orders", "exchange", "exchange") },
			func() { d.psql(t, "INSERT INTO orders SELECT generate_series(1, 2000)", "exchange", "exchange") },
		}, {
			"a row is another", "heartbeat 2 does not follow from the one before it",
			func() {
				d.psql(t, "UPDATE platform.heartbeat SET at = at + interval '1 second' WHERE id = 2", "exchange", "exchange")
			},
			func() {
				d.psql(t, "UPDATE platform.heartbeat SET at = at - interval '1 second' WHERE id = 2", "exchange", "exchange")
			},
		}, {
			"a row is missing", "heartbeat 3 does not follow from the one before it",
			func() { d.psql(t, "DELETE FROM platform.heartbeat WHERE id = 2", "exchange", "exchange") },
			func() {},
		}, {
			"the archive ends early", "the newest that can be restored is 20 minutes old",
			func() {
				d.psql(t, "DELETE FROM platform.heartbeat", "exchange", "exchange")
				d.beat(t, "20 minutes")
			},
			func() {},
		}, {
			"there are none", "the copy has no heartbeat of production's",
			func() { d.psql(t, "DELETE FROM platform.heartbeat", "exchange", "exchange") }, func() {},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.breaks()
			output, metrics, ok := d.run(t)
			test.mend()
			assert.Assert(t, !ok, output)
			assert.Assert(t, strings.Contains(output, test.says), output)
			assert.Equal(t, metrics["restore_drill_success"], "0")
			assert.Equal(t, metrics["restore_drill_last_success_timestamp_seconds"], before, "the last that succeeded is known")
		})
	}
}

// A drill whose time is over takes away what it made, and nothing that another one has made meanwhile.
func TestADrillThatIsStoppedCleansUp(t *testing.T) {
	d := newDrillTrial(t)
	d.operator.slow = true
	const copies = "/apis/postgresql.cnpg.io/v1/namespaces/restore-drill/clusters/restore-drill"
	stop := func(meanwhile func()) string {
		cmd := exec.Command("python3", "-EsB", "drill.py", "run")
		cmd.Env = d.env
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = &said, &said
		assert.NilError(t, cmd.Start())
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			d.operator.mu.Lock()
			defer d.operator.mu.Unlock()
			if d.operator.objects[copies] == nil {
				return poll.Continue("no copy yet")
			}
			meanwhile()
			return poll.Success()
		}, poll.WithTimeout(time.Minute))
		assert.NilError(t, cmd.Process.Signal(syscall.SIGTERM))
		assert.ErrorContains(t, cmd.Wait(), "exit status 1")
		return said.String()
	}
	said := stop(func() {})
	assert.Assert(t, strings.Contains(said, "FAILED: it was told to stop"), said)
	assert.Equal(t, d.metrics(t)["restore_drill_success"], "0")

	stop(func() {
		d.operator.objects[copies]["metadata"].(map[string]any)["ownerReferences"] = []any{map[string]any{"uid": "uid-2"}}
	})
	d.operator.mu.Lock()
	defer d.operator.mu.Unlock()
	assert.Assert(t, d.operator.objects[copies] != nil, "it is the next drill's")
}
