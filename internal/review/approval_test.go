package review_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/review"
)

const releases = "kubernetes:helm.sh/v3:Release"

func values(image string) map[string]any {
	return map[string]any{"values": map[string]any{"image": map[string]any{"tag": image}, "password": image}}
}

func made(t *testing.T, steps ...review.Step) *review.Review {
	t.Helper()
	return rules(t).Make("prod", &review.Preview{Steps: steps}, review.Source{Commit: "0123456789ab"})
}

func TestWhatWasApprovedMayBeDone(t *testing.T) {
	update := step("update", releases, "exchange-release", values("1.0.0"), values("1.0.1"))
	added := step("create", "arvancloud:iaas:Server", "arvan-prod-w5", nil, map[string]any{})
	approved, err := made(t, update, added).Approval()
	assert.NilError(t, err)
	text, err := json.Marshal(approved)
	assert.NilError(t, err)
	assert.Check(t, !strings.Contains(string(text), "1.0.1"), "a value is in it: %s", text)

	shrunk := step("delete", "arvancloud:storage:Volume", "arvan-prod-w5", map[string]any{}, nil)
	other := step("update", releases, "exchange-release", values("1.0.0"), values("1.0.2"))
	wider := step("update", releases, "exchange-release", values("1.0.0"), values("1.0.1"))
	wider.New.Inputs["version"], wider.DiffReasons = "2", []string{"values", "version"}
	replaced := step("replace", "arvancloud:iaas:Server", "arvan-prod-w5", map[string]any{}, map[string]any{})
	for _, test := range []struct {
		name  string
		steps []review.Step
		says  []string
	}{
		{"the same", []review.Step{update, added}, nil},
		{"less", []review.Step{update}, nil},
		{"nothing", nil, nil},
		{"more", []review.Step{update, added, shrunk}, []string{
			"it ranks as data now, and what was approved as restart",
			"`arvan-prod-w5` (Volume) is deleted, which was not approved: it did not change",
		}},
		{"another value", []review.Step{other}, []string{"`exchange-release` (Release): `values.image.tag`: `1.0.0` → `1.0.2`, which is not what was approved"}},
		{"another property", []review.Step{wider}, []string{"`exchange-release` (Release): `version`: nothing → `2`, which was not approved: it stayed"}},
		{"something else", []review.Step{replaced}, []string{
			"it ranks as data now, and what was approved as restart",
			"`arvan-prod-w5` (Server) is replaced, which was not approved: it was to be new",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			more, err := made(t, test.steps...).Beyond(approved)
			assert.NilError(t, err)
			assert.DeepEqual(t, more, test.says)
		})
	}
}

func TestWhatCannotBeApproved(t *testing.T) {
	failed := rules(t).Make("prod", &review.Preview{Diagnostics: []review.Diagnostic{{Severity: "error", Message: "error: refused"}}}, review.Source{})
	_, err := failed.Approval()
	assert.ErrorContains(t, err, "a preview that failed cannot be approved: refused")
	approved, err := made(t).Approval()
	assert.NilError(t, err)
	more, err := failed.Beyond(approved)
	assert.NilError(t, err)
	assert.DeepEqual(t, more, []string{"the preview fails now: refused"})
	_, err = rules(t).Make("demo", &review.Preview{}, review.Source{}).Beyond(approved)
	assert.Check(t, is.ErrorContains(err, "what was approved is of the stack prod, not of demo"))
}

func TestTheSumTellsApprovalsApart(t *testing.T) {
	of := func(tag string) string {
		approved, err := made(t, step("update", releases, "exchange-release", values("1.0.0"), values(tag))).Approval()
		assert.NilError(t, err)
		return approved.Sum()
	}
	assert.Equal(t, of("1.0.1"), of("1.0.1"))
	assert.Assert(t, of("1.0.1") != of("1.0.2"))
	assert.Equal(t, len(of("1.0.1")), 64)
}
