package kept_test

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/hosts/kept"
)

type thing struct{ Name string }

func TestAValueIsThereAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "thing.json")
	value, err := kept.New(file, thing{"first"})
	assert.NilError(t, err)
	assert.Equal(t, value.Get().Name, "first")
	assert.NilError(t, value.Update(func(v *thing) { v.Name = "second" }))

	again, err := kept.New(file, thing{"first"})
	assert.NilError(t, err)
	assert.Equal(t, again.Get().Name, "second")
	entries, err := os.ReadDir(filepath.Dir(file))
	assert.NilError(t, err)
	assert.Equal(t, len(entries), 1, "nothing else is left beside it")

	assert.NilError(t, os.WriteFile(file, []byte("{"), 0o600))
	_, err = kept.New(file, thing{})
	assert.ErrorContains(t, err, "thing.json: unexpected end of JSON input")
}
