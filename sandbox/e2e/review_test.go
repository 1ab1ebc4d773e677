//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"github.com/iransre/exchange-platform/internal/refusals"
	"github.com/iransre/exchange-platform/internal/review"
	"github.com/iransre/exchange-platform/internal/review/helm"
	"github.com/iransre/exchange-platform/internal/review/recorded"
	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/charts"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// What the program of today plans for the changes whose reviews are held by tests (internal/review/testdata) is as bad as a person has
// judged, and the first line still names it; -update previews all of them and records that. They need no machine and no cluster: what they ask is the
// cloud's API and the charts.
func TestRecordedPreviews(t *testing.T) {
	beside(t, time.Minute)
	rules, err := review.Default()
	assert.NilError(t, err)
	changes, err := recorded.Read("../..")
	assert.NilError(t, err)
	s := newSandbox(t, "e2e-reviews", "prod")
	s.serveForPreviews(t)
	bases := map[string]*review.Preview{}
	for _, change := range changes {
		if !change.Live && !golden.FlagUpdate() {
			continue // each takes seconds
		}
		t.Run(change.Name, func(t *testing.T) {
			whole := s.previewOfChange(t, change)
			made := whole
			base := bases[change.State]
			switch {
			case len(change.Changes) == 0: // as it is
			case base == nil:
				base = s.previewOfChange(t, recorded.Change{Name: change.State, State: change.State})
				bases[change.State] = base
				fallthrough
			default:
				made = recorded.Beyond(made, base)
			}
			s.render(t, made, whole)
			if golden.FlagUpdate() {
				text, err := recorded.Marshal(made)
				assert.NilError(t, err)
				_, theirs := stateOf(t, change)
				assert.NilError(t, os.WriteFile(change.Preview("../.."), s.from(text, theirs), 0o644))
			}
			assert.NilError(t, change.Judge(rules.Make(change.Stack(), made, review.Source{})))
		})
	}
}

// serveForPreviews serves the cloud's API and the charts, and nothing else of a world.
func (s *sandbox) serveForPreviews(t *testing.T) {
	t.Helper()
	cloud, err := emulator.New(emulator.Options{})
	assert.NilError(t, err)
	for port, handler := range map[int]http.Handler{workspace.APIPort: cloud, workspace.FilesPort: charts.Handler("")} {
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", s.Address(1), port))
		assert.NilError(t, err)
		server := &http.Server{Handler: handler}
		go server.Serve(listener) //nolint:errcheck // it ends with the test
		t.Cleanup(func() { assert.NilError(t, server.Close()) })
	}
}

// render adds what becomes of the objects of releases, as ./scripts/review does. The whole preview tells of the cluster.
func (s *sandbox) render(t *testing.T, preview, whole *review.Preview) {
	t.Helper()
	environ, err := s.Environ("prod")
	assert.NilError(t, err)
	told := &review.Preview{Steps: slices.Clone(preview.Steps)}
	for _, step := range whole.Steps {
		step.Op = "same"
		told.Steps = append(told.Steps, step)
	}
	assert.NilError(t, (&helm.Helm{Program: s.Binary("helm"), Root: s.Root, Environ: environ}).Render(t.Context(), told))
	preview.Releases = told.Releases
}

// stateOf is where a change's state is recorded, without an ending, and the address of the sandbox that it was recorded in.
func stateOf(t *testing.T, change recorded.Change) (path, theirs string) {
	t.Helper()
	path = filepath.Join("../../stacks/testdata/states", change.State)
	file, err := os.ReadFile(path + ".yaml")
	assert.NilError(t, err)
	_, rest, _ := strings.Cut(string(file), "endpoint: http://")
	theirs, _, _ = strings.Cut(rest, ":")
	return path, theirs
}

// from is a text of this sandbox with another one's address, and to the other way around.
func (s *sandbox) from(text []byte, theirs string) []byte {
	return bytes.ReplaceAll(text, []byte("//"+s.Address(1).String()+":"), []byte("//"+theirs+":"))
}

func (s *sandbox) to(text []byte, theirs string) []byte {
	return bytes.ReplaceAll(text, []byte("//"+theirs+":"), []byte("//"+s.Address(1).String()+":"))
}

// previewOfChange is what today's program plans for a recorded state with a changed stack file, as the engine says it.
func (s *sandbox) previewOfChange(t *testing.T, change recorded.Change) *review.Preview {
	t.Helper()
	path, theirs := stateOf(t, change)
	state, err := os.ReadFile(path + ".json")
	assert.NilError(t, err)
	file, err := os.ReadFile(path + ".yaml")
	assert.NilError(t, err)
	file, err = refusals.Apply(s.to(file, theirs), change.Changes...)
	assert.NilError(t, err)

	apart := t.TempDir() // where Pulumi may write
	project, err := os.ReadFile(filepath.Join(s.Root, "Pulumi.yaml"))
	assert.NilError(t, err)
	stackFile := filepath.Join(apart, "Pulumi."+change.Stack()+".yaml")
	for path, text := range map[string][]byte{filepath.Join(apart, "Pulumi.yaml"): project, stackFile: file, filepath.Join(apart, "state.json"): s.to(state, theirs)} {
		assert.NilError(t, os.WriteFile(path, text, 0o600))
	}
	environ, err := s.Environ(change.Stack())
	assert.NilError(t, err)
	environ = append(environ, "PULUMI_CONFIG_PASSPHRASE="+recordedPassphrase, "PULUMI_BACKEND_URL=file://"+t.TempDir()+"?metadata=skip",
		"PULUMI_OPTION_CONFIG_FILE="+stackFile, "PULUMI_STACK=")
	pulumi := func(folder string, arguments ...string) ([]byte, error) {
		cmd := exec.Command(s.Binary("pulumi"), append(arguments, "--stack", change.Stack())...)
		cmd.Dir, cmd.Env = folder, environ
		return cmd.Output()
	}
	for _, arguments := range [][]string{{"stack", "init"}, {"stack", "import", "--file", "state.json"}} {
		output, err := pulumi(apart, arguments...)
		assert.NilError(t, err, string(output))
	}
	events := filepath.Join(apart, "events.json")
	logged, more := review.EventLog(events)
	environ = append(environ, more...)
	printed, failure := pulumi(s.Root, append([]string{"preview", "--json", "--non-interactive"}, logged...)...)
	made, err := review.Read(bytes.NewReader(printed))
	assert.NilError(t, err)
	assert.Equal(t, failure != nil, len(made.Errors()) > 0, "%v", failure)
	told, err := os.Open(events)
	assert.NilError(t, err)
	defer told.Close()
	assert.NilError(t, made.TakePrices(told))
	return made
}
