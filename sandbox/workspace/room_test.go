package workspace

import (
	"os"
	"testing"

	"gotest.tools/v3/assert"
)

func TestRoomIsAskedOfTheDiskThatHoldsTheSandbox(t *testing.T) {
	checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	assert.NilError(t, w.CheckRoom(0))
	host, err := os.Hostname()
	assert.NilError(t, err)
	err = w.CheckRoom(1 << 40)
	assert.ErrorContains(t, err, "the disk of this machine, "+host+", on which the sandbox lies ("+w.Dir+") has ")
	assert.ErrorContains(t, err, "make room there")
}
