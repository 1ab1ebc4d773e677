package growth

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/loopback"
)

func needAnsible(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Skip("ansible-playbook is not installed: ./scripts/setup installs it")
	}
}

// TestFiftyNodesAsAnsibleReadsThem asks the real Ansible which hosts it would go to for a fifty-first node.
func TestFiftyNodesAsAnsibleReadsThem(t *testing.T) {
	needAnsible(t)
	t.Parallel()
	f, err := newFleet("127.128.0", 50)
	assert.NilError(t, err)
	kubeconfig := `{"clusters": [{"cluster": {"server": "https://10.0.0.2:6443"}}]}`
	state, err := f.state(kubeconfig)
	assert.NilError(t, err)
	stdin, err := f.rehearse(f.machines, map[string]string{"known": `{"state": ` + state + `}`, "kubeconfig": kubeconfig})
	assert.NilError(t, err)
	var order plan.Plan
	assert.NilError(t, json.Unmarshal([]byte(stdin["run"]), &order))
	bundle, err := unpack(stdin["bundle"])
	assert.NilError(t, err)
	inventory := filepath.Join(t.TempDir(), "hosts.yaml")
	assert.NilError(t, os.WriteFile(inventory, []byte(bundle["inventory/hosts.yaml"]), 0o600))

	var everybody []string
	for _, machine := range f.machines[1:] {
		everybody = append(everybody, machine.Name)
	}
	slices.Sort(everybody)
	assert.Equal(t, len(everybody), 51)
	wanted := map[string][]string{plan.Facts: everybody, plan.Scale: {"w48"}}
	assert.Equal(t, len(order.Steps), len(wanted))
	for _, step := range order.Steps {
		assert.DeepEqual(t, hostsOf(t, inventory, step), wanted[step.Playbook])
	}
}

// hostsOf are the hosts of all plays of a step.
func hostsOf(t *testing.T, inventory string, step plan.Step) []string {
	t.Helper()
	command := exec.Command("ansible-playbook", "-i", inventory, "--list-hosts", step.Playbook)
	if len(step.Limit) > 0 {
		command.Args = append(command.Args, "--limit", strings.Join(step.Limit, ","))
	}
	command.Dir = "../kubespray/tree"
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "ANSIBLE_NOCOLOR=1")
	listing, err := command.CombinedOutput()
	assert.NilError(t, err, "%s", listing)
	var hosts []string
	listed := false
	for line := range strings.Lines(string(listing)) {
		if strings.HasPrefix(line, "    hosts (") {
			listed = true
		} else if name, is := strings.CutPrefix(line, "      "); is && listed {
			hosts = append(hosts, strings.TrimSpace(name))
		} else {
			listed = false
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// TestOnlyTheNewWorkerIsTouched runs the whole update. What it asserts does not depend on how many nodes there are.
func TestOnlyTheNewWorkerIsTouched(t *testing.T) {
	needAnsible(t)
	guest, err := hoststest.BuildGuest(t.TempDir())
	assert.NilError(t, err)
	result, err := AddWorker(t.Context(), Options{Dir: t.TempDir(), Prefix: loopback.Prefix(t), GuestBinary: guest, Nodes: 5})
	assert.NilError(t, err)
	assert.DeepEqual(t, result.Joined, []string{"w3"})
	assert.Equal(t, len(result.Phases), 2, result.Log)

	facts, scale := result.Phases[0], result.Phases[1]
	assert.Equal(t, facts.Playbook, plan.Facts)
	assert.Equal(t, len(facts.Hosts), 6)
	assert.Equal(t, scale.Playbook, plan.Scale)
	assert.Check(t, scale.Hosts["w3"].Changed > 0, result.Log)

	tally := result.Tally()
	assert.Check(t, tally.Facts >= 5 && tally.Worker > 5 && tally.ForWorker > 0, "%+v", tally)
	assert.Equal(t, tally.Elsewhere, 0, result.Log)
}

func TestTallyFindsWhatShouldNotHaveBeen(t *testing.T) {
	events := []string{
		`{"event": "play", "phase": "playbooks/facts.yml", "time": 10.5}`,
		`{"event": "end", "host": "w1", "time": 11}`, `{"event": "end", "host": "w1", "skipped": true, "time": 11}`,
		`{"event": "end", "host": "w2", "time": 12}`, `{"event": "stats", "time": 12.5}`,
		`{"event": "play", "phase": "scale.yml", "time": 13}`,
		`{"event": "end", "host": "w2", "changed": true, "time": 14}`, `{"event": "end", "host": "w2", "on": "m1", "time": 15}`,
	}
	tally := func(more ...string) Tally {
		phases, err := phases(strings.Join(append(events, more...), "\n"))
		assert.NilError(t, err)
		assert.Equal(t, phases[0].Duration, 2*time.Second)
		return (&Result{Worker: "w2", Phases: phases}).Tally()
	}
	assert.Equal(t, tally(), Tally{Worker: 2, Facts: 1, ForWorker: 1})
	assert.Equal(t, tally(`{"event": "end", "host": "w1", "time": 16}`), Tally{Worker: 2, Facts: 1, ForWorker: 1, Elsewhere: 1})
	assert.Equal(t, tally(`{"event": "end", "host": "w1", "on": "m1", "time": 16}`), Tally{Worker: 2, Facts: 1, ForWorker: 1, Elsewhere: 1})
	changed := []string{`{"event": "play", "phase": "playbooks/facts.yml", "time": 16}`, `{"event": "end", "host": "w1", "changed": true, "time": 17}`}
	assert.Equal(t, tally(changed...), Tally{Worker: 2, Facts: 1, ForWorker: 1, Elsewhere: 1})
}
