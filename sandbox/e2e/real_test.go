//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/hosts/real/realtest"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// The demo stack on machines that are real: it comes up, stays what it is over a reboot and the death of the world, and leaves nothing.
func TestRealMachines(t *testing.T) {
	realtest.Need(t, t.TempDir())
	s := newSandbox(t, "e2e-real", "demo")
	s.must(t, "up", "demo", "--machines", "real")
	assert.Assert(t, strings.Contains(s.must(t, "status"), "systemd-nspawn"))
	s.must(t, "up", "demo", "--expect-no-changes")

	s.must(t, "host", "reboot", "arvan-k8s-m1")
	nodes, err := s.tool(t, nil, "kubectl", "get", "nodes", "--no-headers")
	assert.NilError(t, err, nodes)
	assert.Equal(t, len(lines(nodes, " Ready ")), 2, nodes)

	status, err := world.Ask(t.Context(), s.Workspace)
	assert.NilError(t, err)
	assert.NilError(t, syscall.Kill(status.PID, syscall.SIGKILL))
	s.must(t, "down")
	s.assertNothingLeft(t)
	s.must(t, "up", "demo", "--expect-no-changes") // the machines are there again

	s.must(t, "destroy", "demo")
	s.must(t, "down")
	s.assertNothingLeft(t)
	machines, err := os.ReadDir(s.Path("hosts"))
	assert.NilError(t, err)
	assert.Equal(t, len(machines), 0)
}

// assertNothingLeft looks for what real machines may leave on this one.
func (s *sandbox) assertNothingLeft(t *testing.T) {
	t.Helper()
	for pattern, what := range map[string]string{
		"/proc/[0-9]*/cmdline": "a process", "/proc/self/mounts": "a mount", "/sys/block/loop*/loop/backing_file": "a loop device",
	} {
		files, err := filepath.Glob(pattern)
		assert.NilError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			assert.Assert(t, err != nil || !strings.Contains(string(text), s.Path("hosts")), "%s is left: %s", what, text)
		}
	}
}
