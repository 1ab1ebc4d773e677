package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/iransre/exchange-platform/sandbox/transcript"
)

// Image is what there is of an image once it is unpacked. Its programs run as the chart's pods run them: as user 10001, on a root
// that cannot be written, each the first process of its container; only the network is this machine's.
type Image struct {
	// Root is the folder that holds the image's files.
	Root string
	// Folders lie elsewhere here: where they are in the image, and which folder it is.
	Folders map[string]string
	// WorkingDir and Env are the image's own.
	WorkingDir string
	Env        []string
}

// user is the one of the chart's pods.
const user10001 = 10001

// jail is bwrap's command line up to the program.
func (i *Image) jail(mounts []string) ([]string, error) {
	id := strconv.Itoa(user10001)
	args := []string{"--unshare-user", "--uid", id, "--gid", id, "--unshare-pid", "--unshare-ipc", "--as-pid-1", "--die-with-parent",
		"--cap-drop", "ALL", "--new-session", "--clearenv", "--info-fd", "3", "--tmpfs", "/"}
	entries, err := os.ReadDir(i.Root)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		inside, here := "/"+entry.Name(), filepath.Join(i.Root, entry.Name())
		switch {
		case slices.Contains([]string{"/proc", "/dev", "/sys", "/tmp", "/run"}, inside):
		case i.Folders[inside] != "":
		case entry.Type()&os.ModeSymlink != 0:
			target, err := os.Readlink(here)
			if err != nil {
				return nil, err
			}
			args = append(args, "--symlink", target, inside)
		default:
			args = append(args, "--ro-bind", here, inside)
		}
	}
	for _, inside := range slices.Sorted(maps.Keys(i.Folders)) {
		args = append(args, "--ro-bind", i.Folders[inside], inside)
	}
	if i.Folders["/proc"] == "" {
		args = append(args, "--proc", "/proc")
	}
	args = append(args, "--dev", "/dev", "--tmpfs", "/run")
	for _, mount := range mounts {
		args = append(args, "--tmpfs", mount)
	}
	directory := i.WorkingDir
	if directory == "" {
		directory = "/"
	}
	return append(args, "--remount-ro", "/run", "--remount-ro", "/", "--chdir", directory), nil
}

// process is a program of the image that runs.
type process struct {
	command *exec.Cmd
	first   int // its number on this machine
	output  *transcript.Transcript
	done    chan struct{}
	failure error
}

// start runs a program of the image in the place of a container's own.
func (i *Image) start(ctx context.Context, of *container, program ...string) (*process, error) {
	args, err := i.jail(of.mounts)
	if err != nil {
		return nil, err
	}
	env := map[string]string{"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	for _, each := range i.Env {
		name, value, _ := strings.Cut(each, "=")
		env[name] = value
	}
	maps.Copy(env, of.env)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if env[name] != unset {
			args = append(args, "--setenv", name, env[name])
		}
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	made := &process{command: exec.CommandContext(ctx, "bwrap", append(append(args, "--"), program...)...), output: &transcript.Transcript{}, done: make(chan struct{})}
	made.command.Stdout, made.command.Stderr = made.output, made.output
	made.command.ExtraFiles = []*os.File{write}
	made.command.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		made.command.SysProcAttr.Credential = &syscall.Credential{Uid: user10001, Gid: user10001}
	}
	// what a dead program left running holds its output open
	made.command.WaitDelay = time.Second
	err = made.command.Start()
	if err := write.Close(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	var info struct {
		Child int `json:"child-pid"`
	}
	decoded := json.NewDecoder(read).Decode(&info)
	made.first = info.Child
	go func() {
		made.failure = made.command.Wait()
		close(made.done)
	}()
	if decoded != nil {
		<-made.done
		return nil, fmt.Errorf("bwrap cannot make a container of %s here: %s", i.Root, made.output)
	}
	return made, nil
}

// unset is the value of a variable that shall not be there.
const unset = "\x00"

// stop sends a signal to the container's first process, and waits for its end.
func (p *process) stop(signal syscall.Signal, patience time.Duration) error {
	if err := syscall.Kill(p.first, signal); err != nil {
		return fmt.Errorf("it is gone already: %w", err)
	}
	select {
	case <-p.done:
		return p.failure
	case <-time.After(patience):
		return fmt.Errorf("it still runs %s after %s", patience, signal)
	}
}

// kill ends it, if it still runs.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.done
}

// copyProcesses writes down the container's processes as its own /proc shows them. An exec probe may not be let into a container that
// somebody else than root made, but it can be shown what it would see there.
func (p *process) copyProcesses(into string) error {
	inside := fmt.Sprintf("/proc/%d/root/proc", p.first)
	entries, err := os.ReadDir(inside)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if _, err := strconv.Atoi(entry.Name()); err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(inside, entry.Name(), "stat"))
		if err != nil {
			continue // it is gone meanwhile
		}
		if err := os.Mkdir(filepath.Join(into, entry.Name()), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(into, entry.Name(), "stat"), stat, 0o644); err != nil {
			return err
		}
	}
	return nil
}
