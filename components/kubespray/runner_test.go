package kubespray

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"
)

func unchanged(*Args) {}

func addWorker(args *Args) {
	args.Nodes = append(args.Nodes, node("arvan-k8s-w2", 13, func(n *Node) { n.Worker = true }))
}

func TestRunnerCreatesOnceAndThenHasNothingToDo(t *testing.T) {
	h := newHost(t)
	plan := h.upload(unchanged)

	out, ok := h.run("up", "--plan", plan)
	assert.Assert(t, ok, out)
	for _, want := range []string{
		fmt.Sprintf("plan %s of demo: create the cluster", plan[:12]),
		"  cluster.yml on arvan-k8s-m1, arvan-k8s-w1: make the cluster",
		"succeeded after 0:0",
	} {
		assert.Assert(t, is.Contains(out, want))
	}
	assert.DeepEqual(t, h.played(), []string{"cluster.yml"})

	out, ok = h.run("up", "--plan", plan)
	assert.Assert(t, ok, out)
	assert.Equal(t, out, "nothing to do: the cluster is as wanted\n")
	assert.DeepEqual(t, h.played(), []string{"cluster.yml"})

	out, ok = h.run("kubeconfig", "--plan", plan)
	assert.Assert(t, ok, out)
	assert.Equal(t, out, "kind: Config\n")
}

func TestRunnerSettingsForAnsible(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--plan", h.upload(unchanged))
	assert.Assert(t, ok, out)

	environment, err := os.ReadFile(filepath.Join(h.stub, "environment"))
	assert.NilError(t, err)
	text := strings.ReplaceAll(string(environment), filepath.Join(h.dir, "cluster"), "/cluster")
	runs, err := os.ReadDir(filepath.Join(h.dir, "cluster", "runs"))
	assert.NilError(t, err)
	text = strings.ReplaceAll(text, runs[0].Name(), "RUN")
	trees, err := os.ReadDir(filepath.Join(h.dir, "cluster", "toolchains"))
	assert.NilError(t, err)
	golden.Assert(t, strings.ReplaceAll(text, trees[0].Name(), "TOOLCHAIN"), "ansible-environment")

	key, err := os.Stat(filepath.Join(h.dir, "cluster", "ssh_key"))
	assert.NilError(t, err)
	assert.Equal(t, key.Mode().Perm(), os.FileMode(0o600))
	_, err = os.Stat(filepath.Join(h.dir, "cluster", "runs", runs[0].Name(), "bundle", "ssh_key"))
	assert.Assert(t, os.IsNotExist(err), "a kept run keeps no key")
}

func TestRunnerTellsWhatFailedAndTheNextUpResumes(t *testing.T) {
	h := newHost(t)
	plan := h.upload(unchanged)
	h.set("fail", "")

	out, ok := h.run("up", "--plan", plan)
	assert.Assert(t, !ok)
	for _, want := range []string{
		"failed after", "play:    Join nodes", "task:    Join", "host:    arvan-k8s-w1", "message: no route to 10.10.0.11", "log, on the runner: sudo less ",
	} {
		assert.Assert(t, is.Contains(out, want))
	}
	_, ok = h.run("kubeconfig", "--plan", plan)
	assert.Assert(t, !ok, "there is no finished cluster")

	h.unset("fail")
	out, ok = h.run("up", "--plan", plan)
	assert.Assert(t, ok, out)
	assert.Assert(t, is.Contains(out, "0 of 1 phases are done"))
	assert.Equal(t, h.downloads.Load(), int32(1), "the toolchain is kept")
}

func TestRunnerIsJoinedAfterTheConnectionDropped(t *testing.T) {
	h := newHost(t)
	plan := h.upload(unchanged)
	h.set("hold", "")

	dropped := h.command("up", "--plan", plan)
	assert.NilError(t, dropped.Start())
	h.waitUntilPlayed(1)
	assert.NilError(t, dropped.Process.Kill())
	_ = dropped.Wait()

	h.upload(unchanged) // an interrupted pulumi up uploads again
	var joined bytes.Buffer
	second := h.command("up", "--plan", plan)
	second.Stdout, second.Stderr = &joined, &joined
	assert.NilError(t, second.Start())
	other, _ := h.run("up", "--plan", h.upload(addWorker))
	assert.Assert(t, is.Contains(other, "refused, nothing was touched:"))
	assert.Assert(t, is.Contains(other, fmt.Sprintf("a run of another plan (%s, create the cluster) is under way", plan[:12])))

	h.unset("hold")
	assert.NilError(t, second.Wait(), joined.String())
	assert.Assert(t, is.Contains(joined.String(), "joined the run"))
	assert.DeepEqual(t, h.played(), []string{"cluster.yml"})
}

func TestRunnerResumesBehindTheLastFinishedPhase(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--plan", h.upload(unchanged))
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
	waiting := h.command("up", "--plan", plan)
	waiting.Stdout, waiting.Stderr = &waited, &waited
	assert.NilError(t, waiting.Start())
	h.waitUntilPlayed(2)
	h.killUnit()
	assert.ErrorContains(t, waiting.Wait(), "exit status 1")
	assert.Assert(t, is.Contains(waited.String(), "the run was interrupted"))
	assert.Assert(t, is.Contains(waited.String(), "run up again"))

	h.unset("hold")
	out, ok = h.run("up", "--plan", plan)
	assert.Assert(t, ok, out)
	assert.Assert(t, is.Contains(out, "1 of 2 phases are done"))
	assert.DeepEqual(t, h.played(), []string{
		"playbooks/facts.yml", "scale.yml --limit arvan-k8s-w2", "scale.yml --limit arvan-k8s-w2",
	})
}

func TestRunnerRefusesWhatItCannotTrust(t *testing.T) {
	t.Run("another plan than the uploaded one", func(t *testing.T) {
		h := newHost(t)
		h.upload(unchanged)
		out, ok := h.run("up", "--plan", strings.Repeat("0", 64))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "the uploaded plan is not 000000000000"))
	})
	t.Run("an inventory without hosts", func(t *testing.T) {
		h := newHost(t)
		h.set("inventory", "{}")
		out, ok := h.run("up", "--plan", h.upload(unchanged))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "the inventory's group kube_control_plane is read as [], planned is ['arvan-k8s-m1']"))
		assert.Equal(t, len(h.played()), 0)
	})
	t.Run("an archive with another checksum", func(t *testing.T) {
		h := newHost(t)
		out, ok := h.run("up", "--plan", h.upload(func(a *Args) { a.Toolchain.SHA256 = strings.Repeat("0", 64) }))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "the archive was changed or the checksum belongs to another one"))
		assert.Equal(t, len(h.played()), 0)
	})
	t.Run("an archive that is not there", func(t *testing.T) {
		h := newHost(t)
		h.archive += "?gone"
		out, ok := h.run("up", "--plan", h.upload(unchanged))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "cannot download Kubespray from "+h.archive+": HTTP Error 404"))
	})
	t.Run("a node that left the inventory", func(t *testing.T) {
		h := newHost(t)
		out, ok := h.run("up", "--plan", h.upload(addWorker))
		assert.Assert(t, ok, out)
		out, ok = h.run("up", "--plan", h.upload(unchanged))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "node arvan-k8s-w2 left the inventory"))
		assert.DeepEqual(t, h.played(), []string{"cluster.yml"})
	})
}

// TestRunnerUnits runs the Python tests of the parts that need no host.
func TestRunnerUnits(t *testing.T) {
	readAll(t, "testdata/unittests")
	command := exec.Command("python3", "-m", "unittest", "discover", "-s", "testdata/unittests", "-t", "testdata/unittests")
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=runner:runner/callbacks")
	out, err := command.CombinedOutput()
	assert.NilError(t, err, string(out))
}

func TestRunnerInstallsAnsibleInAPythonEnvironment(t *testing.T) {
	if exec.Command("python3", "-c", "import ensurepip").Run() != nil {
		t.Skip("this machine's Python has no ensurepip")
	}
	h := newHost(t)
	out, ok := h.run("up", "--plan", h.upload(func(a *Args) { a.Toolchain.Ansible = Venv }))
	assert.Assert(t, ok, out)
	pips, err := filepath.Glob(filepath.Join(h.dir, "cluster", "toolchains", "*", "venv", "bin", "pip*"))
	assert.NilError(t, err)
	assert.Assert(t, len(pips) > 0)

	out, ok = h.run("up", "--plan", h.upload(func(a *Args) { a.Toolchain.Ansible, a.MTU = Venv, 1500 }))
	assert.Assert(t, ok, out)
	assert.Equal(t, h.downloads.Load(), int32(1), "what was prepared is taken again")
}
