package real

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// What a pair of machines with the demo platform in their containers needs; more of it is better.
const (
	leastMemoryMiB = 6 << 10
	leastDiskMiB   = 10 << 10
)

// leastInotify is what the kernel has to let one user watch: all machines are root's here. A machine's systemd, kubelet and containerd
// take some twenty instances, and each pod a few more; where they are used up, kubelets die.
var leastInotify = map[string]int{"max_user_instances": 1024, "max_user_watches": 65536}

// programs are those that machines are made with, and Debian's packages that bring them.
var programs = map[string]string{
	"systemd-nspawn": "systemd-container", "mmdebstrap": "mmdebstrap", "ip": "iproute2", "tc": "iproute2", "mkfs.ext4": "e2fsprogs",
	"nsenter": "util-linux", "mount": "mount",
}

// Check tells what keeps real machines from running here, and how that is mended: one line for each thing. dir is where their disks
// will be.
func Check(dir string) error {
	if os.Geteuid() != 0 {
		return errors.New("real machines need root: run the sandbox as root, or leave out --machines real")
	}
	var missing []error
	packages := map[string]bool{}
	for program, from := range programs {
		if _, err := exec.LookPath(program); err != nil && !packages[from] {
			packages[from] = true
			missing = append(missing, fmt.Errorf("%s is not on PATH: apt-get install %s", program, from))
		}
	}
	for path, cure := range map[string]string{
		"/dev/loop-control":    "machines' disks are loop devices: modprobe loop, or give this container the device",
		"/proc/sys/net/ipv4":   "machines have networks of their own, which this kernel does not make",
		"/proc/self/ns/pid":    "machines are PID namespaces, which this kernel does not make",
		"/sys/module/overlay":  "machines lie over one system: modprobe overlay",
		"/proc/self/ns/cgroup": "machines are cgroup namespaces, which this kernel does not make",
		inotifyLimits:          "machines watch files, which this kernel does not do",
	} {
		if _, err := os.Stat(path); err != nil {
			missing = append(missing, fmt.Errorf("%s is missing: %s", path, cure))
		}
	}
	missing = append(missing, checkGroups(dir), checkMemory(), checkDisk(dir), checkInotify(inotifyLimits))
	return errors.Join(missing...)
}

func checkGroups(dir string) error {
	own, err := findGroups(filepath.Join(dir, "check"))
	if err == nil {
		err = errors.Join(own.make(), own.remove())
	}
	if err != nil {
		return fmt.Errorf("control groups cannot be made here: %w; run the sandbox where /sys/fs/cgroup is writable", err)
	}
	return nil
}

func checkMemory() error {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "MemAvailable:"); found {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			if err == nil && kib>>10 < leastMemoryMiB {
				return fmt.Errorf("%d MiB of memory are free, and real machines need %d: end other programs", kib>>10, leastMemoryMiB)
			}
		}
	}
	return nil
}

func checkDisk(dir string) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return fmt.Errorf("room in %s: %w", dir, err)
	}
	if free := disk.Bavail * uint64(disk.Bsize) >> 20; free < leastDiskMiB {
		return fmt.Errorf("%d MiB are free on the disk of %s, and real machines need %d: make room there", free, dir, leastDiskMiB)
	}
	return nil
}

const inotifyLimits = "/proc/sys/fs/inotify"

// checkInotify names all limits that are too low, and one command that raises them.
func checkInotify(limits string) error {
	var low, cure []string
	for _, name := range slices.Sorted(maps.Keys(leastInotify)) {
		text, err := os.ReadFile(filepath.Join(limits, name))
		if err != nil {
			continue // it was said that there is none
		}
		if limit, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && limit < leastInotify[name] {
			low = append(low, fmt.Sprintf("fs.inotify.%s is %d", name, limit))
			cure = append(cure, fmt.Sprintf("fs.inotify.%s=%d", name, leastInotify[name]))
		}
	}
	if len(low) == 0 {
		return nil
	}
	return fmt.Errorf("%s, too low for the kubelets of real machines: sysctl -w %s", strings.Join(low, " and "), strings.Join(cure, " "))
}
