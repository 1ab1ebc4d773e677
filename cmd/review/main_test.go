package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/review"
)

// engine is a stand-in for the CLI: it prints what lies in its folder, and the second state where there is one.
const engine = `#!/bin/sh
set -eu
cd "$(dirname "$0")"
echo "$*" >>calls
case "$*" in
"stack export --stack prod")
  if [ -e asked ] && [ -e later.json ]; then cat later.json; else cat state.json; fi
  : >asked ;;
"stack export --show-secrets --stack prod") cat secrets.json ;;
"preview --json --non-interactive --stack prod --event-log "*)
  cat preview.json
  if [ -e events.json ]; then cat events.json >"$7"; fi
  if [ -e fails ]; then echo "error: preview failed" >&2; exit 255; fi ;;
"up "*) ;;
*) echo "error: no stack named '$4' found" >&2; exit 255 ;;
esac
`

const (
	someState = `{"deployment": {"manifest": {"time": "2026-11-26T16:33:56.765712739Z"}, "resources": [{"urn": "a"}]}}`
	nextState = `{"deployment": {"manifest": {"time": "2026-11-26T16:34:00Z"}, "resources": [{"urn": "a"}, {"urn": "b"}]}}`
	removal   = `{"steps": [{"op": "delete", "urn": "urn:pulumi:prod::p::arvancloud:storage:Volume::w1-data",
  "oldState": {"type": "arvancloud:storage:Volume", "custom": true}}], "changeSummary": {"delete": 1}}`
	refusal = `{"diagnostics": [{"severity": "error", "message": "error: stack prod: refused, nothing was touched:\n  - no"}]}`
)

// withEngine puts the stand-in onto PATH with these files beside it.
func withEngine(t *testing.T, files map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	files["pulumi"] = engine
	for name, text := range files {
		assert.NilError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o755))
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return folder
}

func runReview(t *testing.T, arguments ...string) (comment string, code int, err error) {
	t.Helper()
	var out, help bytes.Buffer
	code, err = run(t.Context(), arguments, &out, &help)
	return out.String() + help.String(), code, err
}

func TestAStackIsReviewed(t *testing.T) {
	folder := withEngine(t, map[string]string{"state.json": someState, "preview.json": removal})
	comment, code, err := runReview(t, "prod")
	assert.NilError(t, err)
	assert.Equal(t, code, 0)
	assert.Check(t, is.Contains(comment, review.Mark("prod")+"\n### `prod`: **data is deleted or replaced**: `w1-data` (Volume) deleted"))
	assert.Check(t, is.Contains(comment, " of 2026-11-26T16:33:56."))
	calls, err := os.ReadFile(filepath.Join(folder, "calls"))
	assert.NilError(t, err)
	assert.Equal(t, strings.Count(string(calls), "preview"), 1)

	_, code, err = runReview(t, "--gate", "exposure", "prod")
	assert.NilError(t, err)
	assert.Equal(t, code, 26)

	path := filepath.Join(t.TempDir(), "comment.md")
	printed, code, err := runReview(t, "--out", path, "--gate", "data", "--preview", filepath.Join(folder, "preview.json"), "prod")
	assert.NilError(t, err)
	assert.Equal(t, code, 26)
	assert.Equal(t, printed, "")
	written, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.Check(t, is.Contains(string(written), "w1-data"))
	assert.Check(t, is.Contains(string(written), "<sub>Made elsewhere, from a commit and a state that the preview does not say; "))

	_, _, err = runReview(t, "--counts", path, "prod")
	assert.NilError(t, err)
	written, err = os.ReadFile(path)
	assert.NilError(t, err)
	assert.Equal(t, string(written), "{\n  \"create\": 0,\n  \"update\": 0,\n  \"delete\": 1\n}\n")
}

// Files are named from where one is, and the preview is of the checkout.
func TestFilesAreNamedFromWhereOneIs(t *testing.T) {
	folder := withEngine(t, map[string]string{"state.json": someState, "preview.json": removal})
	where := strings.Replace(engine, `cd "$(dirname "$0")"`, `root=$PWD; cd "$(dirname "$0")"; echo "$root" >where`, 1)
	assert.NilError(t, os.WriteFile(filepath.Join(folder, "pulumi"), []byte(where), 0o755))
	checkout, elsewhere := t.TempDir(), t.TempDir()
	t.Chdir(elsewhere)
	_, _, err := runReview(t, "--root", checkout, "--out", "review.md", "prod")
	assert.NilError(t, err)
	_, err = os.Stat(filepath.Join(elsewhere, "review.md"))
	assert.NilError(t, err)
	asked, err := os.ReadFile(filepath.Join(folder, "where"))
	assert.NilError(t, err)
	assert.Equal(t, string(asked), checkout+"\n")
}

// What a new machine costs is not in the preview itself.
func TestPricesAreTakenFromTheEvents(t *testing.T) {
	const machine = `"urn": "urn:pulumi:prod::p::arvancloud:iaas:Server::w5"`
	withEngine(t, map[string]string{
		"state.json": someState,
		"preview.json": `{"steps": [{"op": "create", ` + machine + `, "newState": {"type": "arvancloud:iaas:Server", "custom": true}}],
			"changeSummary": {"create": 1}}`,
		"events.json": `{"sequence": 1, "resourcePreEvent": {"metadata": {` + machine + `}}}
			{"sequence": 2, "resOutputsEvent": {"metadata": {` + machine + `, "new": {"outputs": {"pricePerMonth": 30096000}}}}}`,
	})
	comment, _, err := runReview(t, "prod")
	assert.NilError(t, err)
	assert.Check(t, is.Contains(comment, "1 new. A month costs 30,096,000 rials more."))
}

func TestAPriceThatIsNotToldIsNotKnown(t *testing.T) {
	withEngine(t, map[string]string{
		"state.json": someState,
		"preview.json": `{"steps": [{"op": "create", "urn": "urn:pulumi:prod::p::arvancloud:iaas:Server::w5",
			"newState": {"type": "arvancloud:iaas:Server", "custom": true}}], "changeSummary": {"create": 1}}`,
	})
	comment, _, err := runReview(t, "prod")
	assert.NilError(t, err)
	assert.Check(t, is.Contains(comment, "What a month costs more is not known of `w5`."))
}

// A preview takes no lock, so somebody may have updated the stack meanwhile.
func TestAPreviewOfTwoStatesIsNone(t *testing.T) {
	withEngine(t, map[string]string{"state.json": someState, "later.json": nextState, "preview.json": removal})
	comment, code, err := runReview(t, "prod")
	assert.ErrorContains(t, err, "somebody updated the stack prod while it was previewed")
	assert.Equal(t, code, 1)
	assert.Equal(t, comment, "")
}

func TestARefusedChangeIsReviewedToo(t *testing.T) {
	withEngine(t, map[string]string{"state.json": someState, "preview.json": refusal, "fails": ""})
	comment, code, err := runReview(t, "prod")
	assert.NilError(t, err)
	assert.Equal(t, code, review.Failed)
	assert.Check(t, is.Contains(comment, "**the preview failed**: stack prod: refused, nothing was touched:"))
}

func TestWhatCannotBeReviewedSaysWhy(t *testing.T) {
	withEngine(t, map[string]string{"state.json": someState, "preview.json": "Previewing"})
	for _, test := range []struct {
		arguments []string
		says      string
	}{
		{[]string{}, "which stack?"},
		{[]string{"prod", "--gate", "data"}, "options stand before it"},
		{[]string{"--gate", "awful", "prod"}, `--gate: there is no rank "awful"`},
		{[]string{"--preview", "/nowhere", "prod"}, "/nowhere"},
		{[]string{"prod"}, "not what `pulumi preview --json` prints"},
		{[]string{"other"}, "pulumi stack export --stack other: exit status 255"},
	} {
		_, code, err := runReview(t, test.arguments...)
		assert.Check(t, is.ErrorContains(err, test.says), "%v", test.arguments)
		assert.Check(t, is.Equal(code, 1))
	}
}

func TestHelpTellsTheExitCodes(t *testing.T) {
	said, code, _ := runReview(t, "--help")
	assert.Equal(t, code, 0)
	for _, line := range []string{"usage: ./scripts/review [options] STACK", "  26 data: data is deleted or replaced", "-gate rank"} {
		assert.Check(t, is.Contains(said, line))
	}
}

// The update of an approved change makes its own preview first.
func TestTheGateOfAnApprovedChange(t *testing.T) {
	folder := withEngine(t, map[string]string{"state.json": someState, "preview.json": removal})
	approved := filepath.Join(t.TempDir(), "approved.json")
	_, code, err := runReview(t, "--approve", approved, "prod")
	assert.NilError(t, err)
	assert.Equal(t, code, 0)
	_, code, err = runReview(t, "--against", approved, "prod")
	assert.NilError(t, err)
	assert.Equal(t, code, 0)

	more := strings.Replace(removal, `"steps": [`, `"steps": [{"op": "delete", "urn": "urn:pulumi:prod::p::arvancloud:storage:Volume::w2-data",
		"oldState": {"type": "arvancloud:storage:Volume", "custom": true}}, `, 1)
	assert.NilError(t, os.WriteFile(filepath.Join(folder, "preview.json"), []byte(more), 0o644))
	_, code, err = runReview(t, "--against", approved, "prod")
	assert.Equal(t, code, review.Unapproved)
	assert.ErrorContains(t, err, "`w2-data` (Volume) is deleted, which was not approved")

	_, code, err = runReview(t, "--against", filepath.Join(folder, "state.json"), "prod")
	assert.Equal(t, code, 1)
	assert.ErrorContains(t, err, "not of prod")
	_, code, err = runReview(t, "--against", "/nowhere", "prod")
	assert.Equal(t, code, 1)
	assert.ErrorContains(t, err, "/nowhere")
}

// It would delete what is protected, whatever the preview said.
func TestProtectionIsNotIgnored(t *testing.T) {
	withEngine(t, map[string]string{"state.json": someState, "preview.json": removal})
	approved := filepath.Join(t.TempDir(), "approved.json")
	_, _, err := runReview(t, "--approve", approved, "prod")
	assert.NilError(t, err)
	t.Setenv(ignoreProtect, "true")
	_, code, err := runReview(t, "--against", approved, "prod")
	assert.Equal(t, code, review.Unapproved)
	assert.ErrorContains(t, err, "PULUMI_OPTION_IGNORE_PROTECT is set")
}
