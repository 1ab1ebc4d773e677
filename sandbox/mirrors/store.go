package mirrors

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
	"github.com/natefinch/atomic"
)

// store is a folder in OCI's image layout. Beside it, in layers/, stands which blob a layer has become, by what it was made of.
type store struct{ dir string }

// nameAnnotation holds an image's name in the index of a layout.
const nameAnnotation = "org.opencontainers.image.ref.name"

// layer is a blob of a store.
type layer struct {
	store store

	Blob     v1.Hash `json:"blob"`
	Tar      v1.Hash `json:"tar"`
	BlobSize int64   `json:"size"`
}

var _ v1.Layer = (*layer)(nil)

func (l *layer) Digest() (v1.Hash, error)            { return l.Blob, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.Tar, nil }
func (l *layer) Size() (int64, error)                { return l.BlobSize, nil }
func (l *layer) MediaType() (types.MediaType, error) { return types.OCILayerZStd, nil }
func (l *layer) Compressed() (io.ReadCloser, error)  { return os.Open(l.store.blob(l.Blob)) }
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	compressed, err := l.Compressed()
	if err != nil {
		return nil, err
	}
	reader, err := zstd.NewReader(compressed)
	if err != nil {
		return nil, errors.Join(err, compressed.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{reader, compressed}, nil
}

func (s store) path(elements ...string) string {
	return filepath.Join(append([]string{s.dir}, elements...)...)
}

func (s store) blob(hash v1.Hash) string { return s.path("blobs", hash.Algorithm, hash.Hex) }

// layer returns the layer that key describes, made by writing its archive if it was not made before.
func (s store) layer(key string, write func(io.Writer) error) (*layer, error) {
	made := &layer{store: s}
	note := s.path("layers", key)
	if text, err := os.ReadFile(note); err == nil {
		if err := json.Unmarshal(text, made); err == nil {
			if info, err := os.Stat(s.blob(made.Blob)); err == nil && info.Size() == made.BlobSize {
				return made, nil
			}
		}
	}
	if err := s.compress(made, write); err != nil {
		return nil, err
	}
	text, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	return made, replace(note, text)
}

// compress writes an archive into a blob, and notes what became of it.
func (s store) compress(made *layer, write func(io.Writer) error) error {
	if err := os.MkdirAll(s.path("blobs", "sha256"), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(s.dir, "layer-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	tarSum, blobSum := sha256.New(), sha256.New()
	// fast to make, and fast for every machine that unpacks it
	compressed, err := zstd.NewWriter(io.MultiWriter(file, blobSum), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	if err := write(io.MultiWriter(compressed, tarSum)); err != nil {
		return err
	}
	if err := compressed.Close(); err != nil {
		return err
	}
	if made.BlobSize, err = file.Seek(0, io.SeekCurrent); err != nil {
		return err
	}
	hash := func(sum []byte) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", sum)} }
	made.Tar, made.Blob = hash(tarSum.Sum(nil)), hash(blobSum.Sum(nil))
	return os.Rename(file.Name(), s.blob(made.Blob))
}

// keep adds images, by their names, each in the place of one that had its name. Blobs that no image has any more are removed.
func (s store) keep(images map[string]v1.Image) error {
	path, err := layout.FromPath(s.dir)
	if err != nil {
		if path, err = layout.Write(s.dir, empty.Index); err != nil {
			return err
		}
	}
	for _, name := range sorted(images) {
		if err := path.WriteImage(images[name]); err != nil {
			return fmt.Errorf("image %s: %w", name, err)
		}
	}
	index, err := path.ImageIndex()
	if err != nil {
		return err
	}
	for _, name := range sorted(images) {
		index = mutate.AppendManifests(mutate.RemoveManifests(index, match.Annotation(nameAnnotation, name)), mutate.IndexAddendum{
			Add: images[name], Descriptor: v1.Descriptor{Annotations: map[string]string{nameAnnotation: name}},
		})
	}
	text, err := index.RawManifest()
	if err != nil {
		return err
	}
	if err := replace(s.path("index.json"), text); err != nil { // who reads meanwhile finds the old or the new one
		return err
	}
	unused, err := path.GarbageCollect()
	if err != nil {
		return err
	}
	for _, blob := range unused {
		if err := path.RemoveBlob(blob); err != nil {
			return err
		}
	}
	return nil
}

// find returns the manifest of an image by its name without tag; not there is fs.ErrNotExist.
func (s store) find(name string) (v1.Descriptor, error) {
	return s.first(name, func(manifest v1.Descriptor) bool { return manifest.Annotations[nameAnnotation] == name })
}

// resolve returns what a registry answers to a tag or a digest of an image. A tag is that release of it, or else the image.
func (s store) resolve(name, reference string) (v1.Descriptor, error) {
	if strings.Contains(reference, ":") {
		return s.first(name+"@"+reference, func(manifest v1.Descriptor) bool {
			of := manifest.Annotations[nameAnnotation]
			return (of == name || strings.HasPrefix(of, releaseName(name, ""))) && manifest.Digest.String() == reference
		})
	}
	if release, err := s.find(releaseName(name, reference)); err == nil {
		return release, nil
	}
	return s.find(name)
}

// first is the first manifest that is wanted.
func (s store) first(what string, wanted func(v1.Descriptor) bool) (v1.Descriptor, error) {
	text, err := os.ReadFile(s.path("index.json"))
	if err != nil {
		return v1.Descriptor{}, err
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(text))
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("%s: %w", s.path("index.json"), err)
	}
	if at := slices.IndexFunc(index.Manifests, wanted); at >= 0 {
		return index.Manifests[at], nil
	}
	return v1.Descriptor{}, fmt.Errorf("image %s: %w", what, fs.ErrNotExist)
}

// replace writes a file as a whole: a reader sees the old content or the new one.
func replace(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomic.WriteFile(path, bytes.NewReader(text))
}

// entry is a file of a layer.
type entry struct {
	path string
	from string // a file on this machine
	link string // or what a symbolic link points to
	text []byte // or the content

	lowPorts bool // it may listen on ports below 1024
}

// bindService is the file capability CAP_NET_BIND_SERVICE, permitted and effective, as the kernel keeps it in an extended attribute.
const bindService = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// writeFiles writes an archive of these files, root's and executable, with the folders that they lie in.
func writeFiles(to io.Writer, entries []entry) error {
	archive := tar.NewWriter(to)
	for _, each := range entries {
		if err := each.write(archive); err != nil {
			return fmt.Errorf("%s: %w", each.path, err)
		}
	}
	return archive.Close()
}

func (e entry) write(archive *tar.Writer) error {
	header := &tar.Header{Name: e.path, Mode: 0o755, Typeflag: tar.TypeReg, Size: int64(len(e.text))}
	if e.lowPorts {
		header.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": bindService}
	}
	content := io.Reader(bytes.NewReader(e.text))
	switch {
	case e.link != "":
		header.Typeflag, header.Linkname = tar.TypeSymlink, e.link
	case e.from != "":
		file, err := os.Open(e.from)
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		header.Size, content = info.Size(), file
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(archive, content)
	return err
}
