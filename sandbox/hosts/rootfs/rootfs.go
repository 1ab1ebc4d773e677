// Package rootfs makes the files of a cloud image for a machine, and mounts this machine's programs into them.
package rootfs

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// rootDirs are the directories a machine is born with.
var rootDirs = []string{
	"dev", "proc", "sys", "usr/local/bin", "usr/local/sbin", "usr/local/lib", "usr/local/share", "etc/ssh", "etc/systemd/system",
	"etc/default", "etc/sysctl.d", "etc/modules-load.d", "etc/sudoers.d", "etc/kubernetes", "etc/apt/sources.list.d", "etc/apt/apt.conf.d",
	"home/" + LoginUser, "root", "opt", "srv", "mnt", "media", "boot", "tmp", "run/sandbox", "run/systemd/system", "run/lock",
	"var/lib/cloud/instance/scripts", "var/lib/kubelet", "var/log", "var/tmp", "var/cache", "var/spool", "var/backups",
}

// bootIDFile is shown as the kernel's boot ID.
const bootIDFile = "run/sandbox/boot_id"

// Tree is the root directory of one machine.
type Tree struct {
	Dir string
	// GuestBinary is the built sandbox/cmd/guest.
	GuestBinary string
	// KubectlBinary is bound into the machine as kubectl, etcdctl and etcdutl when given.
	KubectlBinary string
}

// Identity is what a new tree is told of its machine.
type Identity struct {
	ID       string
	Hostname string
	Image    string // such as "ubuntu/24.04"
}

// Open opens the tree for what must not lead out of it.
func (t Tree) Open() (*os.Root, error) { return os.OpenRoot(t.Dir) }

// Prepare makes the tree when it is missing and what a boot makes afresh: /run and the stand-ins.
func (t Tree) Prepare(identity Identity) error {
	root := t.Dir
	if err := Remove(filepath.Join(root, "run")); err != nil {
		return err
	}
	for _, dir := range rootDirs {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	for _, dir := range []string{"tmp", "var/tmp"} {
		if err := os.Chmod(filepath.Join(root, dir), 0o777|fs.ModeSticky); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Join(root, "root"), 0o700); err != nil {
		return err
	}
	if err := EnsureSymlink("/run", filepath.Join(root, "var/run")); err != nil {
		return err
	}
	for _, name := range standIns {
		// Some callers look for system commands in the sbin directories only.
		for _, dir := range []string{"usr/local/bin", "usr/local/sbin"} {
			if err := EnsureSymlink(guestapi.Binary, filepath.Join(root, dir, name)); err != nil {
				return err
			}
		}
	}
	for _, dir := range systemDirs {
		info, err := os.Lstat(dir)
		if err != nil {
			continue
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
				return err
			}
			continue
		}
		target, err := os.Readlink(dir)
		if err != nil {
			return err
		}
		if err := EnsureSymlink(target, filepath.Join(root, dir)); err != nil {
			return err
		}
	}
	// The kernel's boot ID would stay the same over the machine's reboots, which is how Ansible notices them.
	boot := machineID(rand.Text())
	id := fmt.Sprintf("%s-%s-%s-%s-%s\n", boot[:8], boot[8:12], boot[12:16], boot[16:20], boot[20:])
	if err := os.WriteFile(filepath.Join(root, bootIDFile), []byte(id), 0o444); err != nil {
		return err
	}
	return t.writeSystemFiles(identity)
}

// EnsureSymlink makes path a symbolic link to target.
func EnsureSymlink(target, path string) error {
	if current, err := os.Readlink(path); err == nil && current == target {
		return nil
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Symlink(target, path)
}

// Remove removes a directory although some of it may be write-protected.
func Remove(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return nil
	})
	return errors.Join(err, os.RemoveAll(dir))
}
