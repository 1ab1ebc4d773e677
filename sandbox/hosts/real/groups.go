package real

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// groups are the control groups of a set of machines: one in each hierarchy that the machine we run on has, with one for each
// machine below it. Machines in the same group would share what kubelet makes.
type groups []string

// ofASandbox begins the names of groups that hold those of a sandbox's machines.
const ofASandbox = "exchange-sandbox-"

// findGroups names those of the machines that dir keeps.
func findGroups(dir string) (groups, error) {
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer mounts.Close()
	name := fmt.Sprintf("%s%x", ofASandbox, sha256.Sum256([]byte(dir)))[:len(ofASandbox)+12]
	var found groups
	for lines := bufio.NewScanner(mounts); lines.Scan(); {
		// the optional fields end with a lone hyphen, and the file system's type follows
		place, system, _ := strings.Cut(lines.Text(), " - ")
		if kind, _, _ := strings.Cut(system, " "); kind == "cgroup" || kind == "cgroup2" {
			found = append(found, filepath.Join(strings.Fields(place)[4], name))
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no control groups are mounted below /sys/fs/cgroup")
	}
	return found, nil
}

// of are the groups of one machine.
func (g groups) of(id string) groups {
	var own groups
	for _, dir := range g {
		own = append(own, filepath.Join(dir, id))
	}
	return own
}

// make makes a machine's groups.
func (g groups) make() error {
	for _, dir := range g {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("a control group: %w", err)
		}
		// a new group of cpuset's first hierarchy may use no processor and no memory until it is told which
		for _, group := range []string{filepath.Dir(dir), dir} {
			for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
				own, err := os.ReadFile(filepath.Join(group, file))
				if errors.Is(err, fs.ErrNotExist) || len(strings.TrimSpace(string(own))) > 0 {
					continue
				}
				above, err := os.ReadFile(filepath.Join(filepath.Dir(group), file))
				if err == nil {
					err = os.WriteFile(filepath.Join(group, file), above, 0o644)
				}
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("a control group: %w", err)
				}
			}
		}
		if above := filepath.Dir(dir); strings.HasPrefix(filepath.Base(above), ofASandbox) {
			if err := weigh(above); err != nil {
				return fmt.Errorf("a control group: %w", err)
			}
		}
	}
	return nil
}

// weigh gives the machines together the processors' time of as many groups as they are: as one among all of this machine's, eight of them
// starve beside two compilers.
func weigh(group string) error {
	machines, err := os.ReadDir(group)
	if err != nil {
		return err
	}
	count := 0
	for _, each := range machines {
		if each.IsDir() {
			count++
		}
	}
	for file, one := range map[string]int{"cpu.shares": 1024, "cpu.weight": 100} {
		name := filepath.Join(group, file)
		if _, err := os.Stat(name); err != nil {
			continue // another hierarchy's
		}
		if err := os.WriteFile(name, []byte(strconv.Itoa(min(count*one, 10_000*one/100))), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// processes are those in the groups.
func (g groups) processes() []int {
	var found []int
	for _, dir := range g {
		_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return nil
			}
			text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
			if err != nil {
				return nil
			}
			for field := range strings.FieldsSeq(string(text)) {
				if pid, err := strconv.Atoi(field); err == nil && pid > 0 {
					found = append(found, pid)
				}
			}
			return nil
		})
	}
	return found
}

// killLimit is how long killed processes may take to be gone.
const killLimit = 10 * time.Second

// remove kills what runs in the groups and removes them.
func (g groups) remove() error {
	deadline := time.Now().Add(killLimit)
	for {
		left := g.processes()
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v of the machines cannot be killed", left)
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	var errs []error
	for _, dir := range g {
		var all []string
		_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				all = append(all, path)
			}
			return nil
		})
		for i := range all {
			errs = append(errs, removeGroup(all[len(all)-1-i], deadline))
		}
	}
	return errors.Join(errs...)
}

// removeGroup removes one group. The last process of it may be gone for /proc and not yet for the group.
func removeGroup(dir string, deadline time.Time) error {
	for {
		err := syscall.Rmdir(dir)
		if err == nil || errors.Is(err, syscall.ENOENT) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("remove the control group %s: %w", dir, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Sweep ends what a daemon that was killed may have left of the machines that dir keeps.
func Sweep(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	own, err := findGroups(dir)
	if err != nil {
		return err
	}
	return own.remove()
}
