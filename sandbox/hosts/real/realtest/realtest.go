// Package realtest is what tests of real machines begin with.
package realtest

import (
	"os"
	"testing"

	"github.com/iransre/exchange-platform/sandbox/hosts/real"
)

// required tells whether it is a failure where real machines cannot run: in CI, which can have them, and where REAL_MACHINES=required
// says so.
func required() bool {
	return os.Getenv("CI") == "true" || os.Getenv("REAL_MACHINES") == "required"
}

// Need skips the test where real machines cannot run, and says why; where they are required it fails. dir is where their disks would
// be.
func Need(t *testing.T, dir string) {
	t.Helper()
	err := real.Check(dir)
	switch {
	case err == nil:
	case required():
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}
