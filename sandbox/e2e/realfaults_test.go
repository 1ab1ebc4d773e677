//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/hosts/real/realtest"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// change is a change of the cluster of real machines that is struck.
type change string

const (
	// joins: a worker joins (playbooks/facts.yml, scale.yml); leaves: it is drained and goes (remove-node.yml).
	joins  change = "a worker joins"
	leaves change = "a worker leaves"
	// settings: flags of the control plane are others (playbooks/facts.yml, upgrade-cluster.yml, which drains it).
	settings change = "flags change"
)

// More moments of changes: the drain of the node that leaves or is upgraded, the reset of one that leaves, and the end of an upgrade.
func draining(c cast) hold  { return hold{machine: c.first, program: "kubectl", words: " drain "} }
func resetting(c cast) hold { return hold{machine: c.new, program: "kubeadm", words: "reset"} }
func upgraded(c cast) hold {
	return hold{machine: c.first, program: "systemctl", words: "restart kubelet"}
}

// TestFaultsOnRealMachines strikes each change of a cluster on real machines once, and brings it to its end: some twenty strikes, on two
// processors. It runs where REAL_FAULTS is set; TestRealMachines strikes four times in CI. A part of the list:
// -run 'TestFaultsOnRealMachines/etcd'.
func TestFaultsOnRealMachines(t *testing.T) {
	if os.Getenv("REAL_FAULTS") == "" {
		t.Skip("some twenty strikes, for which CI has no time: set REAL_FAULTS=all")
	}
	realtest.Need(t, t.TempDir())
	s := newSandbox(t, "e2e-realfaults", "demo")
	s.must(t, append([]string{"preview", s.stack, "--machines", "real"}, clusterOnly...)...)
	r := &struckCluster{rehearsal: &rehearsal{life: newLife(t, s), cast: realCast}}
	r.admit(t)
	r.begin(t).succeeds(t)
	t.Cleanup(func() { t.Log(r.table()) })
	for _, each := range realStrikes {
		t.Run(each.name, func(t *testing.T) { r.struck(t, each.change, each.strike) })
	}
}

// struckCluster is a cluster of a control plane and a worker, and perhaps a second.
type struckCluster struct {
	*rehearsal
	joined  bool
	results []string
}

// struck strikes a change, and brings it to its end.
func (r *struckCluster) struck(t *testing.T, what change, s strike) {
	t.Cleanup(func() {
		if t.Failed() {
			lockIsTaken(t, r.rehearsal) // for the next one
		}
	})
	if what != settings && (what == joins) == r.joined { // the strike before left the worker as this one is to
		r.wants(map[change]change{joins: leaves, leaves: joins}[what])
		r.recovers(t, r.nodes()...)
	}
	r.wants(what)
	r.suffer(t, s)
	ups, took := r.recovers(t, r.nodes()...)
	if what == settings {
		flag := fmt.Sprintf("--node-monitor-grace-period=%ds", r.section("kubernetes").(map[string]any)["nodeMonitorGraceSeconds"])
		r.on(t, r.first, "sudo grep -e "+flag+" /etc/kubernetes/manifests/kube-controller-manager.yaml")
	}
	r.results = append(r.results, fmt.Sprintf("%s\t%s\t%d\t%.0f s", what, s.name, ups, took.Seconds()))
}

// wants asks for the change in the stack's file.
func (r *struckCluster) wants(what change) {
	switch what {
	case joins:
		r.setNodes(append(r.section("nodes").([]any), secondWorker))
		r.joined = true
	case leaves:
		r.setNodes(slices.DeleteFunc(r.section("nodes").([]any), func(node any) bool { return node.(map[string]any)["name"] == r.new }))
		r.joined = false
	case settings:
		section := r.section("kubernetes").(map[string]any)
		seconds, _ := section["nodeMonitorGraceSeconds"].(int)
		section["nodeMonitorGraceSeconds"] = max(seconds, 29) + 1
	}
}

// nodes are those that are wanted.
func (r *struckCluster) nodes() []string {
	if r.joined {
		return []string{r.first, r.old, r.new}
	}
	return []string{r.first, r.old}
}

// table is how each strike went: how many ups it took afterwards, and how long.
func (r *struckCluster) table() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nCHANGE\tSTRIKE\tUPS\tUNTIL AS WANTED")
	for _, line := range r.results {
		fmt.Fprintln(table, line)
	}
	table.Flush()
	return text.String()
}

// kills is a strike on programs of the first control plane. Where nothing is to be said, the run goes on all the same.
func kills(name string, moment func(cast) hold, command string, says ...string) strike {
	return strike{name: name, at: moment, says: saying(says...), happens: func(t *testing.T, r *rehearsal, _ *update) { r.on(t, r.first, command) }}
}

// worldIsKilled: the power of all machines, the cloud and the services beside it are gone at once, and come back.
func worldIsKilled(t *testing.T, r *rehearsal, u *update) {
	status, err := world.Ask(t.Context(), r.Workspace)
	assert.NilError(t, err)
	assert.NilError(t, syscall.Kill(status.PID, syscall.SIGKILL))
	assert.NilError(t, world.Ensure(t.Context(), r.Workspace, r.Binary("sandbox")))
	_ = u.cmd.Process.Kill()
}

// networkIsAway takes a machine's network away, for less long than those who wait for it have patience.
func networkIsAway(t *testing.T, r *rehearsal, _ *update) {
	r.must(t, "host", "cut", r.new)
	time.Sleep(20 * time.Second)
	r.must(t, "host", "restore", r.new)
}

var realStrikes = []struct {
	change
	strike
}{
	{joins, connectionBreaks},
	{leaves, pulumiIsKilled.moved(resetting, needsNoConnection)},
	{joins, strike{
		name: "pulumi's plugins are killed", at: looking, mended: lockIsTaken,
		happens: func(_ *testing.T, r *rehearsal, _ *update) { world.EndPlugins(r.Workspace) },
		says:    saying(needsNoConnection),
	}},
	{leaves, ansibleIsKilled.moved(resetting, "host:    arvan-k8s-w2", "ansible-playbook remove-node.yml was killed by SIGKILL", resumes)},
	{joins, strike{
		name: "the runner is shut down and starts again", at: looking,
		happens: func(t *testing.T, r *rehearsal, _ *update) { r.must(t, "host", "reboot", r.runner) },
		says:    saying("stopped in phase playbooks/facts.yml: by the order cancel, or because this host was shut down", resumes),
	}},
	{leaves, powerFails.moved(resetting, "the run was interrupted in phase remove-node.yml: this host was rebooted", resumes)},
	{joins, powerFails},
	{leaves, powerOf("the leaving worker's power fails", resetting, theNew)},
	{joins, ansibleIsKilled},
	{leaves, kills("etcd is killed", draining, "sudo systemctl kill --signal=KILL etcd")},
	{joins, kills("the run is killed", joining, "sudo systemctl kill --signal=KILL 'exchange-kubespray-*.service'", "its unit was killed", resumes)},
	{leaves, kills("the API server is killed", draining, "sudo pkill -KILL -f '[k]ube-apiserver --'")},
	{joins, diskGetsFull},
	{leaves, kills("kubelet and containerd are killed", draining, "sudo systemctl kill --signal=KILL kubelet containerd")},
	{joins, strike{
		name: "the new worker's disk gets full", at: made,
		happens: func(t *testing.T, r *rehearsal, _ *update) {
			r.must(t, "host", "fill", r.new)
			r.release(t, made(r.cast))
		},
		says:   func(r *rehearsal) []string { return []string{"host:    " + r.new, "No space left on device", resumes} },
		mended: func(t *testing.T, r *rehearsal) { r.must(t, "host", "free", r.new) },
	}},
	{leaves, strike{
		name: "the power of all machines and the cloud fails", at: resetting, happens: worldIsKilled, mended: lockIsTaken,
		says: saying("this host was rebooted", resumes),
	}},
	{joins, powerOf("the new worker's power fails", joining, theNew)},
	{leaves, strike{name: "the leaving worker's network is away for 20 s", at: resetting, happens: networkIsAway}},
	{joins, strike{name: "the new worker's network is away for 20 s", at: joining, happens: networkIsAway}},
	{settings, ansibleIsKilled.moved(draining, "ansible-playbook upgrade-cluster.yml was killed by SIGKILL", resumes)},
	{settings, powerOf("the control plane's power fails", upgraded, theFirst, "the run was interrupted in phase upgrade-cluster.yml: this host was rebooted", resumes)},
}
