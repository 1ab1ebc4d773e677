package controlplane

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	firstRestartDelay = 500 * time.Millisecond
	lastRestartDelay  = 10 * time.Second
)

// process is a child that is kept running until stop is called. It dies with this program, however that ends.
type process struct {
	name   string
	args   []string // the binary first
	env    []string
	log    string
	logger *slog.Logger
	// failed is told each time the process ends by itself.
	failed func(error)

	mu       sync.Mutex
	child    *os.Process
	stopping bool
	halt     chan struct{}
	done     chan struct{}
}

// start begins to run the process, with a log of its own for this run; the log of the run before is kept beside it.
func (p *process) start() error {
	if err := os.Rename(p.log, p.log+".previous"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.log), 0o700); err != nil {
		return err
	}
	p.halt, p.done = make(chan struct{}), make(chan struct{})
	go p.supervise()
	return nil
}

func (p *process) supervise() {
	// The kernel sends a child its parent-death signal when the thread that started it ends, not the process: so this
	// goroutine keeps its thread for as long as the child runs.
	runtime.LockOSThread()
	defer close(p.done)
	delay := firstRestartDelay
	for {
		began := time.Now()
		err := p.run()
		if err == nil {
			return
		}
		p.failed(err)
		if time.Since(began) > time.Minute {
			delay = firstRestartDelay
		}
		p.logger.Warn("a control plane process ended and is started again", "process", p.name, "in", delay, "error", err)
		select {
		case <-p.halt:
			return
		case <-time.After(delay):
		}
		delay = min(2*delay, lastRestartDelay)
	}
}

// run starts the child once and waits for it. It returns nil if the child was meant to end.
func (p *process) run() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(p.args[0], p.args[1:]...)
	command.Env = p.env
	command.Stdout, command.Stderr = log, log
	// A group of its own keeps a terminal's Ctrl-C from reaching the child: it would end before those that still need it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}

	p.mu.Lock()
	if p.stopping {
		p.mu.Unlock()
		return nil
	}
	err = command.Start()
	p.child = command.Process
	p.mu.Unlock()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	err = command.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.child = nil
	if p.stopping {
		return nil
	}
	if err == nil {
		err = errors.New("exit status 0")
	}
	return fmt.Errorf("%s: %w; its log %s ends with:\n%s", p.name, err, p.log, lastLines(p.log))
}

// stop ends the process: politely, and after the grace period by force. It returns when the process is gone.
func (p *process) stop(grace time.Duration) {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(grace):
		p.signal(syscall.SIGKILL)
		<-p.done
	}
}

func (p *process) signal(signal os.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopping {
		p.stopping = true
		close(p.halt)
	}
	if p.child != nil {
		_ = p.child.Signal(signal) // fails only if it ended meanwhile
	}
}

// lastLines quotes the end of a log, for errors.
func lastLines(path string) string {
	const most = 1500
	file, err := os.Open(path)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	defer file.Close()
	if size, err := file.Seek(0, io.SeekEnd); err == nil {
		_, _ = file.Seek(max(0, size-most), io.SeekStart)
	}
	text, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return "(" + err.Error() + ")"
	}
	if len(text) == most {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return "  " + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n  ")
}
