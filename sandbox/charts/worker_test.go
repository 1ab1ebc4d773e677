package charts_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// workerContainer is the worker's container with these values of its own.
func workerContainer(t *testing.T, worker map[string]any) map[string]any {
	t.Helper()
	values := chartutil.CoalesceTables(map[string]any{"worker": worker}, exchangeValues(t, "demo"))
	deployment := find(t, rendered(t, exchange(t), "exchange", values), "Deployment", "exchange-worker")
	containers, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	return containers[0].(map[string]any)
}

// workerProbe is the command of the worker's liveness probe; nil if there is none.
func workerProbe(t *testing.T, worker map[string]any) []string {
	t.Helper()
	command, _, err := unstructured.NestedStringSlice(workerContainer(t, worker), "livenessProbe", "exec", "command")
	assert.NilError(t, err)
	return command
}

// A name that the project does not know ends django-q2 at once: which queues it has is not the chart's to say.
func TestTheWorkerIsToldOfAQueueOnlyIfOneIsNamed(t *testing.T) {
	names := func(worker map[string]any) (found []any) {
		for _, each := range workerContainer(t, worker)["env"].([]any) {
			if variable := each.(map[string]any); variable["name"] == "Q_CLUSTER_NAME" {
				found = append(found, variable["value"])
			}
		}
		return found
	}
	assert.DeepEqual(t, names(map[string]any{}), []any(nil))
	assert.DeepEqual(t, names(map[string]any{"cluster": "withdrawals"}), []any{"withdrawals"})
}

func TestTheWorkersProbeIsOneOfTwoOrNone(t *testing.T) {
	off := map[string]any{"enabled": false}
	assert.Equal(t, workerProbe(t, map[string]any{})[0], "python")
	assert.Equal(t, workerProbe(t, map[string]any{"heartbeat": map[string]any{"enabled": true}})[0], "sh")
	assert.Equal(t, len(workerProbe(t, map[string]any{"processProbe": off})), 0)
}

// The probe's program runs on processes as /proc shows them; they are Django-Q's: 1, its guard 7, and what the guard looks after.
func TestTheWorkersProbeSeesWhichProcessesAreThere(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	command := workerProbe(t, map[string]any{})
	whole := "1 S 0\n7 S 1\n8 S 7\n9 S 7\n10 R 7\n11 S 7\n30 R 0"
	for name, test := range map[string]struct {
		processes string
		healthy   bool
	}{
		"whole":                           {whole, true},
		"a task has a process of its own": {whole + "\n12 Z 10", true},
		"the guard is gone":               {"1 S 0\n8 S 1\n9 S 1\n10 R 1", false},
		"the guard is dead":               {"1 S 0\n7 Z 1", false},
		"all that work are gone":          {"1 S 0\n7 S 1\n8 S 7\n9 S 7", false},
		"a dead one is left lying":        {strings.Replace(whole, "10 R 7", "10 Z 7", 1), false},
		"only the first is left":          {"1 S 0", false},
	} {
		t.Run(name, func(t *testing.T) {
			proc := t.TempDir()
			for line := range strings.Lines(test.processes) {
				pid, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
				assert.NilError(t, os.Mkdir(proc+"/"+pid, 0o755))
				assert.NilError(t, os.WriteFile(proc+"/"+pid+"/stat", []byte(pid+" (a (name) 1) "+rest+" 0 0"), 0o600))
			}
			assert.NilError(t, os.WriteFile(proc+"/uptime", nil, 0o600))
			args := append([]string{}, command[1:]...)
			args[len(args)-1] = strings.ReplaceAll(args[len(args)-1], "/proc", proc)
			out, err := exec.Command(python, args...).CombinedOutput()
			assert.Equal(t, err == nil, test.healthy, "%s", out)
			if !test.healthy {
				assert.Assert(t, strings.Contains(string(out), "Django-Q's processes are not whole"), string(out))
			}
		})
	}
}
