package tools

import (
	"os/exec"
	"testing"

	"gotest.tools/v3/assert"
)

// A package that a module's archive lacks is compiled as one of the module's, and the module in the cache stays as it is.
func TestAModuleIsCompleted(t *testing.T) {
	const module = "golang.org/x/mod"
	file, err := completion{module, map[string]string{"lacked/lacked.go": "package lacked\n"}}.modfile(t.Context(), "..", t.TempDir())
	assert.NilError(t, err)
	list := func(arguments ...string) error {
		cmd := exec.Command("go", append([]string{"list"}, arguments...)...)
		cmd.Dir = ".."
		output, err := cmd.CombinedOutput()
		t.Logf("%s", output)
		return err
	}
	assert.NilError(t, list("-modfile="+file, module+"/lacked"))
	assert.ErrorContains(t, list(module+"/lacked"), "exit status")
}
