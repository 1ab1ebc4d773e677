// Package kubespray holds the small playbook tree that stands in for Kubespray in the sandbox: the same entry points,
// groups, variables and refusals, run by the real Ansible, with hosts that join the sandbox's control plane.
package kubespray

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io/fs"
)

//go:embed tree
var tree embed.FS

// Folder is the archive's one top folder, as in the archives of Kubespray's releases.
const Folder = "kubespray"

// Archive packs the tree as a .tar.gz; the same tree gives the same bytes, so its checksum can be handed out.
func Archive() ([]byte, error) {
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	err := fs.WalkDir(tree, "tree", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := Folder + path[len("tree"):]
		if entry.IsDir() {
			return archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, Format: tar.FormatUSTAR})
		}
		data, err := tree.ReadFile(path)
		if err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(data)), Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err = archive.Write(data)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("pack the playbook tree: %w", err)
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := compressed.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
