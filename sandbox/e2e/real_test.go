//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/hosts/real/realtest"
	"github.com/iransre/exchange-platform/sandbox/world"
	"github.com/iransre/exchange-platform/stacks/outputs"
)

// The demo stack on machines that are real: Kubernetes and the platform really run there, people use the exchange, and what they leave
// outlives what happens to machines and in the middle of their changes. Each step needs the one before.
func TestRealMachines(t *testing.T) {
	realtest.Need(t, t.TempDir())
	beside(t, 8*time.Minute)
	s := newSandbox(t, "e2e-real", "demo")
	s.must(t, "up", "demo", "--machines", "real")
	r := &realMachines{life: newLife(t, s), user: newVisitor(t, s)}
	r.admit(t)

	steps := []struct {
		name string
		run  func(*testing.T)
	}{
		{"status tells what is real", r.isReal},
		{"what a user does goes to the database, the object storage and the task queue", r.isUsed},
		{"the page is seen in a browser", r.isSeen},
		{"what is real answers Prometheus", r.isWatched},
		{"pods reach what the table of flows says, and nothing else", r.isIsolated},
		{"a worker joins and takes pods, whatever happens in the middle of it", r.grows},
		{"the pods of a drained worker move before its machine goes", r.shrinks},
		{"a world that is killed leaves nothing, and comes back as it was", r.isKilled},
		{"destroy leaves nothing", r.isDestroyed},
	}
	for _, step := range steps {
		if !t.Run(step.name, step.run) {
			t.FailNow()
		}
	}
}

// realMachines is a stack on real machines and a user of its exchange.
type realMachines struct {
	*life
	user *visitor
}

func (r *realMachines) isReal(t *testing.T) {
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		status, err := world.Ask(t.Context(), r.Workspace)
		assert.NilError(t, err)
		if status.Pods == nil || len(status.Pods.NotReady) > 0 { // what an operator makes is not waited for by an up
			return poll.Continue("%+v", status.Pods)
		}
		assert.Assert(t, status.Pods.Real > 20 && status.Pods.Simulated < status.Pods.Real/2, "%+v", status.Pods)
		return poll.Success()
	}, poll.WithDelay(time.Second), poll.WithTimeout(3*time.Minute))
	said := r.must(t, "status")
	assert.Assert(t, len(lines(said, "systemd-nspawn")) == 1 && len(lines(said, "simulated (on the node simulated)")) == 1 && len(lines(said, "machines: ")) == 1, said)
}

func (r *realMachines) isUsed(t *testing.T) {
	r.user.signUp(t, "ali")
	r.user.sees(t, "what new users get", func(page string) bool { return strings.Contains(page, gift) })
	r.user.buys(t)
	r.user.uploads(t)
	r.user.sees(t, "the order and the picture", hasAll)
}

func (r *realMachines) isSeen(t *testing.T) {
	pages := r.must(t, "open", "demo")
	assert.Assert(t, strings.Contains(pages, home) || strings.Contains(pages, strings.TrimSuffix(home, "/")), pages)
	status, err := world.Ask(t.Context(), r.Workspace)
	assert.NilError(t, err)
	text, picture := newBrowser(t, "MAP *.iransre.ir "+status.Edge.HTTPS).look(t, home, "exchange")
	assert.Assert(t, strings.Contains(text, "Order book") && strings.Contains(text, order), text)
	assert.Assert(t, colours(picture) > 10, "%d colours", colours(picture))
}

func (r *realMachines) isWatched(t *testing.T) {
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		down, err := r.targets(t, "up == 0")
		down = slices.DeleteFunc(down, func(target string) bool { return strings.Contains(target, simulatedTarget) })
		if err != nil || len(down) > 0 {
			return poll.Continue("down: %v %v", down, err)
		}
		found, err := r.targets(t, "up")
		if err != nil || len(found) < 10 {
			return poll.Continue("found: %v %v", found, err)
		}
		return poll.Success()
	}, poll.WithDelay(2*time.Second), poll.WithTimeout(3*time.Minute))
}

func (r *realMachines) isIsolated(t *testing.T) {
	const database, files, metrics = "postgresql.postgres.svc:5432", "minio.objectstore.svc:9000", "kube-prometheus-stack-prometheus.monitoring.svc:9090"
	const own, api = "exchange-web.exchange.svc:80", "kubernetes.default.svc:443"
	all := []string{database, files, metrics, own, api}
	assert.DeepEqual(t, r.reached(t, all), all) // so that silence below is a policy's
	r.file["config"].(map[string]any)["exchange-platform:network"] = map[string]any{"isolate": true}
	r.up(t)
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if found := r.reached(t, all); !slices.Equal(found, []string{database, files, own}) {
			return poll.Continue("a pod of the exchange reaches %v", found)
		}
		return poll.Success()
	}, poll.WithDelay(time.Second), poll.WithTimeout(time.Minute))
	r.user.sees(t, "what was left there", hasAll)
	r.isWatched(t)
}

// reached are those of addresses (host:port) to which a web server of the exchange can connect.
func (r *realMachines) reached(t *testing.T, addresses []string) []string {
	t.Helper()
	const connect = `
import socket, sys
for address in sys.argv[1:]:
    host, port = address.split(":")
    try:
        socket.create_connection((host, port), 3).close()
        print(address)
    except OSError:
        pass`
	text, err := r.ask(append([]string{"exec", "--request-timeout=0", "--namespace=exchange", "deployment/exchange-web", "--", "python", "-c", connect}, addresses...)...)
	assert.NilError(t, err)
	return strings.Fields(text)
}

// simulatedTarget is in the addresses of simulated pods, at which nobody answers.
var simulatedTarget = " " + strings.TrimSuffix(controlplane.BesidePodCIDR, "0/24")

// targets are those of Prometheus for which a query has an answer.
func (r *realMachines) targets(t *testing.T, query string) (targets []string, err error) {
	t.Helper()
	var values map[string]any
	r.query(t, &values, "pulumi", "stack", "output", "--json")
	platform, err := outputs.Parse(values)
	assert.NilError(t, err)
	address, err := url.Parse(platform.Prometheus.URL)
	assert.NilError(t, err)
	service, _, _ := strings.Cut(address.Hostname(), ".")
	text, err := r.ask("get", "--raw", fmt.Sprintf("/api/v1/namespaces/%s/services/%s:%s/proxy/api/v1/query?query=%s",
		platform.Prometheus.Namespace, service, address.Port(), url.QueryEscape(query)))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	for _, each := range answer.Data.Result {
		targets = append(targets, each.Metric["job"]+" "+each.Metric["instance"])
	}
	return targets, nil
}

// ask runs kubectl and returns its standard output; it may be asked while another command runs.
func (r *realMachines) ask(arguments ...string) (string, error) {
	environ, err := r.Environ(r.stack)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(r.Binary("kubectl"), append([]string{"--request-timeout=5s"}, arguments...)...)
	cmd.Env = environ
	output, err := cmd.Output()
	return string(output), err
}

// firstMachine is the control plane.
const firstMachine = "arvan-k8s-m1"

// secondWorker is a node that joins the demo stack's.
var secondWorker = map[string]any{"name": "arvan-k8s-w2", "role": "worker", "plan": "g2-4-2-0", "diskGiB": 50}

// realCast is the demo stack on real machines. A join is struck when kubeadm has come to its end and nothing says so yet.
var realCast = cast{
	first: firstMachine, runner: firstMachine, old: "arvan-k8s-w1", new: "arvan-k8s-w2",
	joins: hold{machine: "arvan-k8s-w2", program: "touch", words: "/etc/kubernetes/node-made"}, joinTask: "worker : Join to cluster",
}

// isAnotherBoot waits until the control plane is Ready after a boot.
func (r *realMachines) isAnotherBoot(t *testing.T, before string) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if now := r.bootOf(firstMachine); now == "" || now == before {
			return poll.Continue("the node says %q", now)
		}
		return poll.Success()
	}, poll.WithDelay(time.Second), poll.WithTimeout(3*time.Minute))
}

// bootOf is the boot of which a node that is Ready tells; empty if there is none.
func (r *realMachines) bootOf(node string) string {
	text, err := r.ask("get", "node", node, "--output",
		`jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.bootID}`)
	ready, boot, _ := strings.Cut(text, " ")
	if err != nil || ready != "True" {
		return ""
	}
	return boot
}

func (r *realMachines) grows(t *testing.T) {
	r.setNodes(append(r.section("nodes").([]any), secondWorker))
	r.section("exchange").(map[string]any)["webReplicas"] = 2
	struck := &rehearsal{life: r.life, cast: realCast}
	struck.suffer(t, connectionBreaks)
	assert.Assert(t, cmp.Contains(struck.suffer(t, pulumiIsKilled), "joined the run "))
	before := r.bootOf(firstMachine)
	struck.suffer(t, powerFails) // of the one control plane, too
	r.isAnotherBoot(t, before)
	r.user.sees(t, "what was left there", hasAll)
	struck.suffer(t, ansibleIsKilled)
	struck.letGo(t)
	r.up(t)
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if web := r.webServers(); !slices.Equal(web, []string{"arvan-k8s-w1", "arvan-k8s-w2"}) {
			return poll.Continue("they are on %v", web)
		}
		return poll.Success()
	}, poll.WithDelay(time.Second), poll.WithTimeout(2*time.Minute))
	r.user.sees(t, "what was left there", hasAll)
}

// webServers are the nodes on which the exchange's web servers are Ready, sorted.
func (r *realMachines) webServers() []string {
	text, err := r.ask("get", "pods", "--namespace=exchange", "--selector=app.kubernetes.io/component=web", "--output",
		`jsonpath={range .items[*]}{.spec.nodeName} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`)
	if err != nil {
		return nil
	}
	var nodes []string
	for line := range strings.Lines(text) {
		if node, ready := strings.CutSuffix(strings.TrimSpace(line), " True"); ready {
			nodes = append(nodes, node)
		}
	}
	slices.Sort(nodes)
	return nodes
}

func (r *realMachines) shrinks(t *testing.T) {
	r.setNodes(slices.DeleteFunc(r.section("nodes").([]any), func(node any) bool { return node.(map[string]any)["name"] == "arvan-k8s-w2" }))
	watching, stop := context.WithCancel(t.Context())
	last := make(chan []string, 1)
	go func() {
		var web []string // where they were when the machine was last seen
		again := time.NewTicker(500 * time.Millisecond)
		defer again.Stop()
		for ; watching.Err() == nil; <-again.C {
			found := r.webServers()
			machines, err := world.Machines(watching, r.Workspace)
			if err == nil && len(machines) == 3 {
				web = found
			}
		}
		last <- web
	}()
	r.up(t)
	stop()
	assert.DeepEqual(t, <-last, []string{"arvan-k8s-w1", "arvan-k8s-w1"})
	r.user.sees(t, "what was left there", hasAll)
}

func (r *realMachines) isKilled(t *testing.T) {
	before := r.bootOf(firstMachine)
	status, err := world.Ask(t.Context(), r.Workspace)
	assert.NilError(t, err)
	assert.NilError(t, syscall.Kill(status.PID, syscall.SIGKILL))
	r.must(t, "down")
	r.assertNothingLeft(t)
	assert.NilError(t, world.Ensure(t.Context(), r.Workspace, r.Binary("sandbox")))
	r.user.sees(t, "what was left there", hasAll)
	r.isAnotherBoot(t, before)
	r.again(t)
}

func (r *realMachines) isDestroyed(t *testing.T) {
	r.must(t, "destroy", "demo")
	r.must(t, "down")
	r.assertNothingLeft(t)
	machines, err := os.ReadDir(r.Path("hosts"))
	assert.NilError(t, err)
	assert.Equal(t, len(machines), 0, fmt.Sprint(machines))
}

// assertNothingLeft looks for what real machines may leave on this one.
func (s *sandbox) assertNothingLeft(t *testing.T) {
	t.Helper()
	for pattern, what := range map[string]string{
		"/proc/[0-9]*/cmdline": "a process", "/proc/self/mounts": "a mount", "/sys/block/loop*/loop/backing_file": "a loop device",
	} {
		files, err := filepath.Glob(pattern)
		assert.NilError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			assert.Assert(t, err != nil || !strings.Contains(string(text), s.Path("hosts")), "%s is left: %s", what, text)
		}
	}
}
