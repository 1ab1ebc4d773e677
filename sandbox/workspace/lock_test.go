package workspace

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func TestALockSaysWhoHoldsItAndWhenCancelIsRight(t *testing.T) {
	root := checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	assert.NilError(t, w.CheckLock("demo"), "nobody works on it")

	// a program of pulumi's name that waits for its input to end
	cat, err := exec.LookPath("cat")
	assert.NilError(t, err)
	text, err := os.ReadFile(cat)
	assert.NilError(t, err)
	program := filepath.Join(root, "pulumi")
	assert.NilError(t, os.WriteFile(program, text, 0o755))
	running := exec.Command(program)
	input, err := running.StdinPipe()
	assert.NilError(t, err)
	output, err := running.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, running.Start())
	_, err = io.WriteString(input, "x")
	assert.NilError(t, err)
	_, err = output.Read(make([]byte, 1)) // it runs under its own name by now
	assert.NilError(t, err)

	here, err := os.Hostname()
	assert.NilError(t, err)
	folder := w.Path("state", ".pulumi", "locks", "organization", "exchange-platform", "demo")
	assert.NilError(t, os.MkdirAll(folder, 0o755))
	lock := func(held holder) {
		encoded, err := json.Marshal(held)
		assert.NilError(t, err)
		assert.NilError(t, os.WriteFile(filepath.Join(folder, "1.json"), encoded, 0o600))
	}
	held := holder{PID: running.Process.Pid, Username: "maryam", Hostname: here, Timestamp: time.Now().Add(-5 * time.Minute)}
	lock(held)
	err = w.CheckLock("demo")
	assert.ErrorContains(t, err, "of maryam on "+here+", since ")
	assert.ErrorContains(t, err, "(5m0s). It runs: wait until it ends")
	assert.ErrorContains(t, err, "Do not cancel")
	assert.NilError(t, w.CheckLock("prod"), "another stack")

	assert.NilError(t, input.Close())
	assert.NilError(t, running.Wait())
	assert.ErrorContains(t, w.CheckLock("demo"), "Nobody works on it: take the lock away with: eval")

	held.PID = os.Getpid()
	lock(held)
	assert.ErrorContains(t, w.CheckLock("demo"), "by a pulumi that is gone", "another program has its number")

	held.Hostname = "elsewhere"
	lock(held)
	assert.ErrorContains(t, w.CheckLock("demo"), "wait for it. Only if it has ended there")

	assert.NilError(t, os.WriteFile(filepath.Join(folder, "1.json"), nil, 0o600))
	assert.ErrorContains(t, w.CheckLock("demo"), "cannot be read")
}
