package hosts

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// findBubblewrap returns bwrap's path after trying that it can make the namespaces machines need.
func findBubblewrap() (string, error) {
	path, err := exec.LookPath("bwrap")
	if err != nil {
		return "", errors.New("bwrap is not on PATH: install the package bubblewrap")
	}
	// As first process of its namespace, true leaves nothing behind.
	trial := exec.Command(path, append(isolation("trial"), "--as-pid-1", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "/bin/true")...)
	var stderr bytes.Buffer
	trial.Stderr = &stderr
	if err := trial.Run(); err != nil {
		return "", explainBubblewrap(err, strings.TrimSpace(stderr.String()))
	}
	return path, nil
}

// explainBubblewrap turns bwrap's complaint into what to do about it.
func explainBubblewrap(err error, stderr string) error {
	detail, _, _ := strings.Cut(stderr, "\n")
	if detail == "" {
		detail = err.Error()
	}
	for _, sign := range []string{"user namespace", "new namespace", "uid map", "loopback: Failed"} {
		if strings.Contains(detail, sign) {
			return fmt.Errorf("this machine forbids user namespaces to its users; allow them (sysctl user.max_user_namespaces, "+
				"kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0): %s", detail)
		}
	}
	return fmt.Errorf("bwrap cannot make a machine's root here: %s", detail)
}

// isolation is what separates a machine's processes from this machine, its network apart: that is shared, and nothing in
// the machine's tools listens on it. Without capabilities nobody in the machine can make the read-only parts writable, which
// would be this machine's own files when the sandbox runs as root.
func isolation(hostname string) []string {
	return []string{
		"--unshare-user", "--uid", "0", "--gid", "0", "--cap-drop", "ALL", "--unshare-pid", "--unshare-ipc",
		"--unshare-uts", "--hostname", hostname, "--die-with-parent",
	}
}

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
	"shutdown", "kubeadm", "make-ssl-etcd", "modprobe", "sysctl", "swapoff",
}

// kubeNames are the names by which machines call the control plane's binary.
var kubeNames = []string{"kubectl", "etcdctl", "etcdutl"}

// rootOptions are bwrap's options that put a machine's root together: its own tree, with this machine's programs
// read-only in it.
func (m *machine) rootOptions() []string {
	options := []string{"--bind", m.root(), "/", "--ro-bind", "/usr", "/usr", "--bind", filepath.Join(m.root(), "usr/local"), "/usr/local"}
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
	options = append(options, "--ro-bind", m.hosts.opts.GuestBinary, guestapi.Binary)
	if kubectl := m.hosts.opts.KubectlBinary; kubectl != "" {
		for _, name := range kubeNames {
			options = append(options, "--ro-bind", kubectl, "/usr/local/bin/"+name)
		}
	}
	// This machine's own sudo or systemctl would fail or do harm when called by its full path.
	for _, name := range standIns {
		for _, dir := range []string{"/usr/bin", "/usr/sbin"} {
			if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
				options = append(options, "--ro-bind", m.hosts.opts.GuestBinary, filepath.Join(dir, name))
			}
		}
	}
	return append(options, "--dev", "/dev", "--proc", "/proc",
		"--ro-bind", filepath.Join(m.root(), bootIDFile), "/proc/sys/kernel/random/boot_id")
}
