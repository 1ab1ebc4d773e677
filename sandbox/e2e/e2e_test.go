//go:build e2e

// Package e2e brings whole stacks up and down again, the way a user does.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/world"
	"github.com/iransre/exchange-platform/stacks/outputs"
)

// The life of the demo stack, in the order in which a user lives it. Each step needs the one before.
func TestTheDemoStack(t *testing.T) {
	beside(t, 5*time.Minute)
	s := newSandbox(t, "e2e", "demo")
	processes := watchCommandLines(t)

	steps := []struct {
		name string
		run  func(*testing.T, *sandbox)
	}{
		{"bad input is refused and nothing is made", badInput},
		{"a killed up loses nothing", killedUp},
		{"up ends with the outputs", up},
		{"every node and pod is ready", allReady},
		{"the outputs name what is there", namedThings},
		{"the cloud is seen in a browser", cloudInABrowser},
		{"other teams read the outputs", readOutputs},
		{"a second up changes nothing", secondUp},
		{"refresh finds no drift", refresh},
		{"what is changed by hand is found and undone", handMade},
		{"a changed value changes what it should", changedValue},
		{"one control plane grows to three", grow},
		{"no secret is in plain text", func(t *testing.T, s *sandbox) { noSecrets(t, s, processes.end()) }},
		{"destroy leaves nothing", destroy},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, s) }) {
			t.FailNow()
		}
	}
}

// cloudInABrowser: the emulator's page shows people what the stack has made.
func cloudInABrowser(t *testing.T, s *sandbox) {
	text, picture := newBrowser(t, "").look(t, s.APIURL()+"/", "cloud")
	for _, name := range []string{"arvan-k8s-m1", "arvan-k8s-w1", "iransre.ir"} {
		assert.Assert(t, strings.Contains(text, name), "%s is not on the page: %s", name, text)
	}
	assert.Assert(t, colours(picture) > 10, "%d colours", colours(picture))
	pages := s.must(t, "open", "demo")
	assert.Assert(t, strings.Contains(pages, "not served: no container runs on light machines"), pages)
	assert.Assert(t, strings.Contains(pages, s.APIURL()+"/"), pages)
}

func badInput(t *testing.T, s *sandbox) {
	s.must(t, "preview", "demo") // makes the stack and the world, changes nothing
	for _, mistake := range []struct {
		name      string
		variables map[string]string
		says      string
	}{
		{"no API key", map[string]string{"ARVANCLOUD_API_KEY": ""}, "API key"},
		{"a wrong API key", map[string]string{"ARVANCLOUD_API_KEY": "00000000-0000-0000-0000-000000000000"}, "API key"},
		{"an unknown zone", s.with(t, "cloud", map[string]any{"zone": "ir-thr-xx9"}), "ir-thr-xx9"},
		{"an unknown image", s.with(t, "cloud", map[string]any{"image": map[string]any{"distribution": "ubuntu", "version": "1.0"}}), "cloud.image"},
		{"an unknown plan", s.with(t, "nodes", nil), "nodes[0].plan"},
		{"overlapping ranges", s.with(t, "network", map[string]any{"podCidr": "10.10.0.0/16"}), "network.podCidr"},
		{"an unknown key", s.with(t, "postgres", map[string]any{"sise": 3}), "postgres.sise"},
	} {
		t.Run(mistake.name, func(t *testing.T) {
			output, err := s.tool(t, mistake.variables, "pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
			assert.Assert(t, err != nil, "accepted:\n%s", output)
			assert.Assert(t, len(lines(output, mistake.says)) > 0, "the error does not say %q:\n%s", mistake.says, output)
		})
	}
	assert.DeepEqual(t, s.servers(t), []string(nil))
}

// with is the variable that makes pulumi read a stack file with other keys in one section; for "nodes", a plan that does
// not exist.
func (s *sandbox) with(t *testing.T, section string, keys map[string]any) map[string]string {
	t.Helper()
	if section != "nodes" {
		return map[string]string{"PULUMI_OPTION_CONFIG_FILE": s.stackFileWith(t, section, keys)}
	}
	path := s.stackFileWith(t, "monitoring", nil)
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(path, []byte(strings.Replace(string(text), "plan: g2-4-2-0", "plan: g9-9-9-9", 1)), 0o600))
	return map[string]string{"PULUMI_OPTION_CONFIG_FILE": path}
}

// killedUp kills pulumi hard as soon as the cloud has a server: nothing it began is in the state yet. The next up has to
// find what was made, and make nothing twice.
func killedUp(t *testing.T, s *sandbox) {
	environ, err := s.Environ("demo")
	assert.NilError(t, err)
	cmd := exec.Command(s.Binary("pulumi"), "up", "--yes", "--skip-preview", "--non-interactive")
	cmd.Dir, cmd.Env = s.Root, environ
	assert.NilError(t, cmd.Start())
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if len(s.servers(t)) > 0 {
			return poll.Success()
		}
		return poll.Continue("no server yet")
	}, poll.WithTimeout(time.Minute), poll.WithDelay(5*time.Millisecond))
	assert.NilError(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	world.EndLeftovers(s.Workspace)
	_, err = s.MendCheckpoint("demo") // as the next `sandbox up` does: the kill may have hit a write of the state
	assert.NilError(t, err)
	output, err := s.tool(t, nil, "pulumi", "cancel", "--yes")
	assert.NilError(t, err, output)
}

func up(t *testing.T, s *sandbox) {
	output := s.must(t, "up", "demo")
	areShown(t, output)
	assert.DeepEqual(t, s.servers(t), []string{"arvan-k8s-m1", "arvan-k8s-w1"})
}

// areShown asks for each output of the contract in what was printed.
func areShown(t *testing.T, output string) {
	t.Helper()
	for _, name := range outputs.Names {
		if name != "argocd" { // these stacks deliver without
			assert.Assert(t, len(lines(output, name)) > 0, "output %s is not shown:\n%s", name, output)
		}
	}
}

func allReady(t *testing.T, s *sandbox) {
	found := s.cluster(t)
	assert.Equal(t, len(found.unready), 0, "%v", found.unready)
	assert.DeepEqual(t, found.nodes, []node{{"arvan-k8s-m1", "v1.35.4"}, {"arvan-k8s-w1", "v1.35.4"}})
	assert.Assert(t, found.pods > 13, "only %d pods", found.pods)
}

func namedThings(t *testing.T, s *sandbox) {
	var values map[string]any
	s.query(t, &values, "pulumi", "stack", "output", "--json")
	platform, err := outputs.Parse(values)
	assert.NilError(t, err)
	assert.Equal(t, platform.Exchange.Host, "demo.iransre.ir")
	assert.Equal(t, platform.Kubernetes.Version, "v1.35.4")
	assert.Equal(t, len(platform.Nodes), 2)
	assert.Equal(t, platform.Nodes[1].Role, "worker")
	assert.DeepEqual(t, platform.Ingress.Addresses, []string{platform.Nodes[1].PublicAddress})
	assert.Equal(t, values["kubeconfig"], "[secret]")
	for _, secret := range []struct{ namespace, name string }{
		{platform.Postgres.Namespace, platform.Postgres.SecretName},
		{platform.ObjectStore.Namespace, platform.ObjectStore.SecretName},
		{platform.Grafana.Namespace, platform.Grafana.SecretName},
	} {
		output, err := s.tool(t, nil, "kubectl", "get", "secret", "--namespace", secret.namespace, secret.name)
		assert.NilError(t, err, output)
	}
}

// readOutputs runs another team's program, which reads the stack through a stack reference.
func readOutputs(t *testing.T, s *sandbox) {
	environ := map[string]string{"PULUMI_STACK": "", "PULUMI_OPTION_CONFIG_FILE": filepath.Join(t.TempDir(), "Pulumi.consumer.yaml")}
	folder := filepath.Join(s.Root, "sandbox", "e2e", "testdata", "consumer")
	t.Cleanup(func() { os.Remove(filepath.Join(folder, "Pulumi.consumer.yaml")) }) // where `stack init` keeps its salt
	for _, arguments := range [][]string{{"stack", "init", "consumer"}, {"up", "--stack", "consumer", "--yes", "--skip-preview"}} {
		output, err := s.tool(t, environ, "pulumi", append([]string{"--cwd", folder, "--non-interactive"}, arguments...)...)
		assert.NilError(t, err, output)
	}
	output, err := s.tool(t, environ, "pulumi", "--cwd", folder, "stack", "output", "--stack", "consumer", "--json")
	assert.NilError(t, err, output)
	assert.Assert(t, strings.Contains(output, `"url": "https://demo.iransre.ir"`), output)
	assert.Assert(t, strings.Contains(output, `"nodes": 2`), output)
	assert.Assert(t, strings.Contains(output, `"kubeconfig": "[secret]"`), output)
}

func secondUp(t *testing.T, s *sandbox) {
	s.must(t, "up", s.stack, "--expect-no-changes")
}

func refresh(t *testing.T, s *sandbox) {
	s.must(t, "refresh", s.stack, "--expect-no-changes")
}

func changedValue(t *testing.T, s *sandbox) {
	environ := s.with(t, "exchange", map[string]any{"webReplicas": 2})
	assert.DeepEqual(t, s.previewed(t, environ["PULUMI_OPTION_CONFIG_FILE"]), []string{"update kubernetes:helm.sh/v3:Release::exchange-release"})
}

// previewed is what a preview with the stack file says would change, without the parts of a replacement.
func (s *sandbox) previewed(t *testing.T, stackFile string) []string {
	t.Helper()
	var digest struct {
		Steps []struct{ Op, URN string }
	}
	s.query(t, &digest, "pulumi", "preview", "--json", "--config-file", stackFile)
	var changes []string
	for _, step := range digest.Steps {
		if !slices.Contains([]string{"same", "read", "create-replacement", "delete-replaced"}, step.Op) {
			changes = append(changes, fmt.Sprintf("%s %s", step.Op, step.URN[strings.LastIndex(step.URN, "$")+1:]))
		}
	}
	return changes
}

func noSecrets(t *testing.T, s *sandbox, processes string) {
	places := s.logsAndState(t)
	places["what the commands printed"] = s.said.String()
	places["command lines of processes"] = processes
	secrets := s.secrets(t)
	assert.Assert(t, len(secrets) > 5, "only %d secrets found: the search itself is broken", len(secrets))
	for place, text := range places {
		for _, secret := range secrets {
			assert.Assert(t, !strings.Contains(text, secret), "%s holds a secret that begins with %.3s…", place, secret)
		}
	}
}

// What was in the cluster goes with its machines: it is not asked, and the next first control plane begins with an empty one.
func destroy(t *testing.T, s *sandbox) {
	s.must(t, "destroy", s.stack)
	assert.DeepEqual(t, s.servers(t), []string(nil))
}

// servers are the names of the servers in the cloud.
func (s *sandbox) servers(t *testing.T) []string {
	t.Helper()
	var names []string
	servers, _ := s.cloud(t)["servers"].([]any)
	for _, each := range servers {
		if server, ok := each.(map[string]any); ok {
			names = append(names, fmt.Sprint(server["name"]))
		}
	}
	slices.Sort(names)
	return names
}
