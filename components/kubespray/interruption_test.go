package kubespray

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

func TestRunnerTellsWhatFailedAndTheNextUpResumes(t *testing.T) {
	h := newHost(t)
	plan := h.upload(unchanged)
	h.set("fail", "")

	out, ok := h.run("up", "--wanted", plan)
	assert.Assert(t, !ok)
	for _, want := range []string{
		"failed after", "play:    Join nodes", "task:    Join", "host:    arvan-k8s-w1", "message: no route to 10.10.0.11", "log, on the runner: sudo less ",
	} {
		assert.Assert(t, is.Contains(out, want))
	}
	_, ok = h.run("kubeconfig")
	assert.Assert(t, !ok, "there is no finished cluster")

	h.unset("fail")
	out, ok = h.run("up", "--wanted", plan)
	assert.Assert(t, ok, out)
	assert.Assert(t, is.Contains(out, "0 of 1 phases are done"))
	assert.Equal(t, h.downloads.Load(), int32(1), "the toolchain is kept")
}

func TestRunnerIsJoinedAfterTheConnectionDropped(t *testing.T) {
	h := newHost(t)
	plan := h.upload(unchanged)
	h.set("hold", "")

	dropped := h.command("up", "--wanted", plan)
	assert.NilError(t, dropped.Start())
	h.waitUntilPlayed(1)
	assert.NilError(t, dropped.Process.Kill())
	_ = dropped.Wait()

	h.upload(unchanged) // an interrupted pulumi up uploads again
	said, err := os.Create(filepath.Join(h.dir, "joined"))
	assert.NilError(t, err)
	defer said.Close()
	second := h.command("up", "--wanted", plan)
	second.Stdout, second.Stderr = said, said
	assert.NilError(t, second.Start())
	joined := func() string {
		text, err := os.ReadFile(said.Name())
		assert.NilError(t, err)
		return string(text)
	}
	h.waitUntil(func() bool { return strings.Contains(joined(), "joined the run") })
	other, _ := h.run("up", "--wanted", h.upload(addWorker))
	assert.Assert(t, is.Contains(other, "refused, nothing was touched:"))
	assert.Assert(t, is.Contains(other, fmt.Sprintf("a run of another plan (%s, create the cluster) is under way", plan[:12])))

	h.unset("hold")
	assert.NilError(t, second.Wait(), joined())
	assert.Assert(t, is.Contains(joined(), "succeeded after"))
	assert.DeepEqual(t, h.played(), []string{"cluster.yml"})
}

func TestRunnerResumesBehindTheLastFinishedPhase(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(unchanged))
	assert.Assert(t, ok, out)

	plan := h.upload(addWorker)
	assert.NilError(t, os.RemoveAll(filepath.Join(h.stub, "played")))
	assert.NilError(t, os.RemoveAll(filepath.Join(h.stub, "units")))
	stale, _ := filepath.Glob(filepath.Join(h.stub, "*.pid"))
	for _, file := range stale {
		assert.NilError(t, os.Remove(file))
	}
	h.set("hold", "scale.yml")
	var waited bytes.Buffer
	waiting := h.command("up", "--wanted", plan)
	waiting.Stdout, waiting.Stderr = &waited, &waited
	assert.NilError(t, waiting.Start())
	h.waitUntilPlayed(2)
	h.killUnit()
	assert.ErrorContains(t, waiting.Wait(), "exit status 1")
	assert.Assert(t, is.Contains(waited.String(), "the run was interrupted"))
	assert.Assert(t, is.Contains(waited.String(), "its unit was killed"))
	assert.Assert(t, is.Contains(waited.String(), "run pulumi up again: it resumes after the last finished phase (1 of 2 are done)"))

	h.unset("hold")
	out, ok = h.run("up", "--wanted", plan)
	assert.Assert(t, ok, out)
	assert.Assert(t, is.Contains(out, "the last run was interrupted in phase scale.yml: its unit was killed"))
	assert.Assert(t, is.Contains(out, "1 of 2 phases are done"))
	assert.DeepEqual(t, h.played(), []string{
		"playbooks/facts.yml", "scale.yml --limit arvan-k8s-w2", "scale.yml --limit arvan-k8s-w2",
	})
}

func TestRunnerSaysThatAnsibleWasKilledAndWhere(t *testing.T) {
	h := newHost(t)
	plan := h.upload(unchanged)
	h.set("killed", "")
	out, ok := h.run("up", "--wanted", plan)
	assert.Assert(t, !ok)
	for _, want := range []string{
		"play:    Join nodes", "task:    Join", "host:    arvan-k8s-w1", "ansible-playbook cluster.yml was killed by SIGKILL",
		"run pulumi up again: it resumes after the last finished phase (0 of 1 are done)",
	} {
		assert.Assert(t, is.Contains(out, want))
	}
}

func TestRunnerIsCancelled(t *testing.T) {
	h := newHost(t)
	plan := h.upload(unchanged)
	h.set("hold", "")
	var waited bytes.Buffer
	waiting := h.command("up", "--wanted", plan)
	waiting.Stdout, waiting.Stderr = &waited, &waited
	assert.NilError(t, waiting.Start())
	h.waitUntilPlayed(1)

	out, ok := h.run("cancel")
	assert.Assert(t, ok, out)
	assert.Assert(t, is.Contains(out, "what phase cluster.yml was doing is half done"))
	assert.ErrorContains(t, waiting.Wait(), "exit status 1")
	assert.Assert(t, is.Contains(waited.String(), "stopped in phase cluster.yml: by the order cancel, or because this host was shut down"))
	out, _ = h.run("status")
	assert.Assert(t, is.Contains(out, "stopped after"))
	out, ok = h.run("cancel")
	assert.Assert(t, !ok)
	assert.Assert(t, is.Contains(out, "no run is under way"))

	h.unset("hold")
	out, ok = h.run("up", "--wanted", plan)
	assert.Assert(t, ok, out)
}
