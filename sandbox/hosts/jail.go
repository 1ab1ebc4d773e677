package hosts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// searchPath is PATH inside a machine.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// jail starts a machine's processes and knows all that run.
type jail struct {
	m    *machine
	root []string // options of bwrap that do not change while the machine runs

	mu        sync.Mutex
	closed    bool
	processes map[*process]bool
}

func newJail(m *machine) *jail {
	return &jail{m: m, root: m.rootOptions(), processes: map[*process]bool{}}
}

// command is what to run inside a machine.
type command struct {
	argv           []string
	env            []string // the whole environment
	dir            string
	stdin          *os.File
	stdout, stderr io.Writer
	terminal       *os.File // takes the place of all three
}

// process is a running command and everything it started: its end is the end of all of them.
type process struct {
	cmd  *exec.Cmd
	info *os.File      // where bwrap tells about the namespace
	born chan struct{} // closed when first and handle are known, or never will be
	done chan struct{}
	code int // valid after done; 128+n when a signal ended it

	first int // the first process of the namespace, whose end the kernel makes the end of all others; 0 for none

	mu     sync.Mutex
	handle int // the pidfd of first; -1 when there is none, or none any more
}

// start runs a command in a process namespace of its own.
func (j *jail) start(c command) (*process, error) {
	options := append(isolation(j.m.hostname()), j.root...)
	if c.dir != "" {
		options = append(options, "--chdir", c.dir)
	}
	// The options go through a pipe: they would only clutter ps.
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	if _, err := write.WriteString(strings.Join(options, "\x00") + "\x00"); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	if err := write.Close(); err != nil {
		return nil, err
	}
	info, infoWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer infoWrite.Close()
	argv := append(j.m.hosts.disks.enter(), j.m.hosts.bwrap, "--args", "3", "--info-fd", "4", "--")
	argv = append(argv, c.argv...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = c.env
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{read, infoWrite}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if c.terminal != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = c.terminal, c.terminal, c.terminal
		cmd.SysProcAttr.Setctty = true
	} else {
		cmd.Stdout, cmd.Stderr = c.stdout, c.stderr
		if c.stdin != nil {
			cmd.Stdin = c.stdin
		}
	}
	p := &process{cmd: cmd, info: info, born: make(chan struct{}), done: make(chan struct{}), handle: -1}
	// Holding the lock over the start keeps close from missing a process that is just being made.
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, errors.Join(fmt.Errorf("machine %s is off", j.m.name()), info.Close())
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, info.Close())
	}
	j.processes[p] = true
	go j.reap(p)
	return p, nil
}

// reap waits for the end of a process and of all it started.
func (j *jail) reap(p *process) {
	p.meet()
	close(p.born)
	err := p.cmd.Wait()
	p.code = exitCode(p.cmd.ProcessState, err)
	p.bury()
	j.mu.Lock()
	delete(j.processes, p)
	j.mu.Unlock()
	close(p.done)
}

// meet learns which process is the first of the namespace.
func (p *process) meet() {
	defer p.info.Close()
	var told struct {
		Child int `json:"child-pid"`
	}
	if json.NewDecoder(p.info).Decode(&told) != nil {
		return // bwrap failed; it says why on its standard error
	}
	if handle, err := unix.PidfdOpen(told.Child, 0); err == nil {
		p.first, p.handle = told.Child, handle
	}
}

// bury waits until the namespace is empty. bwrap ends as soon as its command does: what that left behind is dying then, and
// its first process, now this process's child (see adoptOrphans), would stay a zombie.
func (p *process) bury() {
	if p.handle < 0 {
		return
	}
	for unix.Waitid(unix.P_PIDFD, p.handle, nil, unix.WEXITED, nil) == unix.EINTR {
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = unix.Close(p.handle)
	p.handle = -1
}

// adoptOrphans makes processes whose parent ended children of this one instead of the system's first process, which in a
// container may be one that never looks after them.
func adoptOrphans() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

func exitCode(state *os.ProcessState, err error) int {
	if state == nil {
		return 255
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	if state.ExitCode() == 0 && err != nil {
		return 255 // the output could not be delivered
	}
	return state.ExitCode()
}

// close ends all processes and refuses new ones.
func (j *jail) close() {
	j.mu.Lock()
	j.closed = true
	var all []*process
	for p := range j.processes {
		all = append(all, p)
	}
	j.mu.Unlock()
	for _, p := range all {
		p.kill()
	}
	for _, p := range all {
		<-p.done
	}
}

// kill ends the process and all it started.
func (p *process) kill() {
	<-p.born
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.handle < 0 {
		_ = p.cmd.Process.Kill()
		return
	}
	_ = unix.PidfdSendSignal(p.handle, unix.SIGKILL, nil, 0)
}

// signal sends a signal to the command, and with everyone also to all that it started.
func (p *process) signal(s syscall.Signal, scope signalScope) {
	for _, pid := range p.commands() {
		_ = syscall.Kill(pid, s)
		if scope == everyone {
			signalTree(pid, s)
		}
	}
}

// commands are the processes right below the first one of the namespace: the command, and what lost its parent. A command
// that bwrap has still to start is waited for.
func (p *process) commands() []int {
	<-p.born
	for p.first != 0 {
		if found := children(p.first); len(found) > 0 {
			return found
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// signalScope says whom a signal is for.
type signalScope int

const (
	mainOnly signalScope = iota
	everyone
)

func signalTree(pid int, s syscall.Signal) {
	for _, child := range children(pid) {
		_ = syscall.Kill(child, s)
		signalTree(child, s)
	}
}

// mainPID is the command's process number as this machine sees it, or 0.
func (p *process) mainPID() int {
	for _, pid := range p.commands() {
		return pid
	}
	return 0
}

// children lists the child processes of a process.
func children(pid int) []int {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	var pids []int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // the process has just ended
		}
		for field := range strings.FieldsSeq(string(data)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}
