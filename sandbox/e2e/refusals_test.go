//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/refusals"
	"github.com/iransre/exchange-platform/sandbox/kubespray"
)

// Every unsafe edit of the table in docs/cluster.md is made to a running cluster. Each is refused with the message that
// stands there, and nothing is touched.
func TestRefusals(t *testing.T) {
	beside(t, 3*time.Minute)
	table, err := refusals.All()
	assert.NilError(t, err)
	s := newSandbox(t, "e2e-refusals", "prod")
	s.must(t, "preview", "prod") // makes the stack file and the world, changes nothing
	base := s.edited(t, s.StackFile("prod"), append(table.Base, s.archiveOf(t, "v2.29.1")...))
	s.must(t, "up", "prod", "--config-file", base)
	before := s.touchable(t)
	assert.Equal(t, len(before.Nodes), len(prodNodes)+1)

	was := s.resources(t)
	for _, refusal := range table.Refused {
		t.Run(named(refusal), func(t *testing.T) {
			takeBack := s.given(t, refusal.Given)
			defer takeBack()
			output, err := s.tool(t, nil, "pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--config-file", s.edited(t, base, refusal.Changes))
			if err == nil {
				t.Fatalf("accepted:\n%s", output)
			}
			for _, line := range refusal.Says {
				assert.Check(t, is.Contains(output, line))
			}
			assert.Check(t, is.Contains(output, "nothing was"))
			now := s.resources(t)
			if refusal.By == refusals.Program {
				assert.DeepEqual(t, now, was)
			}
			was = now
		})
		assert.DeepEqual(t, s.touchable(t), before)
	}
	t.Run("the cluster still follows its stack file", func(t *testing.T) {
		s.must(t, "up", "prod", "--config-file", base)
		assert.DeepEqual(t, s.touchable(t), before)
	})
}

func named(refusal refusals.Refusal) string {
	if refusal.Given == "" {
		return refusal.Edit
	}
	return refusal.Edit + ", while " + refusal.Given
}

// edited is a copy of a stack file with the changes made to it.
func (s *sandbox) edited(t *testing.T, path string, changes []refusals.Change) string {
	t.Helper()
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	text, err = refusals.Apply(text, changes...)
	assert.NilError(t, err)
	changed := filepath.Join(t.TempDir(), "Pulumi.prod.yaml")
	assert.NilError(t, os.WriteFile(changed, text, 0o600))
	return changed
}

// archiveOf makes a stack take that release of Kubespray from the sandbox.
func (s *sandbox) archiveOf(t *testing.T, tag string) []refusals.Change {
	t.Helper()
	sum, err := kubespray.ArchiveSum(tag, kubespray.Machines{})
	assert.NilError(t, err)
	return []refusals.Change{
		{Set: "kubernetes.kubespray.archive", Value: s.FilesURL() + "/files/" + kubespray.ArchiveName(tag)},
		{Set: "kubernetes.kubespray.sha256", Value: sum},
	}
}

// touchable is what a refused edit must leave alone.
type touchable struct {
	// Cloud is all that the account holds, by kind.
	Cloud map[string]any
	// Nodes are the cluster's by name: their labels, taints, and whether pods may go there.
	Nodes map[string]string
	// Runner is the runner's memory of the cluster, and the runs it was ever asked for.
	Runner string
	Runs   []string
}

func (s *sandbox) touchable(t *testing.T) touchable {
	t.Helper()
	found := touchable{Cloud: s.cloud(t), Nodes: map[string]string{}}
	// what was asked and what has passed is not what there is
	for _, kind := range []string{"requests", "cost", "world", "faults"} {
		delete(found.Cloud, kind)
	}
	var list struct {
		Items []struct {
			Metadata struct {
				Name, UID string
				Labels    map[string]string
			}
			Spec   struct{ Taints, Unschedulable any }
			Status struct {
				NodeInfo struct{ KubeletVersion string }
			}
		}
	}
	s.query(t, &list, "kubectl", "get", "nodes", "--output", "json")
	for _, node := range list.Items {
		text, err := json.Marshal(node)
		assert.NilError(t, err)
		found.Nodes[node.Metadata.Name] = string(text)
	}
	state, err := os.ReadFile(filepath.Join(s.memory(t), "state.json"))
	assert.NilError(t, err)
	found.Runner = string(state)
	runs, err := os.ReadDir(filepath.Join(s.memory(t), "runs"))
	assert.NilError(t, err)
	for _, run := range runs {
		found.Runs = append(found.Runs, run.Name())
	}
	return found
}

// resources are those in the stack's state, by URN.
func (s *sandbox) resources(t *testing.T) map[string]any {
	t.Helper()
	var state struct {
		Deployment struct {
			Resources []map[string]any
		}
	}
	s.query(t, &state, "pulumi", "stack", "export")
	found := map[string]any{}
	for _, each := range state.Deployment.Resources {
		if each["type"] == "pulumi:pulumi:StackReference" {
			continue // the stack reads itself at every run
		}
		found[each["urn"].(string)] = map[string]any{"id": each["id"], "modified": each["modified"]}
	}
	return found
}

// memory is where the runner keeps what it knows of the stack's cluster, seen from outside of its machine.
func (s *sandbox) memory(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(s.Path("hosts", "*", "root", "var", "lib", "exchange-platform", "kubespray", s.stack))
	assert.NilError(t, err)
	assert.Equal(t, len(found), 1, "runners: %v", found)
	return found[0]
}

// given brings about what has to be so for a refusal; the function it returns takes that back.
func (s *sandbox) given(t *testing.T, given string) (takeBack func()) {
	t.Helper()
	state := filepath.Join(s.memory(t), "state.json")
	switch given {
	case "":
		return func() {}
	case "one disruption budget covers pods on both and allows one disruption":
		s.apply(t, spreadWeb)
		s.kubectl(t, "rollout", "status", "deployment/web", "--namespace=rehearsal", "--timeout=60s")
		s.kubectl(t, "wait", "poddisruptionbudget/web", "--namespace=rehearsal", "--for=jsonpath={.status.disruptionsAllowed}=1", "--timeout=60s")
		return func() { s.kubectl(t, "delete", "namespace", "rehearsal") }
	case "the only copy of a workload's data lies on it":
		s.ledger(t, 1, "arvan-prod-w4")
		return func() { s.kubectl(t, "delete", "namespace", "rehearsal") }
	case "another cluster of the same runner has a node of the same name":
		other := filepath.Join(filepath.Dir(s.memory(t)), "other")
		assert.NilError(t, os.Mkdir(other, 0o700))
		assert.NilError(t, os.WriteFile(filepath.Join(other, "state.json"),
			[]byte(`{"revision": 1, "shape": {"cluster": "other", "nodes": [{"name": "arvan-prod-w1"}]}}`), 0o600))
		return func() { assert.NilError(t, os.RemoveAll(other)) }
	case "the runner has lost what it knew":
		assert.NilError(t, os.Rename(state, state+".lost"))
		return func() { assert.NilError(t, os.Rename(state+".lost", state)) }
	}
	t.Fatalf("nobody knows how to bring about: %s", given)
	return nil
}

// ledger is a workload that keeps data in volumes of its own: one member on this worker, the others elsewhere.
func (s *sandbox) ledger(t *testing.T, members int, worker string) {
	t.Helper()
	s.apply(t, fmt.Sprintf(ledger, members, worker))
	s.kubectl(t, "rollout", "status", "statefulset/ledger", "--namespace=rehearsal", "--timeout=60s")
}

const ledger = `
apiVersion: v1
kind: Namespace
metadata: {name: rehearsal}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ledger, namespace: rehearsal}
spec:
  replicas: %d
  serviceName: ledger
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      affinity:
        nodeAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              preference:
                matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [%s]}]
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: ledger}}}
      containers: [{name: ledger, image: ledger, volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], storageClassName: local-path, resources: {requests: {storage: 1Gi}}}
`

// spreadWeb runs a pod on each of two workers, of which one at a time may go.
const spreadWeb = `
apiVersion: v1
kind: Namespace
metadata: {name: rehearsal}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: rehearsal}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: rehearsal}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [arvan-prod-w3, arvan-prod-w4]}]
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}
      containers: [{name: web, image: web}]
`

func (s *sandbox) apply(t *testing.T, objects string) {
	t.Helper()
	environ, err := s.Environ(s.stack)
	assert.NilError(t, err)
	cmd := exec.Command(s.Binary("kubectl"), "apply", "--filename", "-")
	cmd.Env, cmd.Stdin = environ, strings.NewReader(objects)
	output, err := s.execute(t, cmd)
	assert.NilError(t, err, output)
}

func (s *sandbox) kubectl(t *testing.T, arguments ...string) {
	t.Helper()
	output, err := s.tool(t, nil, "kubectl", arguments...)
	assert.NilError(t, err, output)
}
