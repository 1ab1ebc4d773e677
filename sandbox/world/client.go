package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// startLimit is how long the world may take to answer. With light machines it only opens sockets before it does; real ones boot.
func startLimit(w *workspace.Workspace) time.Duration {
	if w.Kind() == workspace.Real {
		return 4 * time.Minute
	}
	return 30 * time.Second
}

// Ensure starts the world of w in the background unless it runs already, and returns when it answers. program is the
// sandbox's own executable; a world that was started from another build of it is restarted, and says so on standard error.
// An error holds the reason that the world itself gave.
func Ensure(ctx context.Context, w *workspace.Workspace, program string) error {
	unlock, err := lock(ctx, w)
	if err != nil {
		return err
	}
	defer unlock()
	status, err := Ask(ctx, w)
	switch {
	case errors.Is(err, ErrNotRunning):
	case err != nil:
		return err
	case status.Build == fingerprint(w, program):
		return nil
	default:
		fmt.Fprintln(os.Stderr, "Restarting the sandbox: it was started from an earlier build, or for machines of another kind. Its machines and its cluster are kept")
		if err := stop(ctx, w, status.PID); err != nil {
			return err
		}
	}
	return start(ctx, w, program)
}

// lock keeps two commands from starting or restarting a world at the same time.
func lock(ctx context.Context, w *workspace.Workspace) (unlock func(), err error) {
	file, err := os.OpenFile(w.Path("world.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", file.Name(), err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), file.Close())
		case <-poll.C:
		}
	}
}

// start starts a world that does not run.
func start(ctx context.Context, w *workspace.Workspace, program string) error {
	if err := os.MkdirAll(w.Path("logs"), 0o755); err != nil {
		return err
	}
	log, err := os.Create(w.Path("logs", "world.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	_ = os.Remove(failureFile(w))
	cmd := exec.Command(program, "serve")
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.Root, log, log
	cmd.Env = append(os.Environ(), "SANDBOX_NAME="+w.Name) // whichever this process' own is
	// its own session: an interrupted `up` must not take the world with it
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the sandbox's world: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	limit := startLimit(w)
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-ended:
			return fmt.Errorf("the sandbox could not start: %s", failure(w))
		case <-deadline.C:
			return fmt.Errorf("the sandbox does not answer after %s; see %s", limit, log.Name())
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
			if _, err := Ask(ctx, w); err == nil {
				return nil
			}
		}
	}
}

// failure is the reason the world left behind when it could not start.
func failure(w *workspace.Workspace) string {
	reason, err := os.ReadFile(failureFile(w))
	if err != nil {
		return "see " + w.Path("logs", "world.log")
	}
	return string(reason)
}

func failureFile(w *workspace.Workspace) string { return w.Path("world.failure") }

func socket(w *workspace.Workspace) string { return w.Path("world.sock") }

// ErrNotRunning is returned by Ask when no world answers.
var ErrNotRunning = errors.New("the sandbox is not running")

// Ask returns what the running world says of itself.
func Ask(ctx context.Context, w *workspace.Workspace) (*Status, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var status Status
	if err := control(ctx, w, http.MethodGet, "/status", nil, &status); err != nil {
		return nil, err
	}
	return &status, nil
}

func controlClient(w *workspace.Workspace) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket(w))
	}}}
}

// stopLimit is how long a world may take to end.
const stopLimit = 30 * time.Second

// Stop ends the world of w and returns when all its processes are gone. It is no error if none runs.
func Stop(ctx context.Context, w *workspace.Workspace) error {
	pid, err := processOf(w)
	if err != nil {
		return err
	}
	if pid != 0 {
		if err := stop(ctx, w, pid); err != nil {
			return err
		}
	}
	return sweep(w)
}

// processOf is the process of w's world, or 0: of whoever listens on its socket, as the kernel knows it. A world that has too much to do
// to answer can be stopped, too.
func processOf(w *workspace.Workspace) (int, error) {
	conn, err := net.Dial("unix", socket(w))
	if err != nil {
		return 0, nil // nobody listens
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *syscall.Ucred
	var failure error
	err = raw.Control(func(fd uintptr) {
		peer, failure = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, failure); err != nil {
		return 0, fmt.Errorf("who runs the sandbox: %w", err)
	}
	return int(peer.Pid), nil
}

func stop(ctx context.Context, w *workspace.Workspace, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the sandbox (process %d): %w", pid, err)
	}
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		// A process that ended and that nobody looks after is still listed, but has no program.
		if _, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the sandbox (process %d) does not end; see %s: %w", pid, w.Path("logs", "world.log"), ctx.Err())
		case <-poll.C:
		}
	}
}
