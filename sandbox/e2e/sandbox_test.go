//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// sandbox is a sandbox of its own, beside the one a developer may have running in the same checkout.
type sandbox struct {
	*workspace.Workspace
	// stack is the one that lives in it.
	stack string
	// said is everything that any command printed.
	said bytes.Buffer
}

func newSandbox(t *testing.T, name, stack string) *sandbox {
	t.Helper()
	w, err := workspace.Named(name)
	assert.NilError(t, err)
	s := &sandbox{Workspace: w, stack: stack}
	s.down(t)
	assert.NilError(t, os.RemoveAll(w.Dir))
	s.Workspace, err = workspace.Named(name)
	assert.NilError(t, err)
	t.Cleanup(func() {
		s.down(t)
		if !t.Failed() {
			assert.NilError(t, os.RemoveAll(w.Dir))
		}
	})
	return s
}

func (s *sandbox) down(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	assert.NilError(t, world.Stop(ctx, s.Workspace))
}

// run runs the sandbox's command and returns what it printed.
func (s *sandbox) run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	return s.execute(t, exec.Command(s.Binary("sandbox"), arguments...))
}

// must is run for a command that has to succeed.
func (s *sandbox) must(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := s.run(t, arguments...)
	assert.NilError(t, err, output)
	return output
}

// tool runs pulumi or kubectl as `sandbox env` sets them up, with more variables laid over.
func (s *sandbox) tool(t *testing.T, variables map[string]string, name string, arguments ...string) (string, error) {
	t.Helper()
	environ, err := s.Environ(s.stack)
	assert.NilError(t, err)
	for key, value := range variables {
		environ = append(environ, key+"="+value)
	}
	cmd := exec.Command(s.Binary(name), arguments...)
	cmd.Env = environ
	return s.execute(t, cmd)
}

func (s *sandbox) execute(t *testing.T, cmd *exec.Cmd) (string, error) {
	t.Helper()
	var output bytes.Buffer
	if cmd.Env == nil {
		cmd.Env = append(os.Environ(), "SANDBOX_NAME="+s.Name)
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Root, &output, &output
	err := cmd.Run()
	s.said.Write(output.Bytes())
	return output.String(), err
}

// query runs a command that prints JSON on its standard output, which is not kept: it may hold secrets on purpose.
func (s *sandbox) query(t *testing.T, into any, name string, arguments ...string) {
	t.Helper()
	environ, err := s.Environ(s.stack)
	assert.NilError(t, err)
	cmd := exec.Command(s.Binary(name), arguments...)
	cmd.Dir, cmd.Env = s.Root, environ
	output, err := cmd.Output()
	assert.NilError(t, err, "%s %v", name, arguments)
	assert.NilError(t, json.Unmarshal(output, into), "%s %v printed %s", name, arguments, output)
}

// stackFileWith is a copy of the sandbox's stack file in which one section has more keys.
func (s *sandbox) stackFileWith(t *testing.T, section string, keys map[string]any) string {
	t.Helper()
	text, err := os.ReadFile(s.StackFile(s.stack))
	assert.NilError(t, err)
	var file map[string]map[string]any
	// the salt stands beside "config"; it is kept as it is
	var whole map[string]any
	assert.NilError(t, yaml.Unmarshal(text, &whole))
	encoded, err := json.Marshal(map[string]any{"config": whole["config"]})
	assert.NilError(t, err)
	assert.NilError(t, json.Unmarshal(encoded, &file))
	values, ok := file["config"]["exchange-platform:"+section].(map[string]any)
	if !ok {
		values = map[string]any{}
	}
	maps.Copy(values, keys)
	file["config"]["exchange-platform:"+section] = values
	whole["config"] = file["config"]
	changed, err := yaml.Marshal(whole)
	assert.NilError(t, err)
	path := filepath.Join(t.TempDir(), "Pulumi.demo.yaml")
	assert.NilError(t, os.WriteFile(path, changed, 0o600))
	return path
}

// cloud is what the emulator holds of each kind, by kind; kinds that hold nothing are left out.
func (s *sandbox) cloud(t *testing.T) map[string]any {
	t.Helper()
	response, err := http.Get(s.APIURL() + "/_emulator/state")
	assert.NilError(t, err)
	defer response.Body.Close()
	var state map[string]any
	assert.NilError(t, json.NewDecoder(response.Body).Decode(&state))
	return state
}

// lines are the lines of text that hold part.
func lines(text, part string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}
