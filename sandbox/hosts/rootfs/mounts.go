package rootfs

import (
	"os"
	"path/filepath"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// systemDirs are the top-level names that a system keeps its programs under; each is a directory or, where /usr is
// merged, a symbolic link.
var systemDirs = []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}

// sharedFiles are the parts of /etc and /var that programs of this machine need to work; missing ones are left out.
var sharedFiles = []string{
	"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ssl/certs", "/etc/pki",
	"/etc/crypto-policies", "/var/lib/dpkg",
}

// standIns are the commands the guest binary answers to inside a machine.
var standIns = []string{
	"sudo", "systemctl", "systemd-run", "journalctl", "cloud-init", "apt", "apt-get", "hostnamectl", "reboot", "poweroff",
	"shutdown", "kubeadm", "make-ssl-etcd", "modprobe", "sysctl",
	"blkid", "blockdev", "mkfs.ext4", "mount", "mountpoint", "resize2fs", "umount", "wipefs",
}

// kubeNames are the names by which machines call the control plane's binary.
var kubeNames = []string{"kubectl", "etcdctl", "etcdutl"}

// Mounts are bwrap's options that put a machine's root together: its own tree, with this machine's programs
// read-only in it.
func (t Tree) Mounts() []string {
	options := []string{"--bind", t.Dir, "/", "--ro-bind", "/usr", "/usr", "--bind", filepath.Join(t.Dir, "usr/local"), "/usr/local"}
	for _, dir := range systemDirs {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			options = append(options, "--ro-bind", dir, dir)
		}
	}
	for _, path := range sharedFiles {
		if _, err := os.Stat(path); err == nil {
			options = append(options, "--ro-bind", path, path)
		}
	}
	options = append(options, "--ro-bind", t.GuestBinary, guestapi.Binary)
	if kubectl := t.KubectlBinary; kubectl != "" {
		for _, name := range kubeNames {
			options = append(options, "--ro-bind", kubectl, "/usr/local/bin/"+name)
		}
	}
	// This machine's own sudo or systemctl would fail or do harm when called by its full path.
	for _, name := range standIns {
		for _, dir := range []string{"/usr/bin", "/usr/sbin"} {
			if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
				options = append(options, "--ro-bind", t.GuestBinary, filepath.Join(dir, name))
			}
		}
	}
	return append(options, "--dev", "/dev", "--proc", "/proc",
		"--ro-bind", filepath.Join(t.Dir, bootIDFile), "/proc/sys/kernel/random/boot_id")
}
