package contract

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// packed is an archive of files: a text is a file, "→" a link, a name with a slash at the end a folder.
func packed(t *testing.T, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		header := &tar.Header{Name: files[i], Mode: 0o755, Typeflag: tar.TypeReg, Size: int64(len(files[i+1])), Uid: os.Getuid(), Gid: os.Getgid()}
		if target, is := bytes.CutPrefix([]byte(files[i+1]), []byte("→")); is {
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, string(target), 0
		} else if files[i][len(files[i])-1] == '/' {
			header.Typeflag = tar.TypeDir
		}
		assert.NilError(t, writer.WriteHeader(header))
		if header.Size > 0 {
			_, err := writer.Write([]byte(files[i+1]))
			assert.NilError(t, err)
		}
	}
	assert.NilError(t, writer.Close())
	return out.Bytes()
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, err := writer.Write(data)
	assert.NilError(t, err)
	assert.NilError(t, writer.Close())
	return out.Bytes()
}

const configuration = `{"config": {"Env": ["PATH=/usr/bin"], "WorkingDir": "/app", "User": "10001"}}`

// image has two layers; the second takes away, replaces and adds.
func layers(t *testing.T) [][]byte {
	t.Helper()
	return [][]byte{
		gzipped(t, packed(t, "app/", "", "app/old", "old", "app/settings", "one", "var/cache/", "", "var/cache/x", "x", "bin", "→usr/bin", "usr/bin/", "")),
		packed(t, "app/.wh.old", "", "app/settings", "two", "var/cache/.wh..wh..opq", "", "usr/bin/python", "program"),
	}
}

func checkUnpacked(t *testing.T, archive []byte) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "image.tar")
	assert.NilError(t, os.WriteFile(file, archive, 0o600))
	image, err := Unpack(file, filepath.Join(dir, "root"))
	assert.NilError(t, err)
	assert.DeepEqual(t, image, &Image{Root: filepath.Join(dir, "root"), WorkingDir: "/app", Env: []string{"PATH=/usr/bin"}})
	for name, wanted := range map[string]string{"app/settings": "two", "bin/python": "program"} {
		text, err := os.ReadFile(filepath.Join(image.Root, name))
		assert.NilError(t, err)
		assert.Equal(t, string(text), wanted)
	}
	for _, name := range []string{"app/old", "var/cache/x", "app/.wh.old"} {
		_, err := os.Lstat(filepath.Join(image.Root, name))
		assert.Assert(t, os.IsNotExist(err), name)
	}
	left, err := filepath.Glob(filepath.Join(dir, "archive-*"))
	assert.NilError(t, err)
	assert.Equal(t, len(left), 0)
}

func TestWhatDockerSaves(t *testing.T) {
	layers := layers(t)
	checkUnpacked(t, packed(t, "manifest.json", `[{"Config": "c.json", "RepoTags": ["exchange:1"], "Layers": ["1/layer.tar", "2/layer.tar"]}]`,
		"c.json", configuration, "1/layer.tar", string(layers[0]), "2/layer.tar", string(layers[1])))
}

func TestWhatABuilderWrites(t *testing.T) {
	var files []string
	blob := func(data []byte) map[string]string {
		sum := fmt.Sprintf("%x", sha256.Sum256(data))
		files = append(files, "blobs/sha256/"+sum, string(data))
		return map[string]string{"digest": "sha256:" + sum}
	}
	marshal := func(value any) []byte {
		text, err := json.Marshal(value)
		assert.NilError(t, err)
		return text
	}
	layers := layers(t)
	manifest := blob(marshal(map[string]any{"config": blob([]byte(configuration)), "layers": []any{blob(layers[0]), blob(layers[1])}}))
	index := blob(marshal(map[string]any{"manifests": []any{manifest, map[string]any{"digest": "sha256:0", "platform": map[string]string{"architecture": "unknown"}}}}))
	files = append(files, "index.json", string(marshal(map[string]any{"manifests": []any{index}})))
	checkUnpacked(t, packed(t, files...))
}

func TestAnArchiveThatIsNoneOrClimbsOutIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct{ archive, message string }{
		"no image":   {string(packed(t, "a", "b")), "no archive of an image"},
		"two images": {string(packed(t, "manifest.json", `[{}, {}]`)), "holds 2 images"},
		"climbs": {string(packed(t, "manifest.json", `[{"Config": "c", "Layers": ["l"]}]`, "c", configuration,
			"l", string(packed(t, "out", "→/tmp", "out/climbed", "x")))), "escapes"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, "image.tar")
			assert.NilError(t, os.WriteFile(file, []byte(test.archive), 0o600))
			_, err := Unpack(file, filepath.Join(t.TempDir(), "root"))
			assert.ErrorContains(t, err, test.message)
		})
	}
}
