package real_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts/real"
)

// A test that kills a daemon starts itself as one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("REAL_TEST_DAEMON"); dir != "" {
		daemon(dir)
		return
	}
	os.Exit(m.Run())
}

// daemon boots the machine that standard input describes, says so, and waits to be killed.
func daemon(dir string) {
	err := func() error {
		var spec emulator.Machine
		if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
			return err
		}
		machines, err := real.New(real.Options{Dir: dir, Base: os.Getenv("REAL_TEST_BASE")})
		if err != nil {
			return err
		}
		return machines.Boot(context.Background(), spec)
	}()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("up")
	select {}
}

func TestAKilledDaemonLeavesNothingButGroups(t *testing.T) {
	w := newWorld(t)
	spec, err := json.Marshal(w.spec("m1"))
	assert.NilError(t, err)
	dir := filepath.Join(t.TempDir(), "hosts")
	killed := exec.Command("/proc/self/exe")
	killed.Env = append(os.Environ(), "REAL_TEST_DAEMON="+dir, "REAL_TEST_BASE="+w.options.Base)
	killed.Stdin, killed.Stderr = bytes.NewReader(spec), os.Stderr
	said, err := killed.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, killed.Start())
	line, err := bufio.NewReader(said).ReadString('\n')
	assert.NilError(t, err)
	assert.Equal(t, line, "up\n")
	w.must("m1", "true")
	groups, err := real.Groups(dir)
	assert.NilError(t, err)
	assert.Assert(t, len(real.Processes(groups)) > 3)

	assert.NilError(t, killed.Process.Kill())
	assert.Assert(t, killed.Wait() != nil)
	eventually(t, "what ran in the machine is gone by itself", func() bool { return len(real.Processes(groups)) == 0 })
	assert.NilError(t, real.Sweep(dir))
	assertNothingLeft(t, dir)
}
