package kubespray

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// ownTree is a folder like a checkout of Kubespray's.
func ownTree(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"cluster.yml": "- hosts: all\n", "galaxy.yml": "version: 2.31.0\n", ".git/HEAD": "ref",
		"roles/system_packages/vars/main.yml":              "pkgs: {curl: []}\n",
		"roles/kubespray_defaults/vars/main/checksums.yml": "kubelet_checksums: {}\n",
	} {
		name = filepath.Join(folder, name)
		assert.NilError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		assert.NilError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	assert.NilError(t, os.WriteFile(filepath.Join(folder, "kube.py"), []byte("#!/usr/bin/python"), 0o755))
	assert.NilError(t, os.Symlink("../kube.py", filepath.Join(folder, "roles", "kube.py")))
	return folder
}

func TestKubespraysOwnTreeIsPackedWithWhatTheMachinesNeed(t *testing.T) {
	packed, err := Upstream(ownTree(t), Newest)
	assert.NilError(t, err)
	archive := filepath.Join(t.TempDir(), "kubespray.tar.gz")
	assert.NilError(t, os.WriteFile(archive, packed, 0o644))
	again, err := Upstream(archive, Newest)
	assert.NilError(t, err)
	assert.Assert(t, bytes.Equal(packed, again), "an archive of the tree gives the same, so its checksum can be handed out")

	content, err := readArchive(archive)
	assert.NilError(t, err)
	has := func(name, text string) {
		t.Helper()
		assert.Assert(t, strings.Contains(string(content[name].data), text), "%s: %s", name, content[name].data)
	}
	has("cluster.yml", "hosts: all")
	has("roles/kubespray_defaults/vars/main/checksums.yml", "kubelet_checksums")
	has("roles/kubespray_defaults/vars/main/sandbox.yml", "kubelet_fail_cgroup_v1: false")
	has("roles/system_packages/vars/main.yml", "pkgs: {}")
	for place := range shared {
		assert.Assert(t, len(content[place].data) > 0, place)
	}
	assert.Equal(t, content["roles/kube.py"].link, "../kube.py")
	assert.Equal(t, content["kube.py"].mode.Perm(), os.FileMode(0o755))
	assert.Equal(t, len(content[".git/HEAD"].data), 0)
}

func TestATreeThatIsNotTheStacksReleaseIsRefused(t *testing.T) {
	folder := ownTree(t)
	_, err := Upstream(folder, "v2.30.0")
	assert.ErrorContains(t, err, "is Kubespray v2.31.0 by its galaxy.yml, and the stack's kubernetes.kubespray.version is v2.30.0")
	assert.NilError(t, os.Remove(filepath.Join(folder, "cluster.yml")))
	_, err = Upstream(folder, Newest)
	assert.ErrorContains(t, err, "holds no tree of Kubespray")
	_, err = Upstream(filepath.Join(folder, "none"), Newest)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
