//go:build e2e

package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/stacks/outputs"
)

var prodNodes = []string{
	"arvan-prod-m1", "arvan-prod-m2", "arvan-prod-m3", "arvan-prod-w1", "arvan-prod-w2", "arvan-prod-w3", "arvan-prod-w4",
}

// The life of the prod stack: what demo does not show is that nodes come and go.
func TestTheProdStack(t *testing.T) {
	s := newSandbox(t, "e2e-prod", "prod")
	steps := []struct {
		name string
		run  func(*testing.T, *sandbox)
	}{
		{"up ends with every node and pod ready", prodUp},
		{"a second up changes nothing", secondUp},
		{"refresh finds no drift", refresh},
		{"one more worker touches nothing else", addWorker},
		{"its removal drains it before its machine goes", removeWorker},
		{"what was removed is gone for good", secondUp},
		{"destroy leaves nothing", destroy},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, s) }) {
			t.FailNow()
		}
	}
}

func prodUp(t *testing.T, s *sandbox) {
	s.must(t, "up", s.stack)
	assert.DeepEqual(t, readyNodes(t, s), prodNodes)
	assert.DeepEqual(t, s.servers(t), append([]string{"arvan-prod-b1"}, prodNodes...))
	var values map[string]any
	s.query(t, &values, "pulumi", "stack", "output", "--json")
	platform, err := outputs.Parse(values)
	assert.NilError(t, err)
	assert.Equal(t, platform.Nodes[0].Role, "bastion")
}

func addWorker(t *testing.T, s *sandbox) {
	wider := s.withWorker(t)
	changes := s.previewed(t, wider)
	slices.Sort(changes)
	assert.DeepEqual(t, changes, []string{
		"create arvancloud:iaas:Server::arvan-prod-w5",
		"create command:remote:Command::prod-cluster-ready-arvan-prod-w5",
		"create random:index/randomPassword:RandomPassword::arvan-prod-w5-host-key",
		"replace command:remote:Command::prod-cluster-bundle",
		"replace command:remote:Command::prod-cluster-check",
		"replace command:remote:Command::prod-cluster-known",
		"replace command:remote:Command::prod-cluster-run",
		"replace command:remote:Command::prod-cluster-state",
		"update arvancloud:cdn:DnsRecord::edge-record",
	})
	output, err := s.tool(t, nil, "pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--config-file", wider)
	assert.NilError(t, err, output)
	assert.DeepEqual(t, readyNodes(t, s), append(slices.Clone(prodNodes), "arvan-prod-w5"))
}

func removeWorker(t *testing.T, s *sandbox) {
	output := s.must(t, "up", s.stack)
	drained := strings.Index(output, "remove arvan-prod-w5")
	deleted := strings.Index(output, "Server arvan-prod-w5 deleting")
	assert.Assert(t, drained > 0 && drained < deleted, "the node left at %d, its machine at %d of:\n%s", drained, deleted, output)
	assert.DeepEqual(t, readyNodes(t, s), prodNodes)
}

// withWorker is the stack's file with one worker more.
func (s *sandbox) withWorker(t *testing.T) string {
	t.Helper()
	path := s.stackFileWith(t, "monitoring", nil)
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	var file map[string]any
	assert.NilError(t, yaml.Unmarshal(text, &file))
	config := file["config"].(map[string]any)
	nodes := config["exchange-platform:nodes"].([]any)
	config["exchange-platform:nodes"] = append(nodes, map[string]any{
		"name": "arvan-prod-w5", "role": "worker", "plan": "g2-16-8-0", "diskGiB": 200,
	})
	text, err = yaml.Marshal(file)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(path, text, 0o600))
	return path
}
