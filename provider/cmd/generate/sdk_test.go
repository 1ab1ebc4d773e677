package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// sdkFolder is where the SDK is committed.
const sdkFolder = "../../../sdks/arvancloud"

func TestCommittedSDKIsFresh(t *testing.T) {
	fresh, err := goSDK(t.Context())
	assert.NilError(t, err)
	for name, content := range fresh {
		committed, err := os.ReadFile(filepath.Join(sdkFolder, filepath.FromSlash(name)))
		assert.NilError(t, err, "run `go generate ./provider`")
		assert.Equal(t, string(committed), string(content), "%s is stale: run `go generate ./provider`", name)
	}
	assert.NilError(t, filepath.WalkDir(sdkFolder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(sdkFolder, path)
		if _, generated := fresh[filepath.ToSlash(name)]; err == nil && !generated {
			t.Errorf("%s is not generated any more: run `go generate ./provider`", name)
		}
		return err
	}))
}

func TestWhatTheProgramUsesIsFresh(t *testing.T) {
	fresh, err := leanSDK(t.Context())
	assert.NilError(t, err)
	committed, err := os.ReadFile("../../../internal/providers/arvancloud.go")
	assert.NilError(t, err)
	assert.Equal(t, string(committed), string(fresh), "it is stale: run `go generate ./provider`")
}
