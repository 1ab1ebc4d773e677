package kubespray

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"
	"gotest.tools/v3/poll"
)

// host is a machine the runner program runs on for real, with stand-ins for systemd, Ansible and ssh on its PATH.
type host struct {
	t         *testing.T
	dir, stub string
	downloads *atomic.Int32
	archive   string
}

func newHost(t *testing.T) *host {
	t.Helper()
	t.Parallel()
	h := &host{t: t, dir: t.TempDir(), downloads: &atomic.Int32{}}
	h.stub = filepath.Join(h.dir, "stub")
	assert.NilError(t, os.Mkdir(h.stub, 0o700))
	tree := kubesprayTree(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.downloads.Add(1)
		_, _ = w.Write(tree)
	}))
	h.archive = server.URL + "/kubespray.tar.gz"
	t.Cleanup(func() {
		server.Close()
		pids, _ := filepath.Glob(filepath.Join(h.stub, "*.pid"))
		for _, file := range pids {
			_ = syscall.Kill(-h.pid(file), syscall.SIGKILL)
		}
	})
	return h
}

func kubesprayTree(t *testing.T) []byte {
	t.Helper()
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, name := range []string{"kubespray-2.31.0/cluster.yml", "kubespray-2.31.0/ansible.cfg"} {
		assert.NilError(t, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644}))
	}
	assert.NilError(t, archive.Close())
	assert.NilError(t, compressed.Close())
	return packed.Bytes()
}

// upload puts the bundle of these arguments where uploadScript would, and returns its plan.
func (h *host) upload(change func(*Args)) string {
	h.t.Helper()
	args := demoArgs()
	args.Toolchain.Archive, args.Toolchain.Ansible = h.archive, System
	change(args)
	rendered := renderedFor(h.t, args, nil, "203.0.113.11")
	assert.NilError(h.t, os.RemoveAll(filepath.Join(h.dir, "cluster", "bundle")))
	for _, f := range append(rendered.files, file{"ssh_key", []byte(testKey)}) {
		path := filepath.Join(h.dir, "cluster", "bundle", f.path)
		assert.NilError(h.t, os.MkdirAll(filepath.Dir(path), 0o700))
		assert.NilError(h.t, os.WriteFile(path, f.data, 0o600))
	}
	return rendered.hash
}

func (h *host) command(words ...string) *exec.Cmd {
	// Far longer than anything here takes: it only keeps a bug from hanging the tests.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	h.t.Cleanup(cancel)
	stubs, err := filepath.Abs("testdata/stubs")
	assert.NilError(h.t, err)
	command := exec.CommandContext(ctx, "python3", append([]string{filepath.Join(h.dir, "cluster", "bundle", "runner")}, words...)...)
	command.Env = append(os.Environ(), "STUB="+h.stub, "PATH="+stubs+":"+os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1")
	command.Dir = h.dir
	return command
}

func (h *host) run(words ...string) (output string, ok bool) {
	h.t.Helper()
	out, err := h.command(words...).CombinedOutput()
	return string(out), err == nil
}

// set makes the stand-ins behave: hold, fail, inventory. unset takes it back.
func (h *host) set(name, content string) {
	h.t.Helper()
	assert.NilError(h.t, os.WriteFile(filepath.Join(h.stub, name), []byte(content), 0o600))
}

func (h *host) unset(name string) {
	h.t.Helper()
	assert.NilError(h.t, os.Remove(filepath.Join(h.stub, name)))
}

// played are the playbooks that were run, with what was given to each besides the inventory.
func (h *host) played() []string {
	data, _ := os.ReadFile(filepath.Join(h.stub, "played"))
	var played []string
	for line := range strings.Lines(string(data)) {
		_, what, _ := strings.Cut(strings.TrimSpace(line), "--become ")
		played = append(played, what)
	}
	return played
}

func (h *host) waitUntilPlayed(count int) {
	h.t.Helper()
	poll.WaitOn(h.t, func(poll.LogT) poll.Result {
		if len(h.played()) >= count {
			return poll.Success()
		}
		return poll.Continue("played %v", h.played())
	}, poll.WithDelay(20*time.Millisecond), poll.WithTimeout(30*time.Second))
}

func (h *host) pid(file string) int {
	data, _ := os.ReadFile(file)
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	assert.NilError(h.t, err)
	return pid
}

// killUnit ends the run's unit as a crash would.
func (h *host) killUnit() {
	h.t.Helper()
	pids, err := filepath.Glob(filepath.Join(h.stub, "*.pid"))
	assert.NilError(h.t, err)
	assert.Equal(h.t, len(pids), 1)
	assert.NilError(h.t, syscall.Kill(-h.pid(pids[0]), syscall.SIGKILL))
}

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
	command := exec.Command("python3", "-m", "unittest", "discover", "-s", "testdata/unittests", "-t", "testdata/unittests")
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=runner:runner/callbacks")
	out, err := command.CombinedOutput()
	assert.NilError(t, err, string(out))
}
