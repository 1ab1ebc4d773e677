package kubespray

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed upstream
var over embed.FS

// shared are the files of the tree for real machines that Kubespray's own tree gets too, by where they are there.
var shared = map[string]string{
	"roles/network_plugin/custom_cni/tasks/pods.yml":                    "real/roles/node/tasks/pods.yml",
	"roles/network_plugin/custom_cni/templates/pods.conflist.j2":        "real/roles/node/templates/pods.conflist.j2",
	"roles/network_plugin/custom_cni/templates/pod-routes.sh.j2":        "real/roles/node/templates/pod-routes.sh.j2",
	"roles/network_plugin/custom_cni/templates/network-policies.yml.j2": "real/roles/cluster_apps/templates/network-policies.yml.j2",
}

// Upstream packs Kubespray's own tree for the sandbox's real machines: a checkout, or an archive of one release. What such machines need of
// it besides goes over it; the rest is as it was. The same tree gives the same bytes. It must be of that release.
func Upstream(from, tag string) ([]byte, error) {
	read := readArchive
	if info, err := os.Stat(from); err != nil {
		return nil, err
	} else if info.IsDir() {
		read = readFolder
	}
	content, err := read(from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	if err := isOf(content, tag); err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	if err := layOver(content); err != nil {
		return nil, err
	}
	return pack(content)
}

// file is one of a tree's.
type file struct {
	mode fs.FileMode
	link string // what it points to, if it is a symbolic link
	data []byte
}

// isOf holds a tree against the release that it should be, by what its collection says of itself.
func isOf(content map[string]file, tag string) error {
	if _, there := content["cluster.yml"]; !there {
		return errors.New("holds no tree of Kubespray: cluster.yml, in the folder or in the one top folder of the archive")
	}
	var collection struct {
		Version string `json:"version"`
	}
	if err := yaml.Unmarshal(content["galaxy.yml"].data, &collection); err != nil {
		return fmt.Errorf("galaxy.yml: %w", err)
	}
	if own := "v" + collection.Version; own != tag {
		return fmt.Errorf("is Kubespray %s by its galaxy.yml, and the stack's kubernetes.kubespray.version is %s", own, tag)
	}
	return nil
}

func layOver(content map[string]file) error {
	for place, from := range shared {
		data, err := files.ReadFile(from)
		if err != nil {
			return err
		}
		content[place] = file{mode: 0o644, data: data}
	}
	return fs.WalkDir(over, "upstream", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := over.ReadFile(name)
		content[strings.TrimPrefix(name, "upstream/")] = file{mode: 0o644, data: data}
		return err
	})
}

// readFolder reads a checkout, without git's own.
func readFolder(folder string) (map[string]file, error) {
	content := map[string]file{}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		inside, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		read := file{mode: info.Mode().Perm()}
		switch {
		case info.Mode().IsRegular():
			read.data, err = os.ReadFile(name)
		case info.Mode().Type() == fs.ModeSymlink:
			read.link, err = os.Readlink(name)
		default:
			return nil
		}
		content[filepath.ToSlash(inside)] = read
		return err
	})
	return content, err
}

// readArchive reads a .tar.gz, whose files lie in one top folder, as in those that GitHub makes of a tag.
func readArchive(name string) (map[string]file, error) {
	opened, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	compressed, err := gzip.NewReader(opened)
	if err != nil {
		return nil, err
	}
	content := map[string]file{}
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return content, nil
		}
		if err != nil {
			return nil, err
		}
		_, inside, _ := strings.Cut(path.Clean(header.Name), "/")
		read := file{mode: header.FileInfo().Mode().Perm(), link: header.Linkname}
		switch header.Typeflag {
		case tar.TypeReg:
			read.data, err = io.ReadAll(archive)
		case tar.TypeSymlink:
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		content[inside] = read
	}
}

// pack makes a .tar.gz with one top folder.
func pack(content map[string]file) ([]byte, error) {
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, name := range slices.Sorted(maps.Keys(content)) {
		each := content[name]
		header := &tar.Header{Typeflag: tar.TypeReg, Name: Folder + "/" + name, Mode: int64(each.mode), Size: int64(len(each.data))}
		if each.link != "" {
			header.Typeflag, header.Linkname = tar.TypeSymlink, each.link
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		if _, err := archive.Write(each.data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	err := closeAll(archive, compressed)
	return packed.Bytes(), err
}
