//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/world"
)

// The machines of the smallest cluster that can lose a control plane.
const (
	runnerHost = "arvan-prod-b1"
	oldWorker  = "arvan-prod-w1"
	newWorker  = "arvan-prod-w3"
)

// TestFaultsInTheMiddleOfARun makes one change of a cluster and strikes it again and again: each next up ends where the one
// before would have, without running finished phases again, or says what to do. A stand-in program that does not end holds
// Ansible at a known task while something happens.
func TestFaultsInTheMiddleOfARun(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, "e2e-faults", "prod")
	r := &rehearsal{sandbox: s}
	steps := []struct {
		name string
		run  func(*testing.T, *rehearsal)
	}{
		{"a small cluster", smallCluster},
		{"the connection to the runner breaks", connectionBreaks},
		{"pulumi is killed", pulumiIsKilled},
		{"the runner is rebooted", runnerIsRebooted},
		{"Ansible is killed", ansibleIsKilled},
		{"the runner's disk gets full", diskGetsFull},
		{"a worker and a control plane are lost", machinesAreLost},
		{"the next up replaces them", machinesAreReplaced},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, r) }) {
			t.FailNow()
		}
	}
}

func smallCluster(t *testing.T, r *rehearsal) {
	r.must(t, append([]string{"preview", r.stack}, clusterOnly...)...) // starts the world and makes the stack
	r.stackFile = r.withNodes(t, "w1", "w2")
	r.begin(t).succeeds(t)
	assert.DeepEqual(t, r.runs(t), []string{"cluster.yml runner/etcd-backup.yml"})
	r.stackFile = r.withNodes(t, "w1", "w2", "w3")
}

func connectionBreaks(t *testing.T, r *rehearsal) {
	r.hold(t, oldWorker, "apt-get")
	u := r.begin(t)
	u.says(t, "phase 1 of 2: playbooks/facts.yml")
	r.held(t, oldWorker, "apt-get")
	r.must(t, "host", "drop", runnerHost)
	output := u.fails(t)
	assert.Assert(t, strings.Contains(output, "remote command exited without exit status"), output)
	assert.Assert(t, strings.Contains(output, "should this one break, run pulumi up again and it goes on waiting"), output)
}

func pulumiIsKilled(t *testing.T, r *rehearsal) {
	u := r.begin(t)
	u.says(t, "joined the run 000002-")
	assert.NilError(t, u.cmd.Process.Kill())
	u.fails(t)
	world.EndLeftovers(r.Workspace)
	_, err := r.MendCheckpoint(r.stack)
	assert.NilError(t, err)
	output, err := r.tool(t, nil, "pulumi", "cancel", "--yes")
	assert.NilError(t, err, output)
}

func runnerIsRebooted(t *testing.T, r *rehearsal) {
	u := r.begin(t)
	u.says(t, "joined the run 000002-")
	r.must(t, "host", "reboot", runnerHost)
	u.fails(t)
	output := r.onRunner(t, "status")
	assert.Assert(t, strings.Contains(output, "the run was interrupted in phase playbooks/facts.yml: this host was rebooted"), output)
	assert.Assert(t, strings.Contains(output, "run pulumi up again: it resumes after the last finished phase (0 of 2 are done)"), output)
}

func ansibleIsKilled(t *testing.T, r *rehearsal) {
	r.hold(t, newWorker, "kubeadm")
	u := r.begin(t)
	u.says(t, "the last run was interrupted in phase playbooks/facts.yml: this host was rebooted")
	r.release(t, oldWorker, "apt-get")
	r.held(t, newWorker, "kubeadm")
	r.killAnsible(t)
	output := u.fails(t)
	for _, part := range []string{
		"task:    worker : Join worker to cluster", "host:    " + newWorker, "ansible-playbook scale.yml was killed by SIGKILL",
		"run pulumi up again: it resumes after the last finished phase (1 of 2 are done)",
	} {
		assert.Assert(t, strings.Contains(output, part), "%q is not in:\n%s", part, output)
	}
	r.release(t, newWorker, "kubeadm")
}

func diskGetsFull(t *testing.T, r *rehearsal) {
	r.hold(t, newWorker, "apt-get")
	u := r.begin(t)
	u.says(t, "1 of 2 phases are done")
	r.held(t, newWorker, "apt-get")
	r.must(t, "host", "fill", runnerHost)
	r.release(t, newWorker, "apt-get")
	const advice = "the disk of " + runnerHost + " is full: "
	output := u.fails(t)
	assert.Assert(t, strings.Contains(output, advice), output)
	output = r.begin(t).fails(t)
	assert.Assert(t, len(lines(output, advice)) > 0 && len(lines(output, "Make room there and run up again")) > 0, output)
	r.must(t, "host", "free", runnerHost)
}

func machinesAreLost(t *testing.T, r *rehearsal) {
	r.hold(t, newWorker, "apt-get")
	u := r.begin(t)
	u.says(t, "1 of 2 phases are done")
	r.held(t, newWorker, "apt-get")
	r.must(t, "host", "kill", "arvan-prod-m3", "arvan-prod-w2")
	r.release(t, newWorker, "apt-get")
	u.says(t, "waiting: nodes are not Ready: arvan-prod-m3 (its machine does not answer at ")
	assert.Assert(t, strings.Contains(r.onRunner(t, "status"), "arvan-prod-w2 (its machine does not answer at "))
	output := r.onRunner(t, "cancel")
	assert.Assert(t, strings.Contains(output, "what phase verify was doing is half done"), output)
	output = u.fails(t)
	assert.Assert(t, strings.Contains(output, "stopped in phase verify: by the order cancel"), output)
	assert.Assert(t, strings.Contains(r.onRunner(t, "log"), "TASK [worker : Join worker to cluster]"))
	assert.DeepEqual(t, r.runs(t)[1:], []string{
		"playbooks/facts.yml",           // its runner was rebooted
		"playbooks/facts.yml scale.yml", // Ansible was killed
		"scale.yml",                     // the disk was full
		"scale.yml",                     // two nodes were lost
	})
}

func machinesAreReplaced(t *testing.T, r *rehearsal) {
	const server = "urn:pulumi:prod::exchange-platform::exchange:arvan:Machines$arvancloud:iaas:Server::"
	r.begin(t, "--replace", server+"arvan-prod-m3", "--replace", server+"arvan-prod-w2").succeeds(t)
	runs := r.runs(t)
	assert.Equal(t, runs[len(runs)-1], "remove-node.yml remove-node.yml playbooks/facts.yml cluster.yml upgrade-cluster.yml cluster.yml runner/etcd-backup.yml",
		"the worker that had joined does not join again")
	assert.DeepEqual(t, r.readyNodes(t), []string{
		"arvan-prod-m1", "arvan-prod-m2", "arvan-prod-m3", "arvan-prod-w1", "arvan-prod-w2", "arvan-prod-w3",
	})
	r.begin(t, "--expect-no-changes").succeeds(t)
	assert.Equal(t, len(r.runs(t)), len(runs), "nothing is left to do")
}

// killAnsible kills the playbook that runs on a machine of this sandbox, as the kernel does when memory runs out.
func (r *rehearsal) killAnsible(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	assert.NilError(t, err)
	killed := 0
	for _, file := range files {
		text, _ := os.ReadFile(file)
		mounts, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "mountinfo"))
		words := strings.Split(string(text), "\x00")
		if len(words) < 3 || filepath.Base(words[1]) != "ansible-playbook" || !strings.Contains(string(mounts), r.Path("hosts")+"/") {
			continue
		}
		var pid int
		_, err := fmt.Sscanf(file, "/proc/%d/", &pid)
		assert.NilError(t, err)
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	assert.Assert(t, killed > 0, "no ansible-playbook runs")
}
