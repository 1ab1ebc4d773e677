package kubespray

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

// TestUploadReplacesTheBundleAsAWhole: also when the disk is full, which is then said.
func TestUploadReplacesTheBundleAsAWhole(t *testing.T) {
	dir, programs := filepath.Join(t.TempDir(), "demo"), t.TempDir()
	program := func(name, script string) {
		assert.NilError(t, os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\n"+script), 0o700))
	}
	program("sudo", `shift; exec "$@"`)
	upload := func(content string) (string, error) {
		var archive bytes.Buffer
		writer := tar.NewWriter(&archive)
		assert.NilError(t, writer.WriteHeader(&tar.Header{Name: "wanted.json", Mode: 0o600, Size: int64(len(content))}))
		_, err := writer.Write([]byte(content))
		assert.NilError(t, err)
		assert.NilError(t, writer.Close())
		command := exec.Command("sh", "-c", fmt.Sprintf(uploadScript, dir))
		command.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
		command.Stdin = bytes.NewReader([]byte(base64.StdEncoding.EncodeToString(archive.Bytes())))
		output, err := command.CombinedOutput()
		return string(output), err
	}
	stored := func() string {
		entries, err := os.ReadDir(dir)
		assert.NilError(t, err)
		assert.Assert(t, is.Len(entries, 1), "nothing is left lying about")
		text, err := os.ReadFile(filepath.Join(dir, "bundle", "wanted.json"))
		assert.NilError(t, err)
		return string(text)
	}

	for _, content := range []string{"one", "two"} {
		output, err := upload(content)
		assert.NilError(t, err, output)
		assert.Equal(t, stored(), content)
	}

	program("tar", `echo "tar: wanted.json: Cannot write: No space left on device" >&2; exit 2`)
	output, err := upload("three")
	assert.Assert(t, err != nil)
	assert.Assert(t, is.Contains(output, "No space left on device"))
	assert.Assert(t, is.Contains(output, "if its disk is full, make room there and run up again"))
	assert.Equal(t, stored(), "two")
}
