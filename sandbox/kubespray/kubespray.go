// Package kubespray holds the small playbook tree that stands in for Kubespray in the sandbox: the same entry points,
// groups, variables and refusals, run by the real Ansible, with hosts that join the sandbox's control plane. Each release
// has the versions that the real one carries.
package kubespray

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
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
	return pack(content)
}

func closeAll(closers ...io.Closer) error {
	var first error
	for _, each := range closers {
		first = cmp.Or(first, each.Close())
	}
	return first
}

// release is the tree of a release: its files, by their paths in the tree.
func release(tag string, machines Machines) (map[string]file, error) {
	own, err := files.ReadFile("releases/" + tag + ".yml")
	if err != nil {
		return nil, fmt.Errorf("the sandbox has no Kubespray %q, it has %s", tag, strings.Join(Releases(), ", "))
	}
	content := map[string]file{versions: {mode: 0o644, data: own}}
	folders := []string{"tree"}
	if machines.Real {
		folders = append(folders, "real") // its files take the places of the tree's
	}
	for _, folder := range folders {
		err := fs.WalkDir(files, folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := files.ReadFile(path)
			content[strings.TrimPrefix(path, folder+"/")] = file{mode: 0o644, data: data}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return content, nil
}
