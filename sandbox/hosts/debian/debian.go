// Package debian makes the system that machines of the real kind share: Debian with systemd, sshd, cloud-init, containerd and what
// else a cloud's image brings. It is made once, of Debian's packages, and never written to afterwards: each machine lies over it.
package debian

import (
	"bufio"
	"bytes"
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

// suite is the release of Debian.
const suite = "bookworm"

// packages are what the system has besides the least there is.
var packages = []string{
	"systemd", "systemd-sysv", "dbus", "openssh-server", "openssh-client", "sudo", "cloud-init", "containerd", "runc",
	"iproute2", "iptables", "nftables", "ipset", "conntrack", "ebtables", "ethtool", "socat", "kmod", "procps", "e2fsprogs",
	"curl", "ca-certificates", "openssl",
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
	sum := sha256.Sum256([]byte(strings.Join(append(packages, left...), " ") + suite + settle))
	return filepath.Join(dir, fmt.Sprintf("%s-%x", suite, sum[:6]))
}

// Ensure makes the system below dir unless it is there, and returns where it is. It takes a minute or two, in which it tells out
// every ten seconds where it is.
func Ensure(ctx context.Context, dir string, out io.Writer) (string, error) {
	path := Path(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
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
	fmt.Fprintf(out, "Making the machines' system, Debian %s, of its packages (once)\n", suite)
	building := path + ".building"
	arguments := []string{"--mode=root", "--variant=minbase", "--include=" + strings.Join(packages, ","),
		`--aptopt=APT::Install-Recommends "false"`, "--dpkgopt=force-unsafe-io"}
	for _, path := range left {
		arguments = append(arguments, "--dpkgopt=path-exclude="+path+"/*")
	}
	arguments = append(arguments, suite, building)
	if mirror := mirror(ctx); mirror != "" {
		arguments = append(arguments, mirror)
	}
	if err := run(ctx, out, start, "mmdebstrap", arguments...); err != nil {
		return "", err
	}
	if err := run(ctx, out, start, "chroot", building, "/bin/sh", "-ec", settle); err != nil {
		return "", err
	}
	fmt.Fprintf(out, "  %-28s %6s\n", "the machines' system", time.Since(start).Round(time.Second))
	return path, os.Rename(building, path)
}

// sweep removes what an interrupted build left, and systems of another recipe.
func sweep(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, suite+"-*"))
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

// lock waits until nobody else makes a system here.
func lock(path string) (unlock func(), err error) {
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

// mirror is where this machine's own apt has the release from; empty, for mmdebstrap's own choice, if it does not.
func mirror(ctx context.Context) string {
	cmd := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
	targets, err := cmd.Output()
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(targets)) {
		if address, found := strings.CutSuffix(strings.TrimSpace(line), " "+suite+" main"); found {
			return address
		}
	}
	return ""
}

// run runs a step and says every ten seconds what it printed last. An error holds the end of what it printed.
func run(ctx context.Context, out io.Writer, start time.Time, program string, arguments ...string) error {
	cmd := exec.CommandContext(ctx, program, arguments...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it then ends what it started
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reader.Close()
	cmd.Stdout, cmd.Stderr = writer, writer
	err = cmd.Start()
	_ = writer.Close()
	if err != nil {
		return err
	}
	said := watch(reader, out, start)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s, for the machines' system: %w\n%s", program, err, said)
	}
	return nil
}

// watch returns the last lines that were printed when there are no more.
func watch(from io.Reader, out io.Writer, start time.Time) string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(from); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	var last [][]byte
	for {
		select {
		case line, more := <-lines:
			if !more {
				return string(bytes.Join(last, []byte("\n")))
			}
			if last = append(last, []byte(line)); len(last) > 10 {
				last = last[1:]
			}
		case <-tick.C:
			doing := ""
			if len(last) > 0 {
				doing = string(last[len(last)-1])
			}
			fmt.Fprintf(out, "  %-28s %6s  … %.80s\n", "the machines' system", time.Since(start).Round(time.Second), doing)
		}
	}
}
