package postgres_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// mc stands for the client of the storage, which is a folder here. It takes its keys from its file alone, and writes down its arguments.
const mc = `echo "$*" >>"$STORE/arguments"
grep -q '"secretKey":"the secret"' "$MC_CONFIG_DIR/config.json" || { echo "no keys" >&2; exit 1; }
[ "$1" = --quiet ] && shift
command=$1; shift
at() { case $1 in store/*) echo "$STORE/$1" ;; *) echo "$1" ;; esac; }
case $command in
  cp)
    if [ "$1" = --enc-s3 ]; then shift 2; fi
    mkdir -p "$(dirname "$(at "$2")")"; cp "$(at "$1")" "$(at "$2")"
    [ -z "${DAMAGED:-}" ] || echo more >>"$(at "$2")" ;;
  cat) cat "$(at "$1")" ;;
  find) (cd "$STORE" && find "$1" -name "$3" 2>/dev/null || :) ;;
  rm)
    if [ "$1" != --recursive ]; then rm "$(at "$1")"; exit; fi
    [ "$3 $4" = "--older-than 30d" ] || exit 1
    find "$(at "$5")" -name '*.dump' -mtime +30 -delete ;;
  *) exit 1 ;;
esac`

// dumpTrial runs the steps of the jobs on this machine, with the real server.
type dumpTrial struct {
	*drillTrial
	store, bin, dump string
	damaged          bool
	which            string
}

func newDumpTrial(t *testing.T) *dumpTrial {
	t.Helper()
	d := &dumpTrial{drillTrial: &drillTrial{socket: startPostgres(t)}, store: t.TempDir(), bin: t.TempDir()}
	d.dump = filepath.Join(t.TempDir(), "database.dump")
	assert.NilError(t, os.WriteFile(filepath.Join(d.bin, "mc"), []byte("#!/bin/sh\nset -e\n"+mc), 0o700))
	assert.NilError(t, os.MkdirAll(d.folder(), 0o700))
	d.psql(t, "CREATE ROLE exchange LOGIN", "postgres", "postgres")
	d.psql(t, "CREATE DATABASE exchange OWNER exchange", "postgres", "postgres")
	d.psql(t, "CREATE TABLE orders AS SELECT generate_series(1, 2000) AS id", "exchange", "exchange")
	return d
}

func (d *dumpTrial) folder() string {
	return filepath.Join(d.store, "store/backups/postgres/test/dumps")
}

func (d *dumpTrial) dumps(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(d.folder() + "/*.dump")
	assert.NilError(t, err)
	return found
}

// run runs both steps of a job, as their pod has them: what differs is where things are on this machine.
func (d *dumpTrial) run(t *testing.T, job string) (output string, err error) {
	t.Helper()
	config := replicated()
	config.Backup.SecretKey = "the secret"
	r := mocktest.Run(t, programWith(config, noLook))
	keys := filepath.Join(t.TempDir(), "config.json")
	assert.NilError(t, os.WriteFile(keys, []byte(r.SecretData(t, "postgres-backup-keys")["config.json"]), 0o600))
	template := specOf(t, r, job)["jobTemplate"].(map[string]any)["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	home := t.TempDir()
	for _, each := range append(template["initContainers"].([]any), template["containers"].([]any)...) {
		container := each.(map[string]any)
		command := container["command"].([]any)
		cmd := exec.Command(command[0].(string), command[1].(string), command[2].(string))
		cmd.Env = append(cmd.Env, "PATH="+d.bin+":"+os.Getenv("PATH"), "STORE="+d.store)
		for _, each := range container["env"].([]any) {
			variable := each.(map[string]any)
			if value, plain := variable["value"].(string); plain {
				cmd.Env = append(cmd.Env, variable["name"].(string)+"="+value)
			}
		}
		cmd.Env = append(cmd.Env, "PGHOST="+d.socket, "HOME="+home, "DUMP="+d.dump, "WHICH="+d.which, "MC_CONFIG_DIR="+filepath.Join(home, "mc"), "KEYS="+keys)
		if d.damaged {
			cmd.Env = append(cmd.Env, "DAMAGED=yes")
		}
		text, err := cmd.CombinedOutput()
		output += string(text)
		if err != nil {
			return output, err
		}
	}
	return output, nil
}

func (d *dumpTrial) ask(t *testing.T, database, query string) string {
	t.Helper()
	output, err := exec.Command("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--host", d.socket, "--username", "postgres", "--dbname", database, "--command", query).CombinedOutput()
	assert.NilError(t, err, string(output))
	return strings.TrimSpace(string(output))
}

// What is dumped comes back into a database beside the one that runs, with its owner, and can take its place by the commands of the page.
func TestADumpComesBackBesideTheDatabaseThatRuns(t *testing.T) {
	d := newDumpTrial(t)
	output, err := d.run(t, "postgres-dump")
	assert.NilError(t, err, output)
	assert.Equal(t, len(d.dumps(t)), 1)
	d.psql(t, "DROP TABLE orders", "exchange", "exchange") // a mistake
	output, err = d.run(t, "postgres-restore")
	assert.NilError(t, err, output)
	assert.Assert(t, contains(output, "restored into exchange_restored: 1 tables"), output)
	assert.Equal(t, d.ask(t, "exchange_restored", "SELECT count(*) FROM orders"), "2000")
	assert.Equal(t, d.ask(t, "exchange_restored", "SELECT tableowner FROM pg_tables WHERE tablename = 'orders'"), "exchange")
	assert.Equal(t, d.ask(t, "exchange", "SELECT count(*) FROM pg_tables WHERE tablename = 'orders'"), "0", "the one that runs is another")

	output, err = d.run(t, "postgres-restore")
	assert.Assert(t, err != nil)
	assert.Assert(t, contains(output, "exchange_restored is there already"), output)

	page, err := os.ReadFile("../../docs/postgres.md")
	assert.NilError(t, err)
	_, commands, found := strings.Cut(string(page), "```sql\n-- in the place of the other\n")
	assert.Assert(t, found)
	commands, _, _ = strings.Cut(commands, "```")
	for line := range strings.Lines(commands) {
		d.psql(t, line, "postgres", "postgres")
	}
	assert.Equal(t, d.ask(t, "exchange", "SELECT count(*) FROM orders"), "2000")
	arguments, err := os.ReadFile(filepath.Join(d.store, "arguments"))
	assert.NilError(t, err)
	assert.Assert(t, !contains(string(arguments)+output, "the secret"))
	assert.Assert(t, contains(string(arguments), "cp --enc-s3 store/backups "), "the storage is asked to encrypt: %s", arguments)
}

// Old dumps go after a new one is there, and the one that is asked for comes back, not the newest.
func TestOldDumpsGoOnceANewOneIsThere(t *testing.T) {
	d := newDumpTrial(t)
	long := filepath.Join(d.folder(), "20260101T013000Z.dump")
	for name, age := range map[string]int{long: 40, filepath.Join(d.folder(), "20260120T013000Z.dump"): 20} {
		assert.NilError(t, os.WriteFile(name, []byte("not a dump"), 0o600))
		then := time.Now().AddDate(0, 0, -age)
		assert.NilError(t, os.Chtimes(name, then, then))
	}
	d.damaged = true
	output, err := d.run(t, "postgres-dump")
	assert.Assert(t, err != nil)
	assert.Assert(t, contains(output, "is not what was put there"), output)
	assert.Equal(t, len(d.dumps(t)), 2, "a damaged one is no backup, and takes none away: %v", d.dumps(t))

	d.damaged = false
	output, err = d.run(t, "postgres-dump")
	assert.NilError(t, err, output)
	_, gone := os.Stat(long)
	assert.Assert(t, os.IsNotExist(gone))
	assert.Equal(t, len(d.dumps(t)), 2)

	d.which = "20260120T013000Z"
	output, err = d.run(t, "postgres-restore")
	assert.Assert(t, err != nil, "that one cannot be restored: %s", output)
	assert.Equal(t, d.ask(t, "postgres", "SELECT count(*) FROM pg_database WHERE datname = 'exchange_restored'"), "0", "half of one is left")
}

// A dump that ends early is not stored.
func TestWhatCannotBeDumpedIsNotStored(t *testing.T) {
	d := newDumpTrial(t)
	d.psql(t, "ALTER DATABASE exchange RENAME TO another", "postgres", "postgres")
	output, err := d.run(t, "postgres-dump")
	assert.Assert(t, err != nil, output)
	assert.Equal(t, len(d.dumps(t)), 0)
	_, err = d.run(t, "postgres-restore")
	assert.Assert(t, err != nil, "there is none")
}

// The client's file is JSON, whatever the keys hold.
func TestTheStoragesKeysAreWhatTheyAre(t *testing.T) {
	config := replicated()
	config.Backup.SecretKey = `a"b\c/+=@:`
	text := mocktest.Run(t, programWith(config, noLook)).SecretData(t, "postgres-backup-keys")["config.json"]
	var read struct {
		Aliases map[string]struct{ URL, AccessKey, SecretKey string }
	}
	assert.NilError(t, json.Unmarshal([]byte(text), &read))
	assert.Equal(t, read.Aliases["store"].SecretKey, config.Backup.SecretKey)
	assert.Equal(t, read.Aliases["store"].URL, "https://s3.example.ir")
}

// The exporters log in as the exchange's user: without this role they do not see which replica follows, and alerts have no data. And a new
// password of the replicas' user reaches the primary, also while no commit can wait for one of them.
func TestWhatTheReplicasNeedReachesThePrimary(t *testing.T) {
	d := newDumpTrial(t)
	d.psql(t, "CREATE ROLE reconciler SUPERUSER LOGIN", "postgres", "postgres")
	d.psql(t, "CREATE ROLE repl_user REPLICATION NOLOGIN", "postgres", "postgres") // who does not get in
	d.psql(t, `ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (nobody)'`, "postgres", "postgres")
	d.psql(t, "SELECT pg_reload_conf()", "postgres", "postgres")
	reconciler := mocktest.Run(t, programWith(replicated(), noLook)).Get(t, "postgres-reconciler")
	// who waits for a replica waits for ever
	waits := time.AfterFunc(20*time.Second, func() {
		t.Error("it waits for a replica")
		d.ask(t, "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	})
	defer waits.Stop()
	for range 2 {
		output, err := reconciler.Reconcile(t, nil, map[string]string{
			"PGHOST": d.socket, "SUPERUSER_PASSWORD": "s", "RECONCILER_PASSWORD": "r", "APP_PASSWORD": "a", "REPLICATION_PASSWORD": "the new one",
		})
		assert.NilError(t, err, output)
		assert.Assert(t, !contains(output, "the new one"), output)
	}
	assert.Equal(t, d.ask(t, "postgres", "SELECT pg_has_role('exchange', 'pg_monitor', 'member')"), "t")
	assert.Equal(t, d.ask(t, "postgres", "SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'repl_user'"), "t")
}
