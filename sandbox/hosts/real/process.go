package real

import (
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/netns"
)

// launchScript becomes systemd-nspawn, and initScript, in the machine, its systemd.
var (
	//go:embed launch.sh
	launchScript string
	//go:embed init.sh
	initScript string
)

// process is the systemd-nspawn of a machine. It dies with this program, however that ends, and everything in the machine with it.
type process struct {
	command *exec.Cmd
	done    chan struct{} // closed when it has ended
}

// diskSize is the size of a machine's disk in GiB where its cloud does not say it. It takes as much room as is written to it.
const diskSize = 40

func (m *machine) consoleFile() string { return filepath.Join(m.dir, "console.log") }

// launch starts the machine in this network.
func (m *machine) launch(network *netns.Namespace) (*process, error) {
	console, err := os.OpenFile(m.consoleFile(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer console.Close()
	room := freeScript
	if m.state.Get().Faults.Full {
		room = fillScript
	}
	opts := m.hosts.opts
	command := exec.Command("/bin/sh", append([]string{"-ec", launchScript, "launch"}, m.options()...)...)
	command.Dir = m.dir
	command.Env = append(os.Environ(), "MACHINE="+m.dir, "BASE="+opts.Base, "ADDITIONS="+opts.Additions, "NETWORK="+network.Path(), fmt.Sprintf("DISK=%d", cmp.Or(m.state.Get().Machine.DiskGiB, diskSize)<<30), "ID="+machineID(m.id),
		"ROOM="+room, "CONTROL_GROUPS="+strings.Join(m.groups, " "), "LC_ALL=C",
		"SYSTEMD_SECCOMP=0", "SYSTEMD_NSPAWN_USE_CGNS=1", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network")
	command.Stdout, command.Stderr = console, console
	command.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true, Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	p := &process{command: command, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel sends a child its parent-death signal when the thread that started it ends, not the process: so this goroutine keeps
		// its thread for as long as the child runs.
		runtime.LockOSThread()
		defer close(p.done)
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // how it ended is read from its state
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start systemd-nspawn: %w", err)
	}
	return p, nil
}

// options are systemd-nspawn's.
func (m *machine) options() []string {
	return []string{
		"--quiet", "--register=no", "--keep-unit", "--machine=" + m.id, "--hostname=" + m.state.Get().Hostname, "--capability=all",
		"--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe", "--kill-signal=SIGRTMIN+4",
		"--bind-ro=" + m.seedDir() + ":/var/lib/cloud/seed/nocloud", "/bin/sh", "-ec", initScript,
	}
}

// nspawnRebooted is what systemd-nspawn exits with when the machine asked for a reboot.
const nspawnRebooted = 133

// rebooted tells whether the machine ended because it wants to start again.
func (p *process) rebooted() bool {
	return p.command.ProcessState != nil && p.command.ProcessState.ExitCode() == nspawnRebooted
}

// shutdownLimit is how long an orderly shutdown may take; systemd gives its units less.
const shutdownLimit = 12 * time.Second

// shutDown asks the machine to power off, and waits until it has or the patience is at an end.
func (p *process) shutDown() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // which systemd-nspawn passes on, as --kill-signal
	select {
	case <-p.done:
	case <-time.After(shutdownLimit):
	}
}

// kill ends it at once.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.done
}

// leader is the machine's first process, as it is seen from here.
func (p *process) leader() (int, error) {
	pid := strconv.Itoa(p.command.Process.Pid)
	text, err := os.ReadFile(filepath.Join("/proc", pid, "task", pid, "children"))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) == 0 {
		return 0, fmt.Errorf("systemd-nspawn %s has started nothing yet", pid)
	}
	return strconv.Atoi(fields[len(fields)-1])
}

// root opens the machine's root for what must not lead out of it.
func (p *process) root() (*os.Root, error) {
	leader, err := p.leader()
	if err != nil {
		return nil, err
	}
	return os.OpenRoot(fmt.Sprintf("/proc/%d/root", leader))
}

func (p *process) readFile(name string) ([]byte, error) {
	root, err := p.root()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.ReadFile(name)
}
