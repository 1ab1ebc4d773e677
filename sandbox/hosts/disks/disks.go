// Package disks makes the disks of machines full, gives them room again, and mounts volumes in them.
package disks

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Disks is a mount namespace of the sandbox's own that all machines' processes come from. What is mounted over a machine's
// directories there is seen at once by all its processes, by those that run too: that is how a disk gets full, for the user
// of this machine has no right to limit or mount anything outside.
//
// A full disk is a file system without a free block laid over the machine's own (overlayfs), so that it is the kernel that
// answers "no space left on device": to whoever writes to a file or appends to one. As on a real full disk, files can still
// be deleted, though that makes no room here, and empty ones and directories made, which takes no block. What a process
// holds open from before, its working directory too, is not full for it.
type Disks struct {
	nsenter string
	dir     string
	cmd     *exec.Cmd
	stdin   io.Closer
}

// dirs are the directories of a machine that get full. Those with files of this machine below them do not: programs
// that run would lose sight of these files.
var dirs = []string{"var", "opt", "home", "root", "tmp", "srv", "mnt", "etc/kubernetes", "etc/systemd/system"}

// New makes the namespace. It ends when the returned value is closed or this program ends, however that happens.
func New(dir string) (*Disks, error) {
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		return nil, errors.New("nsenter is not on PATH: install the package util-linux")
	}
	d := &Disks{nsenter: nsenter, dir: dir}
	d.cmd = exec.Command("unshare", "--user", "--map-root-user", "--mount", "--propagation", "slave", "sh", "-c",
		`mount --bind "$1" "$1" && mount --make-shared "$1" && echo made && exec cat >/dev/null`, "disks", dir)
	// A group of its own keeps a terminal's Ctrl-C away: the machines end first.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr bytes.Buffer
	d.cmd.Stderr = &stderr
	if d.stdin, err = d.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "made\n" {
		d.Close()
		return nil, fmt.Errorf("a mount namespace for the machines' disks: %s", strings.TrimSpace(stderr.String()+" "+fmt.Sprint(err)))
	}
	return d, nil
}

// Close ends the namespace once no process of a machine is left in it.
func (d *Disks) Close() {
	if d == nil {
		return
	}
	_ = d.stdin.Close()
	_ = d.cmd.Wait()
}

// Enter is what goes before a command to run it in the namespace; nothing where there is none.
func (d *Disks) Enter() []string {
	if d == nil {
		return nil
	}
	return []string{d.nsenter, "--target", strconv.Itoa(d.cmd.Process.Pid), "--user", "--mount", "--preserve-credentials", "--"}
}

// The scripts run in a machine's directory with dirs as arguments. Names in the options of mount are relative, because
// it knows no way to write a comma or a colon in them.
const (
	fillScript = `mountpoint -q full && exit 0
mkdir -p full && mount -t tmpfs -o size=256k,mode=700 full full || exit 1
for dir; do
  [ -d "root/$dir" ] || continue
  mkdir -p "full/upper/$dir" "full/work/$dir" && chmod --reference="root/$dir" "full/upper/$dir" || exit 1
  mount -t overlay -o "userxattr,lowerdir=root/$dir,upperdir=full/upper/$dir,workdir=full/work/$dir" full "root/$dir" || exit 1
done
dd if=/dev/zero of=full/ballast bs=4k 2>/dev/null
[ -s full/ballast ]`
	uncoverScript = `for dir; do
  if mountpoint -q "root/$dir"; then umount -l "root/$dir" || exit 1; fi
done`
	discardScript = `if mountpoint -q full; then umount -l full || exit 1; fi`
)

// Fill makes the disk full, if it is not, of the machine that this directory keeps: its files are in root below it.
func (d *Disks) Fill(machine string) error { return d.run(machine, fillScript, dirs...) }

// Free takes Fill back. What could be deleted and made meanwhile stays so.
func (d *Disks) Free(machine string) error {
	if err := d.run(machine, uncoverScript, dirs...); err != nil {
		return err
	}
	upper := fmt.Sprintf("/proc/%d/root%s", d.cmd.Process.Pid, filepath.Join(machine, "full/upper"))
	for _, dir := range dirs {
		if err := settle(filepath.Join(upper, dir), filepath.Join(machine, "root", dir)); err != nil {
			return err
		}
	}
	return d.run(machine, discardScript)
}

// Mount shows a folder at a path of a machine's, until it is unmounted or the namespace ends.
func (d *Disks) Mount(machine, folder, path string) error {
	return d.run(machine, `mount --bind -- "$1" "root/$2"`, folder, path)
}

// Unmount takes Mount back, if it is mounted.
func (d *Disks) Unmount(machine, path string) error {
	return d.run(machine, `if mountpoint -q -- "root/$1"; then umount -l -- "root/$1"; fi`, path)
}

func (d *Disks) run(machine, script string, parameters ...string) error {
	if d == nil {
		return errors.New("this machine does not let its users mount file systems, which full disks and volumes are made of: see the sandbox's log")
	}
	arguments := append(d.Enter(), "sh", "-c", `cd "$1" && shift && `+script, "disks", machine)
	cmd := exec.Command(arguments[0], append(arguments[1:], parameters...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(output))
	}
	return nil
}

// Cover tells whether a path inside a machine is on what Fill makes full.
func Cover(path string) bool {
	path = strings.TrimPrefix(filepath.Clean("/"+path), "/")
	for _, dir := range dirs {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}
