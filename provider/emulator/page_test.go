package emulator_test

import (
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// page is the page as a browser without scripts gets it.
func (a *account) page() string {
	a.t.Helper()
	return string(a.call(200, "GET", "/", nil).raw)
}

// The page shows what exists, in which state, what it costs, and loads nothing.
func TestPage(t *testing.T) {
	a := open(t, emulator.Options{})
	empty := a.page()
	assert.Assert(t, strings.Contains(empty, "Nothing exists yet"))
	assert.Assert(t, !strings.Contains(empty, "src=") && !strings.Contains(empty, "http://") && !strings.Contains(empty, "https://"))
	a.create(map[string]any{"name": "cp-1"})
	a.call(201, "POST", demo+"/firewall/rules", map[string]any{"name": "iran only", "filter_expr": "true", "action": "deny"})
	page := a.page()
	for _, shown := range []string{"cp-1", "BUILD (spawning)", "g2-4-2-0", "10\u202f400 IRR/h", "7\u202f488\u202f000", "firewall rules", "iran only"} {
		assert.Assert(t, strings.Contains(page, shown), "%s is not on the page", shown)
	}
}

// Calls that wait show once with their number; changes, failures and faults show one by one.
func TestPageCalls(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.create(nil)
	for range 7 {
		a.call(200, "GET", zone+"/servers/"+id, nil)
	}
	a.call(404, "GET", zone+"/servers/nobody", nil)
	a.fault(emulator.Fault{Kind: emulator.Refuse, Method: "POST", Path: "/tags", Status: 429, RetryAfter: "7", Times: 2, Skip: 1})
	a.fault(emulator.Fault{Kind: emulator.SlowBuild, Reads: 3, Chance: 0.5})
	page := a.page()
	for _, shown := range []string{
		"/servers/" + id[:8] + "…", "7×", "/servers/nobody", "Server not found.", "429, Retry-After 7", "2× after 1", "3 reads, 50 % of calls", "any call",
	} {
		assert.Assert(t, strings.Contains(page, shown), "%s is not on the page", shown)
	}
	assert.Equal(t, strings.Count(page, "<code>/servers/"+id[:8]), 1)
}
