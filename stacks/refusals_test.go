package stacks

import (
	"archive/tar"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/refusals"
)

// Each unsafe edit is refused with the message that docs/cluster.md shows. That nothing is touched in a running cluster is
// shown in sandbox/e2e.
func TestUnsafeEditsAreRefused(t *testing.T) {
	table, err := refusals.All()
	assert.NilError(t, err)
	prod, err := os.ReadFile("../Pulumi.prod.yaml")
	assert.NilError(t, err)
	base := edited(t, prod, table.Base)
	cfg, err := Load(project, stackFile(t, base))
	assert.NilError(t, err)
	running := &last{cluster: stateOf(t, deployedWith(t, cfg)), settled: settled(cfg)}

	for _, refusal := range table.Refused {
		if refusal.By != refusals.Program {
			continue
		}
		t.Run(refusal.Edit, func(t *testing.T) {
			text, err := os.ReadFile(base)
			assert.NilError(t, err)
			err = judged(t, edited(t, text, refusal.Changes), running)
			assert.Assert(t, err != nil, "accepted")
			assert.Assert(t, strings.Contains(err.Error(), "nothing was"), "it does not say that nothing was touched: %v", err)
			assert.DeepEqual(t, reasons(err), refusal.Says)
		})
	}
}

// judged is what the program says of a stack file before it registers anything.
func judged(t *testing.T, path string, running *last) error {
	t.Helper()
	cfg, err := Load(project, stackFile(t, path))
	if err != nil {
		return err
	}
	return refuse("prod", cfg, running)
}

// reasons are the lines below the first one, without what makes a list of them.
func reasons(err error) []string {
	var lines []string
	for _, line := range strings.Split(err.Error(), "\n")[1:] {
		lines = append(lines, strings.TrimPrefix(strings.TrimSpace(line), "- "))
	}
	return lines
}

func edited(t *testing.T, text []byte, changes []refusals.Change) string {
	t.Helper()
	changed, err := refusals.Apply(text, changes...)
	assert.NilError(t, err)
	path := filepath.Join(t.TempDir(), "Pulumi.prod.yaml")
	assert.NilError(t, os.WriteFile(path, changed, 0o600))
	return path
}

// stateOf is what an update of these resources would have left: the cluster as the uploaded bundle wants it.
func stateOf(t *testing.T, recording *mocktest.Recording) string {
	t.Helper()
	packed := recording.Get(t, mocktest.Stack+"-cluster-bundle").Inputs["stdin"].SecretValue().Element.StringValue()
	for files := tar.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed))); ; {
		header, err := files.Next()
		assert.Assert(t, !errors.Is(err, io.EOF), "the bundle has no wanted.json")
		assert.NilError(t, err)
		if header.Name != "wanted.json" {
			continue
		}
		shape, err := io.ReadAll(files)
		assert.NilError(t, err)
		state, err := json.Marshal(map[string]any{"state": map[string]any{"revision": 1, "shape": json.RawMessage(shape)}})
		assert.NilError(t, err)
		return string(state)
	}
}
