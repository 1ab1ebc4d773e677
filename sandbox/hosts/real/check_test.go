package real_test

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/hosts/real"
)

func TestWhatIsMissingIsNamedWithItsCure(t *testing.T) {
	if os.Geteuid() != 0 {
		assert.ErrorContains(t, real.Check(t.TempDir()), "run the sandbox as root, or leave out --machines real")
		return
	}
	t.Setenv("PATH", t.TempDir())
	err := real.Check(t.TempDir())
	assert.ErrorContains(t, err, "systemd-nspawn is not on PATH: apt-get install systemd-container")
	assert.ErrorContains(t, err, "mmdebstrap is not on PATH: apt-get install mmdebstrap")
}

func TestLowLimitsAreNamedWithOneCommandForAll(t *testing.T) {
	limits := t.TempDir()
	write := func(name, value string) {
		assert.NilError(t, os.WriteFile(filepath.Join(limits, name), []byte(value+"\n"), 0o644))
	}
	write("max_user_instances", "1024")
	write("max_user_watches", "192536")
	assert.NilError(t, real.CheckInotify(limits))
	write("max_user_instances", "128")
	write("max_user_watches", "8192")
	assert.Error(t, real.CheckInotify(limits), "fs.inotify.max_user_instances is 128 and fs.inotify.max_user_watches is 8192, "+
		"too low for the kubelets of real machines: sysctl -w fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=65536")
}
