package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/components/postgres"
)

// The real HAProxy before a real primary and two real replicas, each found by its Service's name: writers are with the primary, readers with the replicas in
// turn, with the one that is left, and with the primary once there is none.
func TestWritersAndReadersFindRealServersOfTheirRole(t *testing.T) {
	program := haproxy(t)
	m := newMembers(t)
	network := fmt.Sprintf("127.%d.%d", 64+rand.IntN(128), rand.IntN(256))
	host := func(last int) string { return fmt.Sprintf("%s.%d", network, last) }
	m.hosts = map[string]string{"first": host(11), "a": host(12), "b": host(13)}
	rules, err := os.OpenFile(filepath.Join(m.at("first"), "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	assert.NilError(t, err)
	_, err = rules.WriteString("host all all 127.0.0.0/8 trust\n")
	assert.NilError(t, err)
	assert.NilError(t, rules.Close())
	m.start(t, "first", "primary")
	m.replica(t, "a")
	m.replica(t, "b")
	m.ask(t, "service", "CREATE ROLE exchange LOGIN")

	config := replicated()
	text, err := postgres.ProxyConfig(&config)
	assert.NilError(t, err)
	for _, swap := range []struct{ old, with string }{
		{"bind :", "bind " + host(1) + ":"}, {" resolvers cluster init-addr none", ""},
		{"server-template server 1 postgresql-primary.postgres.svc.cluster.local:5432", "server server1 " + host(11) + ":5432"},
		{"server-template server 2 postgresql-read-hl.postgres.svc.cluster.local:5432", "server server1 " + host(12) + ":5432\n  server server2 " + host(13) + ":5432"},
	} {
		assert.Assert(t, contains(text, swap.old), "%q in:\n%s", swap.old, text)
		text = strings.ReplaceAll(text, swap.old, swap.with)
	}
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	assert.NilError(t, os.WriteFile(path, []byte(text), 0o600))
	run := exec.Command(program, "-db", "-f", path)
	assert.NilError(t, run.Start())
	t.Cleanup(func() { _ = run.Process.Kill(); _ = run.Wait() })

	who := func(port string) string {
		output, err := m.command("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--host", host(1), "--port", port, "--username", "exchange", "--dbname", "postgres",
			"--command", "SELECT host(inet_server_addr()) || CASE WHEN pg_is_in_recovery() THEN ' replica' ELSE ' primary' END").CombinedOutput()
		if err != nil {
			return "nobody: " + string(output)
		}
		return strings.TrimSpace(string(output))
	}
	// once HAProxy has heard of a change, every session is with one of those that are wanted, and each of those has some
	settles := func(port string, wanted ...string) {
		t.Helper()
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			seen := map[string]bool{}
			for range 3 * len(wanted) {
				seen[who(port)] = true
			}
			for _, each := range wanted {
				if !seen[each] {
					return poll.Continue("port %s: %v", port, seen)
				}
			}
			if len(seen) > len(wanted) {
				return poll.Continue("port %s: %v", port, seen)
			}
			return poll.Success()
		}, poll.WithTimeout(time.Minute), poll.WithDelay(50*time.Millisecond))
	}
	settles("5432", host(11)+" primary")
	settles("5433", host(12)+" replica", host(13)+" replica")
	m.stop("a", syscall.SIGINT)
	settles("5433", host(13)+" replica")
	m.stop("b", syscall.SIGINT)
	settles("5433", host(11)+" primary")
	settles("5432", host(11)+" primary")
}
