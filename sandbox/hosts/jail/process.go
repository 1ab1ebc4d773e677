package jail

import (
	"encoding/json"
	"fmt"
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

// Process is a running command and everything it started: its end is the end of all of them.
type Process struct {
	cmd  *exec.Cmd
	info *os.File      // where bwrap tells about the namespace
	born chan struct{} // closed when first and handle are known, or never will be
	done chan struct{}
	code int // valid after done; 128+n when a signal ended it

	first int // the first process of the namespace, whose end the kernel makes the end of all others; 0 for none

	mu     sync.Mutex
	handle int // the pidfd of first; -1 when there is none, or none any more
}

// Done is closed when the process and all it started have ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode is valid once it has ended; 128+n when a signal ended it.
func (p *Process) ExitCode() int { return p.code }

// meet learns which process is the first of the namespace.
func (p *Process) meet() {
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
// its first process, now this process's child (see AdoptOrphans), would stay a zombie.
func (p *Process) bury() {
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

// Kill ends the process and all it started.
func (p *Process) Kill() {
	<-p.born
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.handle < 0 {
		_ = p.cmd.Process.Kill()
		return
	}
	_ = unix.PidfdSendSignal(p.handle, unix.SIGKILL, nil, 0)
}

// Signal sends a signal to the command, and with Everyone also to all that it started.
func (p *Process) Signal(s syscall.Signal, scope Scope) {
	for _, pid := range p.commands() {
		_ = syscall.Kill(pid, s)
		if scope == Everyone {
			signalTree(pid, s)
		}
	}
}

// commands are the processes right below the first one of the namespace: the command, and what lost its parent. A command
// that bwrap has still to start is waited for.
func (p *Process) commands() []int {
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

// Scope says whom a signal is for.
type Scope int

// Whom a signal can be for.
const (
	MainOnly Scope = iota // the command alone
	Everyone              // and all it started
)

func signalTree(pid int, s syscall.Signal) {
	for _, child := range children(pid) {
		_ = syscall.Kill(child, s)
		signalTree(child, s)
	}
}

// MainPID is the command's process number as this machine sees it, or 0.
func (p *Process) MainPID() int {
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
