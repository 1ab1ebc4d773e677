// Package kubespray holds the small playbook tree that stands in for Kubespray in the sandbox: the same entry points,
// groups, variables and refusals, run by the real Ansible, with hosts that join the sandbox's control plane. Each release
// has the versions that the real one carries.
package kubespray

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

//go:embed tree releases real
var files embed.FS

const (
	// Folder is an archive's one top folder, as in the archives of Kubespray's releases.
	Folder = "kubespray"
	// Newest is the newest release there is an archive of.
	Newest = "v2.31.0"
	// versions is where in the tree a release says which versions it carries.
	versions = "roles/kubespray_defaults/defaults/main/release.yml"
)

// Machines are what a tree's playbooks run on.
type Machines struct {
	// Real ones are those on which the programs of a node run: the tree then really installs Kubernetes. Others are nodes by name.
	Real bool
}

// Releases lists the tags that there is an archive of, oldest first.
func Releases() []string {
	entries, err := files.ReadDir("releases")
	if err != nil {
		panic(err) // it is compiled in
	}
	var tags []string
	for _, entry := range entries {
		tags = append(tags, strings.TrimSuffix(entry.Name(), ".yml"))
	}
	return tags
}

// ArchiveName is the name of a release's archive, by its tag.
func ArchiveName(tag string) string { return "kubespray-" + tag + ".tar.gz" }

// ArchiveSum is the SHA-256 of a release's archive, in hex.
func ArchiveSum(tag string, machines Machines) (string, error) {
	archive, err := Archive(tag, machines)
	sum := sha256.Sum256(archive)
	return hex.EncodeToString(sum[:]), err
}

// Archive packs a release as a .tar.gz; the same release gives the same bytes, so its checksum can be handed out.
func Archive(tag string, machines Machines) ([]byte, error) {
	content, err := release(tag, machines)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, path := range slices.Sorted(maps.Keys(content)) {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: Folder + "/" + path, Mode: 0o644, Size: int64(len(content[path])), Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack Kubespray %s: %w", tag, err)
		}
		if _, err := archive.Write(content[path]); err != nil {
			return nil, fmt.Errorf("pack Kubespray %s: %w", tag, err)
		}
	}
	err = closeAll(archive, compressed)
	return packed.Bytes(), err
}

func closeAll(closers ...io.Closer) error {
	var first error
	for _, each := range closers {
		first = cmp.Or(first, each.Close())
	}
	return first
}

// release is the tree of a release: what each file holds, by its path in the tree.
func release(tag string, machines Machines) (map[string][]byte, error) {
	own, err := files.ReadFile("releases/" + tag + ".yml")
	if err != nil {
		return nil, fmt.Errorf("the sandbox has no Kubespray %q, it has %s", tag, strings.Join(Releases(), ", "))
	}
	content := map[string][]byte{versions: own}
	folders := []string{"tree"}
	if machines.Real {
		folders = append(folders, "real") // its files take the places of the tree's
	}
	for _, folder := range folders {
		err := fs.WalkDir(files, folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content[strings.TrimPrefix(path, folder+"/")], err = files.ReadFile(path)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return content, nil
}
