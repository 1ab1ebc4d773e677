package contract

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Unpack makes a root folder of an image's archive: what `docker save`, `podman save` and `ctr images export` write, or a builder as
// type=oci. The image must be for one platform.
func Unpack(archive, into string) (*Image, error) {
	parts, err := os.MkdirTemp(filepath.Dir(into), "archive-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(parts)
	opened, err := os.OpenRoot(parts)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	if err := unpackFile(os.DirFS("/"), strings.TrimPrefix(archive, "/"), opened); err != nil {
		return nil, fmt.Errorf("%s: %w", archive, err)
	}
	config, layers, err := contents(opened.FS())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", archive, err)
	}
	if err := os.Mkdir(into, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(into)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, layer := range layers {
		if err := unpackFile(opened.FS(), layer, root); err != nil {
			return nil, fmt.Errorf("%s: layer %s: %w", archive, layer, err)
		}
	}
	var image struct {
		Config struct {
			Env        []string
			WorkingDir string
		} `json:"config"`
	}
	if err := readJSON(opened.FS(), config, &image); err != nil {
		return nil, err
	}
	return &Image{Root: into, WorkingDir: image.Config.WorkingDir, Env: image.Config.Env}, nil
}

func readJSON(files fs.FS, name string, into any) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// contents finds the image's configuration and layers in an archive of either form.
func contents(files fs.FS) (config string, layers []string, err error) {
	var docker []struct {
		Config string
		Layers []string
	}
	if err := readJSON(files, "manifest.json", &docker); err == nil {
		if len(docker) != 1 {
			return "", nil, fmt.Errorf("it holds %d images; save one", len(docker))
		}
		return docker[0].Config, docker[0].Layers, nil
	}
	type descriptor struct {
		Digest   string
		Platform struct{ Architecture string }
	}
	var manifest struct {
		Manifests []descriptor // of an index
		Config    descriptor
		Layers    []descriptor
	}
	blob := func(of descriptor) string { return "blobs/" + strings.Replace(of.Digest, ":", "/", 1) }
	for next := "index.json"; manifest.Config.Digest == ""; {
		manifest.Manifests = nil
		if err := readJSON(files, next, &manifest); err != nil {
			return "", nil, fmt.Errorf("no archive of an image: %w", err)
		}
		// what builders attest of an image lies beside it
		images := slices.DeleteFunc(manifest.Manifests, func(d descriptor) bool { return d.Platform.Architecture == "unknown" })
		if manifest.Config.Digest == "" && len(images) != 1 {
			return "", nil, fmt.Errorf("%s holds %d images; save one, for one platform", next, len(images))
		}
		if len(images) == 1 {
			next = blob(images[0])
		}
	}
	for _, layer := range manifest.Layers {
		layers = append(layers, blob(layer))
	}
	return blob(manifest.Config), layers, nil
}

// unpackFile unpacks an archive, whatever it is compressed with. Nothing of it gets out of the folder.
func unpackFile(files fs.FS, name string, into *os.Root) error {
	file, err := files.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	var plain io.Reader = bufio.NewReader(file)
	begins, err := plain.(*bufio.Reader).Peek(4)
	if err != nil {
		return err
	}
	switch {
	case begins[0] == 0x1f && begins[1] == 0x8b:
		if plain, err = gzip.NewReader(plain); err != nil {
			return err
		}
	case string(begins) == "\x28\xb5\x2f\xfd":
		decoder, err := zstd.NewReader(plain)
		if err != nil {
			return err
		}
		defer decoder.Close()
		plain = decoder
	}
	entries := tar.NewReader(plain)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpackEntry(header, entries, into); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}

// removed begins the name of what a layer takes away; opaque is the name for all that was in its folder before.
const removed, opaque = ".wh.", ".wh..wh..opq"

func unpackEntry(header *tar.Header, content io.Reader, into *os.Root) error {
	name := path.Clean(strings.TrimPrefix(header.Name, "/"))
	if name == "." {
		return nil
	}
	folder, base := path.Split(name)
	if base == opaque {
		return into.RemoveAll(path.Clean(folder))
	}
	if gone, is := strings.CutPrefix(base, removed); is {
		return into.RemoveAll(path.Join(folder, gone))
	}
	if err := into.MkdirAll(path.Clean(folder), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(header.Mode).Perm()
	if header.Typeflag != tar.TypeDir {
		if err := into.RemoveAll(name); err != nil {
			return err
		}
	}
	switch header.Typeflag {
	case tar.TypeDir:
		if info, err := into.Lstat(name); err == nil && !info.IsDir() {
			if err := into.Remove(name); err != nil {
				return err
			}
		}
		if err := into.MkdirAll(name, 0o755); err != nil {
			return err
		}
	case tar.TypeReg:
		file, err := into.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		if _, err := io.Copy(file, content); err != nil {
			return errors.Join(err, file.Close())
		}
		if err := file.Close(); err != nil {
			return err
		}
	case tar.TypeSymlink:
		return into.Symlink(header.Linkname, name)
	case tar.TypeLink:
		return into.Link(path.Clean(strings.TrimPrefix(header.Linkname, "/")), name)
	default:
		return nil // devices and the like: /dev is another one
	}
	// whose they are matters to user 10001; only root can say so
	if os.Geteuid() == 0 {
		if err := into.Lchown(name, header.Uid, header.Gid); err != nil {
			return err
		}
	} else {
		mode |= 0o700 & (mode | 0o400) // or we could not delete it
	}
	return into.Chmod(name, mode)
}
