//go:build e2e

package e2e

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
	"sigs.k8s.io/yaml"
)

// The states under stacks/testdata/states were left by earlier versions of the program in sandboxes whose passphrase this is.
// docs/development.md says how one more is recorded.
const recordedPassphrase = "a recorded state"

// leaving are the operations after which a resource is not there any more, or is another one.
var leaving = []string{"delete", "replace", "create-replacement", "delete-replaced", "discard", "discard-replaced", "read-replacement"}

// mayLeave are the resources of recorded states that today's program gives up, with the reason.
var mayLeave = map[string]string{
	"pulumi:pulumi:StackReference::last": "the stack reads what it remembers from its own state now; this was a reading of it, and nothing stands behind it",
	"::postgres-drill-account":           drillsAccount,
	"::postgres-drill-role":              drillsAccount,
	"::postgres-drill-binding":           drillsAccount,
}

const drillsAccount = "the operator took these over, as they had the name of the drill's cluster; they keep nothing"

// planned is what a preview plans: a step for each resource that does not stay as it is, and how many there are of each kind.
type planned struct {
	Steps         []struct{ Op, URN string }
	ChangeSummary map[string]int
}

// No update of the program replaces or deletes anything of an environment that an earlier version made.
func TestEarlierStatesAreNeitherReplacedNorDeleted(t *testing.T) {
	beside(t, time.Minute)
	states, err := filepath.Glob("../../stacks/testdata/states/*.json")
	assert.NilError(t, err)
	assert.Assert(t, len(states) >= 2, "no recorded states")
	for _, state := range states {
		name := strings.TrimSuffix(filepath.Base(state), ".json")
		stack, _, _ := strings.Cut(name, "-")
		t.Run(name, func(t *testing.T) {
			s := newSandbox(t, "e2e-states", stack)
			s.must(t, "preview", stack) // makes the world; the recorded one is gone
			planned := s.previewOf(t, state)
			assert.Assert(t, planned.ChangeSummary["same"] > 20, "the state was not taken: %v", planned)
			for _, step := range planned.Steps {
				if reason := mayLeaveFor(step.URN); reason == "" && slices.Contains(leaving, step.Op) {
					t.Errorf("%s of %s", step.Op, step.URN)
				}
			}
		})
	}
}

func mayLeaveFor(urn string) string {
	for end, reason := range mayLeave {
		if strings.HasSuffix(urn, end) {
			return reason
		}
	}
	return ""
}

// previewOf is what today's program plans for a recorded state, with the stack file of that time.
func (s *sandbox) previewOf(t *testing.T, state string) planned {
	t.Helper()
	file := s.stackFileOf(t, strings.TrimSuffix(state, ".json")+".yaml")
	environ, err := s.Environ(s.stack)
	assert.NilError(t, err)
	environ = append(environ,
		"PULUMI_CONFIG_PASSPHRASE="+recordedPassphrase, "PULUMI_BACKEND_URL=file://"+t.TempDir(), "PULUMI_OPTION_CONFIG_FILE="+file)
	pulumi := func(folder string, arguments ...string) []byte {
		cmd := exec.Command(s.Binary("pulumi"), arguments...)
		cmd.Dir, cmd.Env = folder, environ
		output, err := cmd.Output()
		assert.NilError(t, err, "pulumi %v: %s", arguments, strings.Join(lines(string(output), `"message"`), "\n"))
		return output
	}
	state, err = filepath.Abs(state)
	assert.NilError(t, err)
	// in a folder of its own, because a stack that is made writes its salt into the stack file beside Pulumi.yaml
	project, err := os.ReadFile(filepath.Join(s.Root, "Pulumi.yaml"))
	assert.NilError(t, err)
	apart := filepath.Dir(file)
	assert.NilError(t, os.WriteFile(filepath.Join(apart, "Pulumi.yaml"), project, 0o600))
	environ = append(environ, "PULUMI_STACK=")
	pulumi(apart, "stack", "init", s.stack)
	pulumi(apart, "stack", "import", "--stack", s.stack, "--file", state)
	var plan planned
	assert.NilError(t, json.Unmarshal(pulumi(s.Root, "preview", "--stack", s.stack, "--json", "--non-interactive"), &plan))
	return plan
}

// stackFileOf is a recorded stack file that leads to this sandbox's world. Everything else in it is as its user wrote it.
func (s *sandbox) stackFileOf(t *testing.T, path string) string {
	t.Helper()
	read := func(path string) (file map[string]any) {
		text, err := os.ReadFile(path)
		assert.NilError(t, err)
		assert.NilError(t, yaml.Unmarshal(text, &file))
		return file
	}
	file, today := read(path), read(s.StackFile(s.stack))
	for _, key := range [][]string{{"cloud", "endpoint"}, {"mirrors", "charts"}, {"kubernetes", "kubespray", "archive"}} {
		if value, there := at(today, key); there {
			from, last := parent(file, key)
			from[last] = value
		}
	}
	text, err := yaml.Marshal(file)
	assert.NilError(t, err)
	made := filepath.Join(t.TempDir(), "Pulumi."+s.stack+".yaml")
	assert.NilError(t, os.WriteFile(made, text, 0o600))
	return made
}

// at is the value of a key of the project in a stack file.
func at(file map[string]any, key []string) (any, bool) {
	below, last := parent(file, key)
	value, there := below[last]
	return value, there
}

// parent is the map in which the last part of a key stands; an empty one if there is none.
func parent(file map[string]any, key []string) (map[string]any, string) {
	path := append([]string{"config", "exchange-platform:" + key[0]}, key[1:]...)
	for _, part := range path[:len(path)-1] {
		file, _ = file[part].(map[string]any)
	}
	if file == nil {
		file = map[string]any{}
	}
	return file, path[len(path)-1]
}
