package mirrors

import (
	"fmt"
	"io"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/iransre/exchange-platform/sandbox/hosts/debian"
)

// releaseName is the one under which the index has a release.
func releaseName(image, tag string) string { return image + ":" + tag }

// Release adds another version of an image to those below dir, as a pipeline pushes one: the image, with files over its own, by a tag. It returns
// the version's digest. The same files make the same digest, and replace what had the tag.
func Release(dir, image, tag string, files map[string]string) (digest string, err error) {
	unlock, err := debian.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	kept := store{dir}
	manifest, err := kept.find(image)
	if err != nil {
		return "", err
	}
	images, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return "", err
	}
	base, err := images.Image(manifest.Digest)
	if err != nil {
		return "", fmt.Errorf("image %s: %w", image, err)
	}
	var entries []entry
	for _, path := range sorted(files) {
		entries = append(entries, entry{path: path, text: []byte(files[path])})
	}
	key, err := keyOf(entries)
	if err != nil {
		return "", err
	}
	added, err := kept.layer(key, func(to io.Writer) error { return writeFiles(to, entries) })
	if err != nil {
		return "", err
	}
	released, err := mutate.AppendLayers(base, added)
	if err != nil {
		return "", err
	}
	hash, err := released.Digest()
	if err != nil {
		return "", err
	}
	return hash.String(), kept.keep(map[string]v1.Image{releaseName(image, tag): released})
}
