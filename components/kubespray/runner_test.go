package kubespray

import (
	"bytes"
	"fmt"
	"io/fs"
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

	out, ok := h.run("up", "--wanted", plan)
	assert.Assert(t, ok, out)
	for _, want := range []string{
		fmt.Sprintf("plan %s of demo: create the cluster", plan[:12]),
		"  1. cluster.yml on arvan-k8s-m1, arvan-k8s-w1: make the cluster",
		"succeeded after ",
	} {
		assert.Assert(t, is.Contains(out, want))
	}
	assert.DeepEqual(t, h.played(), []string{"cluster.yml"})

	out, ok = h.run("up", "--wanted", plan)
	assert.Assert(t, ok, out)
	assert.Equal(t, out, "nothing to do: the cluster is as wanted\n")
	assert.DeepEqual(t, h.played(), []string{"cluster.yml"})

	out, ok = h.run("kubeconfig")
	assert.Assert(t, ok, out)
	assert.Equal(t, out, "kind: Config\n")
}

func TestRunnerSettingsForAnsible(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(unchanged))
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

func TestRunnerRefusesWhatItCannotTrust(t *testing.T) {
	t.Run("another plan than the uploaded one", func(t *testing.T) {
		h := newHost(t)
		h.upload(unchanged)
		out, ok := h.run("up", "--wanted", strings.Repeat("0", 64))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "the uploaded plan is not 000000000000"))
	})
	t.Run("an inventory without hosts", func(t *testing.T) {
		h := newHost(t)
		h.set("inventory", "{}")
		out, ok := h.run("up", "--wanted", h.upload(unchanged))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "the inventory's group kube_control_plane is read as [], planned is ['arvan-k8s-m1']"))
		assert.Equal(t, len(h.played()), 0)
	})
	t.Run("an archive with another checksum", func(t *testing.T) {
		h := newHost(t)
		out, ok := h.run("up", "--wanted", h.upload(func(a *Args) { a.Kubespray.SHA256 = strings.Repeat("0", 64) }))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "the archive was changed or the checksum belongs to another one"))
		assert.Equal(t, len(h.played()), 0)
	})
	t.Run("an archive that is not there", func(t *testing.T) {
		h := newHost(t)
		h.archive += "?gone"
		out, ok := h.run("up", "--wanted", h.upload(unchanged))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "cannot download Kubespray from "+h.archive+": HTTP Error 404"))
	})
	t.Run("a plan made for another state", func(t *testing.T) {
		h := newHost(t)
		out, ok := h.run("up", "--wanted", h.upload(unchanged))
		assert.Assert(t, ok, out)
		plan := h.upload(addWorker)
		late := h.command("up", "--wanted", plan)
		late.Stdin = strings.NewReader(fmt.Sprintf(`{"wanted": %q, "against": 1, "why": "", "steps": []}`, plan))
		text, err := late.CombinedOutput()
		assert.Assert(t, err != nil)
		assert.Assert(t, is.Contains(string(text), "the cluster has changed since the plan was made (state 1, now"))
	})
	t.Run("a host name of another cluster", func(t *testing.T) {
		h := newHost(t)
		other := filepath.Join(h.dir, "prod")
		assert.NilError(t, os.Mkdir(other, 0o700))
		assert.NilError(t, os.WriteFile(filepath.Join(other, "state.json"),
			[]byte(`{"revision": 1, "shape": {"cluster": "prod", "nodes": [{"name": "arvan-k8s-w1"}]}}`), 0o600))
		out, ok := h.run("up", "--wanted", h.upload(unchanged))
		assert.Assert(t, !ok)
		assert.Assert(t, is.Contains(out, "node arvan-k8s-w1 is also one of the cluster prod: give it a name of its own"))
		assert.Equal(t, len(h.played()), 0)
	})
	t.Run("an upgrade that a disruption budget does not allow", func(t *testing.T) {
		h := newHost(t)
		out, ok := h.run("up", "--wanted", h.upload(addWorker))
		assert.Assert(t, ok, out)
		h.set("budgets", noDisruption)
		changed := func(args *Args) {
			addWorker(args)
			args.Hardened = !args.Hardened // flags of the API servers: only control planes are drained
		}
		out, ok = h.run("check", "--wanted", h.upload(changed))
		assert.Assert(t, ok, out)
		h.set("budgets", strings.ReplaceAll(noDisruption, "arvan-k8s-w2", "arvan-k8s-m1"))
		for _, order := range []string{"check", "up"} {
			out, ok = h.run(order, "--wanted", h.upload(changed))
			assert.Assert(t, !ok)
			assert.Assert(t, is.Contains(out, "the disruption budget postgres/db allows 0 disruptions, and nodes are drained on which its pods run: "+
				"db-0 on arvan-k8s-m1. Give that workload another replica"))
		}
		assert.DeepEqual(t, h.played(), []string{"cluster.yml"})
	})
	t.Run("a removal that a disruption budget does not allow", func(t *testing.T) {
		h := newHost(t)
		out, ok := h.run("up", "--wanted", h.upload(addWorker))
		assert.Assert(t, ok, out)
		h.set("budgets", noDisruption)
		for _, order := range []string{"check", "up"} {
			out, ok = h.run(order, "--wanted", h.upload(unchanged))
			assert.Assert(t, !ok)
			assert.Assert(t, is.Contains(out, "the disruption budget postgres/db allows 0 disruptions, and its pods run on arvan-k8s-w2: "+
				"give that workload another replica first, or set kubernetes.force"))
		}
		assert.DeepEqual(t, h.played(), []string{"cluster.yml"})
	})
}

func TestRunnerChecksWithoutTouchingAnything(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("check", "--wanted", h.upload(unchanged))
	assert.Assert(t, ok, out)
	assert.Assert(t, is.Contains(out, "allowed: create the cluster"))
	assert.DeepEqual(t, h.played(), []string(nil))
	out, ok = h.run("up", "--wanted", h.upload(unchanged))
	assert.Assert(t, ok, out)
	out, ok = h.run("check", "--wanted", h.upload(addWorker))
	assert.Assert(t, ok, out)
	assert.Assert(t, is.Contains(out, "allowed: add arvan-k8s-w2"))
	assert.DeepEqual(t, h.played(), []string{"cluster.yml"})
}

// noDisruption is a budget that lets nothing on arvan-k8s-w2 be disturbed.
const noDisruption = `{"items": [
	{"kind": "PodDisruptionBudget", "metadata": {"name": "db", "namespace": "postgres"},
	 "spec": {"selector": {"matchLabels": {"app": "db"}}}, "status": {"disruptionsAllowed": 0}},
	{"kind": "Pod", "metadata": {"name": "db-0", "namespace": "postgres", "labels": {"app": "db"}},
	 "spec": {"nodeName": "arvan-k8s-w2"}, "status": {"phase": "Running"}}]}`

// Its old machine was deleted before the new one was made: a refusal would only keep the new one out.
func TestRunnerReplacesAWorkerWhateverTheBudgetsSay(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(addWorker))
	assert.Assert(t, ok, out)
	h.set("budgets", noDisruption)
	h.set("gone", "")
	// the node's machine was another one until now
	path := filepath.Join(h.dir, "cluster", "state.json")
	state, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(path, bytes.ReplaceAll(state, []byte(`"10.10.0.13"`), []byte(`"10.10.0.99"`)), 0o600))
	out, ok = h.run("up", "--wanted", h.upload(func(args *Args) {
		addWorker(args)
		args.Nodes[1].Labels = map[string]string{"changed": "too"}
	}))
	assert.Assert(t, ok, out)
	assert.Assert(t, is.Contains(out, "the machine of arvan-k8s-w2 is gone"))
}

func TestRunnerTakesNodesOut(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(addWorker))
	assert.Assert(t, ok, out)
	facts := filepath.Join(h.dir, "cluster", "facts", "arvan-k8s-w2")
	assert.NilError(t, os.WriteFile(facts, []byte("{}"), 0o600))

	out, ok = h.run("up", "--wanted", h.upload(unchanged))
	assert.Assert(t, ok, out)
	played := h.played()
	assert.Equal(t, len(played), 3)
	assert.Assert(t, is.Contains(played[2], `release-claims.yml --extra-vars {"node": "arvan-k8s-w2"}`))
	assert.Assert(t, is.Contains(played[1], "remove-node.yml --extra-vars"))
	assert.Assert(t, is.Contains(played[1], `"node": "arvan-k8s-w2"`))
	assert.Assert(t, !strings.Contains(played[1], "reset_nodes"), "the machine is there: it is drained and reset")
	before, err := os.ReadFile(filepath.Join(h.dir, "cluster", "inventory", "before.yaml"))
	assert.NilError(t, err)
	assert.Assert(t, is.Contains(string(before), "arvan-k8s-w2"))
	_, err = os.Stat(facts)
	assert.Assert(t, os.IsNotExist(err), "facts of a removed host are dropped")
}

func TestRunnerTakesOutANodeWhoseMachineIsGone(t *testing.T) {
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(addWorker))
	assert.Assert(t, ok, out)
	h.set("gone", "")
	out, ok = h.run("up", "--wanted", h.upload(unchanged))
	assert.Assert(t, ok, out)
	assert.Assert(t, is.Contains(out, "the machine of arvan-k8s-w2 is gone: its node is deleted without a reset"))
	assert.Assert(t, is.Contains(h.played()[1], `"reset_nodes": false, "allow_ungraceful_removal": true`))
}

func TestRunnerInstallsBackups(t *testing.T) {
	h := newHost(t)
	certificate := testCertificate(t)
	h.uploadAlso = map[string]string{"backup.json": `{"etcd_backup": {"secretKey": "the-storage-key"}}`}
	out, ok := h.run("up", "--wanted", h.upload(func(a *Args) {
		a.EtcdBackup = backup(t)
		a.EtcdBackup.Certificate = certificate
	}))
	assert.Assert(t, ok, out)
	played := h.played()
	assert.Equal(t, len(played), 2)
	assert.Assert(t, is.Contains(played[1], "/bundle/runner/etcd_members/etcd-backup.yml --extra-vars @"))
	assert.Assert(t, !strings.Contains(played[1], "the-storage-key"))
	kept, err := filepath.Glob(filepath.Join(h.dir, "cluster", "runs", "*", "bundle", "backup.json"))
	assert.NilError(t, err)
	assert.Equal(t, len(kept), 0, "a kept run keeps no keys")
}

func TestRunnerGivesKubesprayTheLoginsOfMirrors(t *testing.T) {
	h := newHost(t)
	h.uploadAlso = map[string]string{"registry_logins.json": `{"registry_logins": {"mirror.example": "Basic aHVzaA=="}}`}
	withLogin := func(a *Args) {
		a.RegistryMirrors = []RegistryMirror{{Registry: "docker.io", Mirrors: []string{"https://mirror.example"}}}
		a.RegistryLogins = RegistryLogins{{Host: "mirror.example", User: "robot", Password: "hush"}}
	}
	out, ok := h.run("up", "--wanted", h.upload(withLogin))
	assert.Assert(t, ok, out)
	played := h.played()
	assert.Equal(t, len(played), 1)
	logins := filepath.Join(h.dir, "cluster", "registry_logins.json")
	assert.Assert(t, strings.HasSuffix(played[0], " --extra-vars @"+logins), played[0])
	info, err := os.Stat(logins)
	assert.NilError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o600))
	kept, err := filepath.Glob(filepath.Join(h.dir, "cluster", "runs", "*", "bundle", "registry_logins.json"))
	assert.NilError(t, err)
	assert.Equal(t, len(kept), 0, "a kept run keeps no keys")

	h.uploadAlso = nil
	out, ok = h.run("up", "--wanted", h.upload(func(*Args) {}))
	assert.Assert(t, ok, out)
	_, err = os.Stat(logins)
	assert.Assert(t, os.IsNotExist(err), "logins that nobody wants any more go")
}

// TestRunnerUnits runs the Python tests of the parts that need no host.
func TestRunnerUnits(t *testing.T) {
	readAll(t, "runner/tests")
	readAll(t, "testdata/protocol")
	readAll(t, "testdata/budgets")
	command := exec.Command("python3", "-m", "unittest", "discover")
	command.Dir = "runner"
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := command.CombinedOutput()
	assert.NilError(t, err, string(out))
}

// TestAllThatRunsIsUploaded: a folder that the embedding forgets would be missed on the runner only; tests are not wanted there.
func TestAllThatRunsIsUploaded(t *testing.T) {
	var runs, uploaded []string
	assert.NilError(t, filepath.WalkDir("runner", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == "tests" || entry.Name() == "__pycache__") {
			return filepath.SkipDir
		}
		if extension := filepath.Ext(path); extension == ".py" || extension == ".yml" {
			runs = append(runs, path)
		}
		return err
	}))
	for _, f := range demoRendered(t).files {
		if strings.HasPrefix(f.path, "runner/") {
			uploaded = append(uploaded, f.path)
		}
	}
	assert.DeepEqual(t, uploaded, runs)
}

func TestRunnerInstallsAnsibleInAPythonEnvironment(t *testing.T) {
	if exec.Command("python3", "-c", "import ensurepip").Run() != nil {
		t.Skip("this machine's Python has no ensurepip")
	}
	h := newHost(t)
	out, ok := h.run("up", "--wanted", h.upload(func(a *Args) { a.Kubespray.Ansible = Venv }))
	assert.Assert(t, ok, out)
	pips, err := filepath.Glob(filepath.Join(h.dir, "cluster", "toolchains", "*", "venv", "bin", "pip*"))
	assert.NilError(t, err)
	assert.Assert(t, len(pips) > 0)

	out, ok = h.run("up", "--wanted", h.upload(func(a *Args) { a.Kubespray.Ansible, a.MTU = Venv, 1500 }))
	assert.Assert(t, ok, out)
	assert.Equal(t, h.downloads.Load(), int32(1), "what was prepared is taken again")
}
