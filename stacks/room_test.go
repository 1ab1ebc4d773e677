package stacks

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

func TestAStateInAFolderNeedsRoom(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("PULUMI_HOME", "")
	t.Setenv("PULUMI_CREDENTIALS_PATH", "")
	var asked string
	check := func(mebibytes uint64) error {
		return checkRoom(func(folder string) (uint64, error) { asked = folder; return mebibytes, nil })
	}
	for backend, folder := range map[string]string{
		"file:///srv/state": "/srv/state", "file:///srv/state?metadata=skip": "/srv/state", "file://~": home, "file://~/state": filepath.Join(home, "state"),
		"s3://my-state?endpoint=https://s3.example": "", "https://api.pulumi.com": "",
	} {
		asked = ""
		t.Setenv("PULUMI_BACKEND_URL", backend)
		assert.NilError(t, check(roomForState))
		assert.Equal(t, asked, folder)
		err := check(3)
		if folder == "" {
			assert.NilError(t, err)
			continue
		}
		assert.ErrorContains(t, err, "the disk that holds the state ("+folder+") has 3 MiB free, and 64 are needed; nothing was changed")
	}

	asked = ""
	t.Setenv("PULUMI_BACKEND_URL", "")
	assert.NilError(t, check(3), "nobody is logged in")
	assert.NilError(t, os.Mkdir(filepath.Join(home, ".pulumi"), 0o700))
	assert.NilError(t, os.WriteFile(filepath.Join(home, ".pulumi", "credentials.json"), []byte(`{"current": "file:///srv/by-login"}`), 0o600))
	assert.ErrorContains(t, check(3), "/srv/by-login")
}

func TestTheDiskOfAFolderIsAsked(t *testing.T) {
	free, err := freeMebibytes(t.TempDir())
	assert.NilError(t, err)
	assert.Assert(t, free > 0)
	_, err = freeMebibytes(filepath.Join(t.TempDir(), "nosuch"))
	assert.Assert(t, err != nil)
}
