// Package realtest is what tests of real machines begin with.
package realtest

import (
	"os"
	"testing"

	"github.com/iransre/exchange-platform/sandbox/hosts/real"
)

// Required is the variable that makes it a failure where real machines cannot run. It is not CI's own: that may run in places that
// cannot have them.
const Required = "REAL_MACHINES"

// Need skips the test where real machines cannot run, and says why; with REAL_MACHINES=required it fails there. dir is where their
// disks would be.
func Need(t *testing.T, dir string) {
	t.Helper()
	err := real.Check(dir)
	switch {
	case err == nil:
	case os.Getenv(Required) == "required":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}
