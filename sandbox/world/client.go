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

// startLimit is how long the world may take to answer: it only opens sockets before it does.
const startLimit = 30 * time.Second

// Ensure starts the world of w in the background unless it runs already, and returns when it answers. program is the
// sandbox's own executable. An error holds the reason that the world itself gave.
func Ensure(ctx context.Context, w *workspace.Workspace, program string) error {
	if _, err := Ask(ctx, w); err == nil {
		return nil
	}
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
	// its own session: an interrupted `up` must not take the world with it
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the sandbox's world: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	deadline := time.NewTimer(startLimit)
	defer deadline.Stop()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-ended:
			return fmt.Errorf("the sandbox could not start: %s", failure(w))
		case <-deadline.C:
			return fmt.Errorf("the sandbox does not answer after %s; see %s", startLimit, log.Name())
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

// Stop ends the world of w and returns when all its processes are gone. It is no error if none runs.
func Stop(ctx context.Context, w *workspace.Workspace) error {
	status, err := Ask(ctx, w)
	if errors.Is(err, ErrNotRunning) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := syscall.Kill(status.PID, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the sandbox (process %d): %w", status.PID, err)
	}
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", status.PID)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the sandbox (process %d) does not end; see %s: %w", status.PID, w.Path("logs", "world.log"), ctx.Err())
		case <-poll.C:
		}
	}
}
