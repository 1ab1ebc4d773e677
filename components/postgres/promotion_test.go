package postgres_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
)

// members are real servers with the settings that the chart's pods get. Each has its data in a folder; whoever runs as the primary is found
// at one address, as by the Service of that name.
type members struct {
	bin, dir string
	running  map[string]*exec.Cmd
	hosts    map[string]string // where each listens, besides its socket
	settings map[string]string // by role, a file of each
}

func newMembers(t *testing.T) *members {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("install postgresql")
		}
		t.Skip("install postgresql: what a promotion does is tried with the real one")
	}
	dir, err := os.MkdirTemp("", "pg") // a socket's path must be short
	assert.NilError(t, err)
	m := &members{bin: filepath.Dir(found[len(found)-1]), dir: dir, running: map[string]*exec.Cmd{}, hosts: map[string]string{}, settings: map[string]string{}}
	t.Cleanup(func() {
		for name := range m.running {
			m.stop(name, syscall.SIGQUIT)
		}
		_ = os.RemoveAll(dir)
	})
	config := replicated()
	config.MemoryMiB, config.MaxSizeGiB = 512, 1 // of this machine
	values := valuesOf(t, config)
	for role, of := range map[string]string{"primary": "primary", "replica": "readReplicas"} {
		m.settings[role] = values[of].(map[string]any)["extendedConfiguration"].(string)
	}
	if os.Getuid() == 0 {
		assert.NilError(t, os.Chown(dir, 65534, 65534))
	}
	m.must(t, "initdb", "--pgdata", m.at("first"), "--auth", "trust", "--username", "postgres", "--no-sync")
	return m
}

func (m *members) at(name string) string { return filepath.Join(m.dir, name) }

func (m *members) command(program string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(m.bin, program), arguments...)
	cmd.Dir, cmd.Env = m.dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	if os.Getuid() == 0 { // which it refuses to run as
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	return cmd
}

func (m *members) must(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	output, err := m.command(program, arguments...).CombinedOutput()
	assert.NilError(t, err, "%s: %s", program, output)
	return strings.TrimSpace(string(output))
}

// start runs a server with a role's settings, as its pod would; what the image adds to them is what its scripts add.
func (m *members) start(t *testing.T, name, role string) {
	t.Helper()
	arguments := []string{"-D", m.at(name), "-c", "listen_addresses=" + m.hosts[name], "-c", "fsync=off", "-c", "max_wal_senders=16"}
	for line := range strings.Lines(m.settings[role]) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		arguments = append(arguments, "-c", key+"="+strings.Trim(value, "'"))
	}
	socket := m.at(name + ".socket")
	if role == "primary" {
		socket = m.at("service")
		arguments = append(arguments, "-c", `synchronous_standby_names=ANY 1 ("postgresql-read")`)
	} else {
		signal := filepath.Join(m.at(name), "standby.signal")
		assert.NilError(t, os.WriteFile(signal, nil, 0o666))
		assert.NilError(t, os.Chmod(signal, 0o666))
		arguments = append(arguments, "-c", "primary_conninfo=host="+m.at("service")+" user=postgres application_name=postgresql-read")
	}
	if err := os.Mkdir(socket, 0o777); err == nil {
		assert.NilError(t, os.Chmod(socket, 0o777))
	}
	server := m.command("postgres", append(arguments, "-k", socket)...)
	assert.NilError(t, server.Start())
	m.running[name] = server
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if output, err := m.command("pg_isready", "--host", socket).CombinedOutput(); err != nil {
			return poll.Continue("%s: %s", name, output)
		}
		return poll.Success()
	}, poll.WithTimeout(time.Minute), poll.WithDelay(50*time.Millisecond))
}

func (m *members) stop(name string, signal syscall.Signal) {
	_ = m.running[name].Process.Signal(signal)
	_ = m.running[name].Wait()
	delete(m.running, name)
}

func (m *members) ask(t *testing.T, at, query string) string {
	t.Helper()
	return m.must(t, "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--host", m.at(at), "--username", "postgres", "--command", query)
}

// replica copies the primary, and follows it.
func (m *members) replica(t *testing.T, name string) {
	t.Helper()
	m.must(t, "pg_basebackup", "-D", m.at(name), "-U", "postgres", "-h", m.at("service"), "-X", "stream", "-w")
	m.start(t, name, "replica")
}

// What the page says of a promotion: what was acknowledged is there, the promoted server's data makes a primary under the old one's name, and the other
// replica follows it without being made anew.
func TestAReplicaThatWasPromotedMakesThePrimary(t *testing.T) {
	m := newMembers(t)
	m.start(t, "first", "primary")
	m.replica(t, "a")
	m.replica(t, "b")
	m.ask(t, "service", "CREATE TABLE orders (id int)")
	m.ask(t, "service", "INSERT INTO orders SELECT generate_series(1, 1000)")
	m.stop("first", syscall.SIGKILL) // with its worker

	promoted, other := "a", "b"
	received := func(name string) string { return m.ask(t, name+".socket", "SELECT pg_last_wal_receive_lsn()") }
	if m.ask(t, "a.socket", "SELECT '"+received("b")+"'::pg_lsn > '"+received("a")+"'::pg_lsn") == "t" {
		promoted, other = other, promoted
	}
	assert.Equal(t, m.ask(t, promoted+".socket", "SELECT pg_promote()"), "t")
	m.ask(t, promoted+".socket", "CHECKPOINT")
	assert.Equal(t, m.ask(t, promoted+".socket", "SELECT count(*) FROM orders"), "1000")
	m.stop(promoted, syscall.SIGINT)

	m.start(t, promoted, "primary")
	m.ask(t, "service", "INSERT INTO orders VALUES (1001)") // it waits for a replica
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if found := m.ask(t, other+".socket", "SELECT count(*) FROM orders"); found != "1001" {
			return poll.Continue("%s has %s", other, found)
		}
		return poll.Success()
	}, poll.WithTimeout(time.Minute), poll.WithDelay(50*time.Millisecond))
	assert.Equal(t, m.ask(t, "service", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'quorum'"), "1")
}
