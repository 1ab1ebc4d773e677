package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/internal/review/typed"
)

// The sandbox's tests of the Kubernetes plugin hold this program against a real cluster and Helm. Here is what they do not reach: the account,
// the workflows and the page.

func TestMain(m *testing.M) { typed.Main(m, run) }

// engine is a stand-in for the CLI.
const engine = `#!/bin/sh
set -eu
cd "$(dirname "$0")"
case "$*" in
"stack export --show-secrets --stack prod") cat state.json ;;
"refresh --preview-only --non-interactive --stack prod --event-log "*)
  cp events.json "$7"
  if [ -e fails ]; then echo "error: 401 from the cloud" >&2; exit 255; fi ;;
*) echo "error: no stack named '$5' found" >&2; exit 255 ;;
esac
`

const (
	quiet   = `{"summaryEvent": {}}`
	machine = `{"resOutputsEvent": {"metadata": {"op": "%s", "urn": "urn:pulumi:prod::p::arvancloud:iaas:Server::w1", "type": "arvancloud:iaas:Server",
		"old": {"inputs": {"plan": "g2-4-2-0", "token": "hunter2"}, "outputs": {"plan": "g2-4-2-0"}},
		"new": {"inputs": {"plan": "g2-8-4-0", "token": "hunter3"}, "outputs": {"plan": "g2-8-4-0"}}}}} {"summaryEvent": {}}`
)

// world is the stand-in, and a cluster of one Namespace; it returns what is written there.
func world(t *testing.T, events string) (folder string, written *[]string) {
	t.Helper()
	written = &[]string{}
	namespace := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "web"}}
	answer := func(w http.ResponseWriter, value any) { assert.Check(t, json.NewEncoder(w).Encode(value)) }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"resources": []any{map[string]any{"name": "namespaces", "kind": "Namespace"}}})
	})
	mux.HandleFunc("GET /apis/coordination.k8s.io/v1", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"resources": []any{map[string]any{"name": "leases", "kind": "Lease", "namespaced": true}}})
	})
	mux.HandleFunc("/api/v1/namespaces/web", func(w http.ResponseWriter, _ *http.Request) { answer(w, namespace) })
	mux.HandleFunc("PATCH /apis/coordination.k8s.io/v1/namespaces/monitoring/leases/exchange-platform-drift", func(w http.ResponseWriter, r *http.Request) {
		var text bytes.Buffer
		_, err := text.ReadFrom(r.Body)
		assert.Check(t, err)
		*written = append(*written, text.String())
		answer(w, map[string]any{})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	kubeconfig := `{"current-context": "it", "contexts": [{"name": "it", "context": {"cluster": "it", "user": "admin"}}],
		"clusters": [{"name": "it", "cluster": {"server": "` + server.URL + `"}}], "users": [{"name": "admin", "user": {"token": "hunter4"}}]}`
	state, err := json.Marshal(map[string]any{"deployment": map[string]any{"resources": []any{
		map[string]any{"type": "pulumi:pulumi:Stack", "urn": "a::s", "outputs": map[string]any{"kubeconfig": kubeconfig}},
		map[string]any{"type": "kubernetes:core/v1:Namespace", "urn": "a::b", "inputs": namespace},
	}}})
	assert.NilError(t, err)
	folder = t.TempDir()
	for name, text := range map[string]string{"pulumi": engine, "state.json": string(state), "events.json": events} {
		assert.NilError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o755))
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return folder, written
}

func runDrift(t *testing.T, arguments ...string) (text string, code int, err error) {
	t.Helper()
	var out, help bytes.Buffer
	code, err = run(t.Context(), arguments, &out, &help)
	return out.String() + help.String(), code, err
}

func TestNothing(t *testing.T) {
	_, written := world(t, quiet)
	for range 3 { // nights
		report, code, err := runDrift(t, "--record", "prod")
		assert.NilError(t, err)
		assert.Equal(t, code, 0, report)
		assert.Check(t, is.Contains(report, "### `prod`: nothing is otherwise than the program wants\n"))
	}
	assert.Equal(t, len(*written), 3)
	assert.Check(t, is.Contains((*written)[2], `"holderIdentity":"none"`))
}

func TestTheAccount(t *testing.T) {
	for op, says := range map[string]string{
		"update": "- `w1 (arvancloud:iaas:Server)`\n  - `plan` is `g2-8-4-0`, not `g2-4-2-0`\n",
		"delete": "- `w1 (arvancloud:iaas:Server)`\n  - it is gone\n",
	} {
		t.Run(op, func(t *testing.T) {
			_, written := world(t, fmt.Sprintf(machine, op))
			report, code, err := runDrift(t, "--record", "prod")
			assert.NilError(t, err)
			assert.Equal(t, code, found)
			assert.Check(t, is.Contains(report, says))
			assert.Check(t, is.Contains(report, "  - undo: `pulumi up --refresh --stack prod --target urn:pulumi:prod::p::arvancloud:iaas:Server::w1`\n"))
			assert.Check(t, !strings.Contains(report, "hunter"), report)
			assert.Check(t, is.Contains((*written)[0], `"holderIdentity":"found"`))
		})
	}
	t.Run("the same", func(t *testing.T) {
		world(t, fmt.Sprintf(machine, "same"))
		_, code, err := runDrift(t, "prod")
		assert.NilError(t, err)
		assert.Equal(t, code, 0)
	})
}

// What cannot be asked is no "nothing".
func TestWhatCannotBeAsked(t *testing.T) {
	for name, events := range map[string]string{"cut short": ``, "refused": quiet} {
		t.Run(name, func(t *testing.T) {
			folder, written := world(t, events)
			if name == "refused" {
				assert.NilError(t, os.WriteFile(filepath.Join(folder, "fails"), nil, 0o644))
			}
			report, code, err := runDrift(t, "--record", "prod")
			assert.NilError(t, err)
			assert.Equal(t, code, failed)
			assert.Check(t, is.Contains(report, "**not everything could be compared**, so nobody knows"))
			assert.Check(t, is.Contains((*written)[0], `"holderIdentity":"unknown"`))
		})
	}
	world(t, quiet)
	_, code, err := runDrift(t, "demo")
	assert.Equal(t, code, failed)
	assert.ErrorContains(t, err, "no stack named 'demo' found")
	_, code, err = runDrift(t)
	assert.Equal(t, code, failed)
	assert.ErrorContains(t, err, "which stack?")
}

// The workflows' lines are what the page and the runbooks say, and work as they stand there.
func TestTheLinesPeopleCopy(t *testing.T) {
	const examples = "../../examples/ci/"
	gitHub, _ := typed.ReadWorkflow(t, examples+"github/drift.yaml")
	var gitLab map[string]struct{ Script []string }
	text, err := os.ReadFile(examples + "gitlab/drift.gitlab-ci.yml")
	assert.NilError(t, err)
	assert.NilError(t, yaml.Unmarshal(text, &gitLab))
	for name, lines := range map[string]string{
		"GitHub": gitHub.Script(t, "drift", "Compare") + "\n" + gitHub.Script(t, "drift", "Say how it ended"),
		"GitLab": strings.Join(gitLab["drift"].Script, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			world(t, fmt.Sprintf(machine, "update"))
			folder := t.TempDir()
			assert.NilError(t, os.Mkdir(filepath.Join(folder, "scripts"), 0o755))
			assert.NilError(t, os.WriteFile(filepath.Join(folder, "scripts", "post-review"), []byte("#!/bin/sh\necho \"$*\" >posted\n"), 0o755))
			output, err := typed.Bash(t, folder, "drift", lines, "STACK=prod", "DRIFT_ISSUE=12")
			ended := &exec.ExitError{}
			assert.Assert(t, errors.As(err, &ended), output)
			assert.Equal(t, ended.ExitCode(), found, output)
			report, err := os.ReadFile(filepath.Join(folder, "drift.md"))
			assert.NilError(t, err)
			assert.Check(t, is.Contains(string(report), "w1"))
			if name == "GitLab" {
				posted, err := os.ReadFile(filepath.Join(folder, "posted"))
				assert.NilError(t, err)
				assert.Equal(t, string(posted), "--comment drift.md --issue 12 prod\n")
			}
		})
	}
	for page, least := range map[string]int{"reviews.md": 3, "runbooks/DriftFound.md": 1, "runbooks/DriftIsNotLookedFor.md": 1} {
		text, err := os.ReadFile("../../docs/" + page)
		assert.NilError(t, err)
		count := 0
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			if !strings.HasPrefix(line, "./scripts/drift ") {
				continue
			}
			count++
			world(t, quiet)
			output, err := typed.Bash(t, t.TempDir(), "drift", strings.ReplaceAll(line, "apps/v1/Deployment/exchange/exchange-web", "v1/Namespace/web"))
			assert.NilError(t, err, "%s: %s", line, output)
		}
		assert.Assert(t, count >= least, "%s: %d commands", page, count)
	}
}
