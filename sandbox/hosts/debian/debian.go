// Package debian makes the system that machines of the real kind share: Debian with systemd, sshd, cloud-init, containerd and what
// else a cloud's image brings. It is made once, of Debian's packages, and never written to afterwards: each machine lies over it.
package debian

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Suite is the release of Debian.
const Suite = "bookworm"

// what is being made, to those who wait for it.
const what = "the machines' system"

// packages are what the system has besides the least there is.
var packages = []string{
	"systemd", "systemd-sysv", "dbus", "openssh-server", "openssh-client", "sudo", "cloud-init", "containerd", "runc",
	"iproute2", "iptables", "nftables", "ipset", "conntrack", "ebtables", "ethtool", "socat", "kmod", "procps", "e2fsprogs",
	"curl", "ca-certificates", "openssl", "containernetworking-plugins",
	// the first machine runs Ansible
	"ansible-core", "python3-netaddr", "python3-jmespath",
}

// left is what of the packages no machine here reads.
var left = []string{"/usr/share/man", "/usr/share/doc", "/usr/share/locale", "/usr/lib/python3/dist-packages/ansible_collections"}

//go:embed settle.sh
var settle string

// ErrMissing is returned where the program that makes the system is not installed.
var ErrMissing = errors.New("mmdebstrap is not on PATH: install the package mmdebstrap")

// Path is where Ensure leaves the system, below a directory for such systems.
func Path(dir string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(packages, left...), " ") + Suite + settle))
	return filepath.Join(dir, fmt.Sprintf("%s-%x", Suite, sum[:6]))
}

// Ensure makes the system below dir unless it is there, and returns where it is. It takes a minute or two, in which it tells out
// every ten seconds where it is.
func Ensure(ctx context.Context, dir string, out io.Writer) (string, error) {
	path := Path(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return "", ErrMissing
	}
	if err := sweep(dir); err != nil {
		return "", err
	}
	start := time.Now()
	fmt.Fprintf(out, "Making the machines' system, Debian %s, of its packages (once)\n", Suite)
	building := path + ".building"
	arguments := []string{"--mode=root", "--variant=minbase", "--include=" + strings.Join(packages, ","),
		`--aptopt=APT::Install-Recommends "false"`, "--dpkgopt=force-unsafe-io"}
	for _, path := range left {
		arguments = append(arguments, "--dpkgopt=path-exclude="+path+"/*")
	}
	arguments = append(arguments, Suite, building)
	if mirror := Mirror(ctx); mirror != "" {
		arguments = append(arguments, mirror)
	}
	if err := Run(ctx, out, what, Apart(ctx, "mmdebstrap", arguments...)); err != nil {
		return "", err
	}
	if err := Run(ctx, out, what, Apart(ctx, "chroot", building, "/bin/sh", "-ec", settle)); err != nil {
		return "", err
	}
	fmt.Fprintf(out, "  %-28s %6s\n", what, time.Since(start).Round(time.Second))
	return path, os.Rename(building, path)
}

// sweep removes what an interrupted build left, and systems of another recipe.
func sweep(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, Suite+"-*"))
	if err != nil {
		return err
	}
	for _, each := range old {
		if err := os.RemoveAll(each); err != nil {
			return err
		}
	}
	return nil
}

// Lock waits until nobody else makes something here, and says by which file.
func Lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
	}
}
