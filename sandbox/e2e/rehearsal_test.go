//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/transcript"
)

// clusterOnly leaves out of an update all that runs in the cluster.
var clusterOnly = []string{"--exclude", "**kubernetes:**", "--exclude-dependents"}

// patience is for what comes after the other programs of a loaded machine have had their turn.
const patience = 4 * time.Minute

// rehearsal is a stack whose cluster something happens to, on machines of either kind.
type rehearsal struct {
	*life
	cast
	holding []hold
}

// cast says who plays which part: the first control plane, the machine that Ansible runs on, a worker that stays, and one that joins.
type cast struct {
	first, runner, old, new string
	// joins is where the new worker is in the middle of its join, and joinTask what the tree calls that.
	joins    hold
	joinTask string
}

// update is a `pulumi up` that is under way.
type update struct {
	cmd  *exec.Cmd
	done chan error

	transcript.Transcript // of what it says
}

// begin starts an update of the machines and the cluster to what the stack's file says.
func (r *rehearsal) begin(t *testing.T, options ...string) *update {
	t.Helper()
	r.save(t)
	environ, err := r.Environ(r.stack)
	assert.NilError(t, err)
	arguments := append([]string{"up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs"}, clusterOnly...)
	u := &update{cmd: exec.Command(r.Binary("pulumi"), append(arguments, options...)...), done: make(chan error, 1)}
	u.cmd.Dir, u.cmd.Env, u.cmd.Stdout, u.cmd.Stderr = r.Root, append(environ, "PULUMI_OPTION_CONFIG_FILE="+r.path), u, u
	// Plugins outlive a pulumi that is killed, and hold its output open.
	u.cmd.WaitDelay = time.Second
	assert.NilError(t, u.cmd.Start())
	go func() { u.done <- u.cmd.Wait() }()
	t.Cleanup(func() { _ = u.cmd.Process.Kill() })
	return u
}

// says waits until the update has said a text.
func (u *update) says(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(patience)
	for !strings.Contains(u.String(), text) {
		select {
		case err := <-u.done:
			u.done <- err
			assert.Assert(t, strings.Contains(u.String(), text), "pulumi ended (%v) without saying %q:\n%s", err, text, u.String())
		case <-deadline:
			t.Fatalf("pulumi does not say %q:\n%s", text, u.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (u *update) succeeds(t *testing.T) {
	t.Helper()
	assert.NilError(t, <-u.done, u.String())
}

// fails waits for the end of an update that must not succeed, and returns what it said.
func (u *update) fails(t *testing.T) string {
	t.Helper()
	assert.Assert(t, <-u.done != nil, u.String())
	return u.String()
}

// hold is a moment of a run: when a machine begins a program with these words among its arguments. No words are any.
type hold struct{ machine, program, words string }

// folder is where the program is looked up first. Kubespray calls its own by their paths.
func (h hold) folder() string {
	if h.program == "kubeadm" || h.program == "kubectl" {
		return "/usr/local/bin"
	}
	return "/usr/local/sbin"
}

// hold makes a program of a machine wait, as one does that hangs, until release. The machine may be one that is just being made.
func (r *rehearsal) hold(t *testing.T, h hold) {
	t.Helper()
	script := fmt.Sprintf(`sudo sh -eus <<'SCRIPT'
mkdir -p /var/lib/held
[ -e /var/lib/held/%[1]s ] || ln -s "$(readlink -f "$(command -v %[1]s)")" /var/lib/held/%[1]s
: >/run/hold-%[1]s
rm -f /run/held-%[1]s
cat >%[2]s/%[1]s.new <<'PROGRAM'
#!/bin/sh
case "$*" in *"%[3]s"*) while [ -e /run/hold-%[1]s ]; do : >/run/held-%[1]s; sleep 0.1; done ;; esac
exec /var/lib/held/%[1]s "$@"
PROGRAM
chmod 755 %[2]s/%[1]s.new
mv %[2]s/%[1]s.new %[2]s/%[1]s
SCRIPT`, h.program, h.folder(), h.words)
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if output, err := r.tryOn(t, h.machine, script); err != nil {
			return poll.Continue("%v: %s", err, output)
		}
		return poll.Success()
	}, poll.WithTimeout(patience), poll.WithDelay(200*time.Millisecond))
	r.holding = append(r.holding, h)
}

// held waits until the program waits.
func (r *rehearsal) held(t *testing.T, h hold) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if _, err := r.tryOn(t, h.machine, "test -e /run/held-"+h.program); err != nil {
			return poll.Continue("%+v is not reached", h)
		}
		return poll.Success()
	}, poll.WithTimeout(patience), poll.WithDelay(200*time.Millisecond))
}

// release lets the program go on, if its machine is still there.
func (r *rehearsal) release(t *testing.T, h hold) {
	t.Helper()
	r.holding = slices.DeleteFunc(r.holding, func(other hold) bool { return other == h })
	if r.has(t, h.machine) {
		r.on(t, h.machine, fmt.Sprintf("sudo rm -f /run/hold-%[1]s /run/held-%[1]s", h.program))
	}
}

// kept is where the runner keeps what it knows of the cluster.
func (r *rehearsal) kept() string { return "/var/lib/exchange-platform/kubespray/" + r.stack }

// runs are the playbooks that each of the runner's runs has started, by its own records.
func (r *rehearsal) runs(t *testing.T) []string {
	t.Helper()
	text := r.on(t, r.runner, `sudo sh -c 'for file in `+r.kept()+`/runs/*/events.jsonl; do echo "{\"event\":\"run\"}"; cat $file; done'`)
	var runs [][]string
	for line := range strings.Lines(text) {
		var event struct{ Event, Phase string }
		assert.NilError(t, json.Unmarshal([]byte(line), &event), line)
		switch {
		case event.Event == "run":
			runs = append(runs, nil)
		case event.Event == "play" && event.Phase != "":
			runs[len(runs)-1] = append(runs[len(runs)-1], event.Phase)
		}
	}
	var played []string
	for _, run := range runs {
		if len(run) > 0 {
			played = append(played, strings.Join(run, " "))
		}
	}
	return played
}

// order gives the runner program an order as an operator does, who logs in for it.
func (r *rehearsal) order(t *testing.T, order string) string {
	t.Helper()
	return r.on(t, r.runner, "sudo python3 "+r.kept()+"/bundle/runner "+order)
}

// readyNodes are the names of the nodes of machines that are Ready and take pods.
func (r *rehearsal) readyNodes(t *testing.T) []string {
	t.Helper()
	output := r.on(t, r.first, "sudo /usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes --no-headers")
	var names []string
	for line := range strings.Lines(output) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[1] == "Ready" && fields[0] != controlplane.SimulatedNode {
			names = append(names, fields[0])
		}
	}
	slices.Sort(names)
	return names
}
