// Package jail starts the processes of a machine and knows all that run: each command in namespaces of its own, made by
// bubblewrap, so that its end is the end of all it started.
package jail

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Options are what a jail needs to know of its machine.
type Options struct {
	// Bubblewrap is the path that FindBubblewrap gave.
	Bubblewrap string
	// Mounts are bubblewrap's options that put the machine's root together.
	Mounts []string
	// Prefix goes before each command: what enters the namespace that its disks are mounted in. It may be empty.
	Prefix []string
	// Machine is its name, for errors.
	Machine string
	// Hostname is asked before each command.
	Hostname func() string
}

// Jail starts a machine's processes while it runs.
type Jail struct {
	options Options

	mu        sync.Mutex
	closed    bool
	processes map[*Process]bool
}

// New makes a jail without processes.
func New(options Options) *Jail {
	return &Jail{options: options, processes: map[*Process]bool{}}
}

// Command is what to run inside a machine.
type Command struct {
	Argv           []string
	Env            []string // the whole environment
	Dir            string
	Stdin          *os.File
	Stdout, Stderr io.Writer
	Terminal       *os.File // takes the place of all three
}

// Start runs a command in a process namespace of its own.
func (j *Jail) Start(c Command) (*Process, error) {
	options := append(isolation(j.options.Hostname()), j.options.Mounts...)
	if c.Dir != "" {
		options = append(options, "--chdir", c.Dir)
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
	argv := append(slices.Clone(j.options.Prefix), j.options.Bubblewrap, "--args", "3", "--info-fd", "4", "--")
	argv = append(argv, c.Argv...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = c.Env
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{read, infoWrite}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if c.Terminal != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Terminal, c.Terminal, c.Terminal
		cmd.SysProcAttr.Setctty = true
	} else {
		cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
		if c.Stdin != nil {
			cmd.Stdin = c.Stdin
		}
	}
	p := &Process{cmd: cmd, info: info, born: make(chan struct{}), done: make(chan struct{}), handle: -1}
	// Holding the lock over the start keeps Close from missing a process that is just being made.
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, errors.Join(fmt.Errorf("machine %s is off", j.options.Machine), info.Close())
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, info.Close())
	}
	j.processes[p] = true
	go j.reap(p)
	return p, nil
}

// reap waits for the end of a process and of all it started.
func (j *Jail) reap(p *Process) {
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

// AdoptOrphans makes processes whose parent ended children of this one instead of the system's first process, which in a
// container may be one that never looks after them.
func AdoptOrphans() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// Close ends all processes and refuses new ones.
func (j *Jail) Close() {
	j.mu.Lock()
	j.closed = true
	var all []*Process
	for p := range j.processes {
		all = append(all, p)
	}
	j.mu.Unlock()
	for _, p := range all {
		p.Kill()
	}
	for _, p := range all {
		<-p.done
	}
}
