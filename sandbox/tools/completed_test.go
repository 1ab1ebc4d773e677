package tools

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// A package that a module's archive lacks is compiled as one of the module's, and the module in the cache stays as it is.
func TestAModuleIsCompleted(t *testing.T) {
	const module = "golang.org/x/mod"
	lacked := completion{module: module, files: map[string]string{"lacked/lacked.go": "package lacking\n"}, changes: []change{{"lacked/lacked.go", "lacking", "lacked"}}}
	file, err := lacked.modfile(t.Context(), "..", t.TempDir())
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
	changed, err := os.ReadFile(filepath.Join(filepath.Dir(file), "module", "lacked", "lacked.go"))
	assert.NilError(t, err)
	assert.Equal(t, string(changed), "package lacked\n")
	lacked.changes[0].from = "nothing"
	_, err = lacked.modfile(t.Context(), "..", t.TempDir())
	assert.ErrorContains(t, err, "lacked.go has 0 times what is to be changed: nothing")
}
