//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// TestKillsAtRandomMoments kills ten updates of a new stack, one after the other: six times pulumi, twice its plugins, twice the
// world. Then at most two updates make all that an undisturbed one makes, once. `./scripts/sandbox soak demo` kills fifty, each
// followed by a recovery; what a failed run printed names its seed.
func TestKillsAtRandomMoments(t *testing.T) {
	beside(t, 4*time.Minute)
	s := newSandbox(t, "e2e-soak", "demo")
	t.Log(s.must(t, "soak", s.stack, "--kills", "10", "--each", "10"))
}
