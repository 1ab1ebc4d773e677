package helm

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// isInstalled says if a chart that is an archive on this machine was packed after its release was last updated: the state knows it by its name and
// version only, and what was installed under these is not here any more.
func (h *Helm) isInstalled(c chart, updated time.Time) error {
	if !c.isLocal() || !c.isArchive() || updated.IsZero() {
		return nil
	}
	path := c.name
	if !filepath.IsAbs(path) {
		path = filepath.Join(h.Root, path)
	}
	packed, err := packedAt(path)
	if err != nil {
		return err
	}
	if packed.After(updated) {
		return fmt.Errorf("%s was packed anew on %s, after the release was last updated, under the name that it had: what is installed is not here. Give it another version",
			c.name, packed.UTC().Format("2 January, 15:04 UTC"))
	}
	return nil
}

// packedAt is when a chart was packed: Helm notes that, or when its files were written, at each of them.
func packedAt(path string) (time.Time, error) {
	file, err := os.Open(path)
	if err != nil {
		return time.Time{}, err
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is no archive of a chart: %w", path, err)
	}
	first, err := tar.NewReader(plain).Next()
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is no archive of a chart: %w", path, err)
	}
	return first.ModTime, nil
}
