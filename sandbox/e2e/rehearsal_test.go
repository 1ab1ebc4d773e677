//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// clusterOnly leaves out of an update all that runs in the cluster.
var clusterOnly = []string{"--exclude", "**kubernetes:**", "--exclude-dependents"}

// patience is for what comes after the other programs of a loaded machine have had their turn.
const patience = 4 * time.Minute

// rehearsal is a sandbox whose cluster something happens to.
type rehearsal struct {
	*sandbox
	// stackFile is what the next update wants.
	stackFile string
}

// withNodes is the stack's file with the bastion, the control planes and these workers.
func (r *rehearsal) withNodes(t *testing.T, workers ...string) string {
	t.Helper()
	path := r.stackFileWith(t, "monitoring", nil)
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	var file map[string]any
	assert.NilError(t, yaml.Unmarshal(text, &file))
	config := file["config"].(map[string]any)
	nodes := slices.DeleteFunc(config["exchange-platform:nodes"].([]any), func(node any) bool {
		return node.(map[string]any)["role"] == "worker"
	})
	for _, name := range workers {
		nodes = append(nodes, map[string]any{"name": "arvan-prod-" + name, "role": "worker", "plan": "g2-16-8-0", "diskGiB": 200})
	}
	config["exchange-platform:nodes"] = nodes
	// the others want more workers, and are not looked at here
	config["exchange-platform:postgres"] = map[string]any{"engine": "bitnami"}
	config["exchange-platform:objectStore"] = map[string]any{"mode": "standalone"}
	config["exchange-platform:logging"] = map[string]any{"engine": "bitnami"}
	text, err = yaml.Marshal(file)
	assert.NilError(t, err)
	// Beside the sandbox's own: it outlives the step of the test that made it.
	path = filepath.Join(filepath.Dir(r.StackFile(r.stack)), "Pulumi."+strings.Join(workers, "-")+".yaml")
	assert.NilError(t, os.WriteFile(path, text, 0o600))
	return path
}

// update is a `pulumi up` that is under way.
type update struct {
	cmd  *exec.Cmd
	done chan error

	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what pulumi says.
func (u *update) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.text.Write(p)
}

func (u *update) said() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.text.String()
}

// begin starts an update of the machines and the cluster.
func (r *rehearsal) begin(t *testing.T, options ...string) *update {
	t.Helper()
	environ, err := r.Environ(r.stack)
	assert.NilError(t, err)
	arguments := append([]string{"up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs"}, clusterOnly...)
	u := &update{cmd: exec.Command(r.Binary("pulumi"), append(arguments, options...)...), done: make(chan error, 1)}
	u.cmd.Dir, u.cmd.Env, u.cmd.Stdout, u.cmd.Stderr = r.Root, append(environ, "PULUMI_OPTION_CONFIG_FILE="+r.stackFile), u, u
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
	for !strings.Contains(u.said(), text) {
		select {
		case err := <-u.done:
			u.done <- err
			assert.Assert(t, strings.Contains(u.said(), text), "pulumi ended (%v) without saying %q:\n%s", err, text, u.said())
		case <-deadline:
			t.Fatalf("pulumi does not say %q:\n%s", text, u.said())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (u *update) succeeds(t *testing.T) {
	t.Helper()
	assert.NilError(t, <-u.done, u.said())
}

// fails waits for the end of an update that must not succeed, and returns what it said.
func (u *update) fails(t *testing.T) string {
	t.Helper()
	assert.Assert(t, <-u.done != nil, u.said())
	return u.said()
}

// machine is how a machine stands, and where its files are.
func (r *rehearsal) machine(t *testing.T, name string) (status hosts.Status, root string) {
	t.Helper()
	machines, err := world.Machines(t.Context(), r.Workspace)
	assert.NilError(t, err)
	index := slices.IndexFunc(machines, func(m hosts.Status) bool { return m.Name == name })
	assert.Assert(t, index >= 0, "no machine %s", name)
	return machines[index], r.Path("hosts", machines[index].ID, "root")
}

// holds is where a held program is looked up first, and where the real one is left.
var holds = map[string][2]string{
	"apt-get": {"/usr/local/sbin/apt-get", "/usr/local/bin/apt-get"},
	"kubeadm": {"/usr/local/bin/kubeadm", "/usr/local/sbin/kubeadm"},
}

// hold makes a program of a machine wait, as one does that hangs, until release.
func (r *rehearsal) hold(t *testing.T, name, program string) {
	t.Helper()
	_, root := r.machine(t, name)
	path := filepath.Join(root, holds[program][0])
	script := "#!/bin/sh\nwhile [ -e /run/hold-" + program + " ]; do : > /run/held-" + program + "; sleep 0.1; done\nexec " +
		holds[program][1] + ` "$@"` + "\n"
	assert.NilError(t, os.WriteFile(filepath.Join(root, "run", "hold-"+program), nil, 0o600))
	assert.NilError(t, os.WriteFile(path+".new", []byte(script), 0o755))
	assert.NilError(t, os.Rename(path+".new", path)) // over the link to the real one
}

// held waits until the program waits.
func (r *rehearsal) held(t *testing.T, name, program string) {
	t.Helper()
	_, root := r.machine(t, name)
	poll.WaitOn(t, poll.FileExists(filepath.Join(root, "run", "held-"+program)), poll.WithTimeout(patience))
}

func (r *rehearsal) release(t *testing.T, name, program string) {
	t.Helper()
	_, root := r.machine(t, name)
	assert.NilError(t, os.Remove(filepath.Join(root, "run", "hold-"+program)))
	if err := os.Remove(filepath.Join(root, "run", "held-"+program)); err != nil {
		assert.Assert(t, os.IsNotExist(err), err)
	}
}

// kept is where the runner keeps what it knows of the cluster.
func (r *rehearsal) kept(t *testing.T) string {
	t.Helper()
	_, root := r.machine(t, runnerHost)
	return filepath.Join(root, "var/lib/exchange-platform/kubespray", r.stack)
}

// runs are the playbooks that each of the runner's runs has started, by its own records.
func (r *rehearsal) runs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.kept(t), "runs", "*", "events.jsonl"))
	assert.NilError(t, err)
	var runs []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		var played []string
		for line := range bytes.Lines(text) {
			var event struct{ Event, Phase string }
			assert.NilError(t, json.Unmarshal(line, &event), "%s: %s", file, line)
			if event.Event == "play" && event.Phase != "" {
				played = append(played, event.Phase)
			}
		}
		if len(played) > 0 {
			runs = append(runs, strings.Join(played, " "))
		}
	}
	return runs
}

// onRunner gives the runner program an order as an operator does, who logs in for it.
func (r *rehearsal) onRunner(t *testing.T, order string) string {
	t.Helper()
	status, _ := r.machine(t, runnerHost)
	host, port, err := net.SplitHostPort(status.SSH)
	assert.NilError(t, err)
	cmd := exec.Command("ssh", "-i", filepath.Join(r.kept(t), "ssh_key"), "-p", port, "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "ubuntu@"+host,
		"sudo python3 /var/lib/exchange-platform/kubespray/"+r.stack+"/bundle/runner "+order)
	output, err := r.execute(t, cmd)
	assert.NilError(t, err, output)
	return output
}

// readyNodes are the names of the nodes that are Ready.
func (r *rehearsal) readyNodes(t *testing.T) []string {
	t.Helper()
	output, err := r.tool(t, nil, "kubectl", "--kubeconfig", r.Path("kubernetes", "admin.kubeconfig"), "get", "nodes", "--no-headers")
	assert.NilError(t, err, output)
	var names []string
	for line := range strings.Lines(output) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], "Ready") {
			names = append(names, fields[0])
		}
	}
	return names
}
