//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// smallest is the smallest cluster that can lose a control plane, of light machines.
var smallest = cast{
	first: "arvan-prod-m1", runner: "arvan-prod-b1", old: "arvan-prod-w1", new: "arvan-prod-w3",
	joins: hold{machine: "arvan-prod-w3", program: "kubeadm"}, joinTask: "worker : Join worker to cluster",
}

// TestFaultsInTheMiddleOfARun makes one change of a cluster and strikes it again and again: each next up ends where the one
// before would have, without running finished phases again, or says what to do. A stand-in program that does not end holds
// Ansible at a known task while something happens. realfaults_test.go does the same, and more, to real machines.
func TestFaultsInTheMiddleOfARun(t *testing.T) {
	beside(t, 5*time.Minute)
	s := newSandbox(t, "e2e-faults", "prod")
	s.must(t, append([]string{"preview", s.stack}, clusterOnly...)...) // starts the world and makes the stack
	r := &rehearsal{life: newLife(t, s), cast: smallest}
	r.admit(t)
	struck := func(s strike) func(*testing.T, *rehearsal) {
		return func(t *testing.T, r *rehearsal) { r.suffer(t, s) }
	}
	steps := []struct {
		name string
		run  func(*testing.T, *rehearsal)
	}{
		{"a small cluster", smallCluster},
		{connectionBreaks.name, struck(connectionBreaks)},
		{pulumiIsKilled.name, joinsTheRun(pulumiIsKilled)},
		{powerFails.name, joinsTheRun(powerFails)},
		{ansibleIsKilled.name, func(t *testing.T, r *rehearsal) {
			assert.Assert(t, cmp.Contains(r.suffer(t, ansibleIsKilled), "the last run was interrupted in phase playbooks/facts.yml: this host was rebooted"))
		}},
		{diskGetsFull.name, struck(diskGetsFull)},
		{"a worker and a control plane are lost", machinesAreLost},
		{"the next up replaces them", machinesAreReplaced},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, r) }) {
			t.FailNow()
		}
	}
}

// joinsTheRun strikes an update that goes on waiting for the run of the one before.
func joinsTheRun(s strike) func(*testing.T, *rehearsal) {
	return func(t *testing.T, r *rehearsal) {
		assert.Assert(t, cmp.Contains(r.suffer(t, s), "joined the run 000002-"))
	}
}

func smallCluster(t *testing.T, r *rehearsal) {
	config := r.file["config"].(map[string]any)
	// the others want more workers, and are not looked at here
	config["exchange-platform:postgres"] = map[string]any{"engine": "bitnami"}
	config["exchange-platform:objectStore"] = map[string]any{"mode": "standalone"}
	config["exchange-platform:logging"] = map[string]any{"engine": "bitnami"}
	r.setWorkers("w1", "w2")
	r.begin(t).succeeds(t)
	assert.DeepEqual(t, r.runs(t), []string{"cluster.yml runner/etcd-backup.yml"})
	r.setWorkers("w1", "w2", "w3")
}

// setWorkers asks for the bastion, the control planes and these workers.
func (r *rehearsal) setWorkers(workers ...string) {
	nodes := slices.DeleteFunc(r.section("nodes").([]any), func(node any) bool {
		return node.(map[string]any)["role"] == "worker"
	})
	for _, name := range workers {
		nodes = append(nodes, map[string]any{"name": "arvan-prod-" + name, "role": "worker", "plan": "g2-16-8-0", "diskGiB": 200})
	}
	r.setNodes(nodes)
}

func machinesAreLost(t *testing.T, r *rehearsal) {
	moment := made(r.cast)
	r.hold(t, moment)
	u := r.begin(t)
	u.says(t, "1 of 2 phases are done")
	r.held(t, moment)
	r.must(t, "host", "kill", "arvan-prod-m3", "arvan-prod-w2")
	r.release(t, moment)
	u.says(t, "waiting: nodes are not Ready: arvan-prod-m3 (its machine does not answer at ")
	assert.Assert(t, strings.Contains(r.order(t, "status"), "arvan-prod-w2 (its machine does not answer at "))
	output := r.order(t, "cancel")
	assert.Assert(t, strings.Contains(output, "what phase verify was doing is half done"), output)
	output = u.fails(t)
	assert.Assert(t, strings.Contains(output, "stopped in phase verify: by the order cancel"), output)
	assert.Assert(t, strings.Contains(r.order(t, "log"), "TASK [worker : Join worker to cluster]"))
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
