package world

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// TestMain turns the test binary into a world that only tells its status when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		if err := serveStatus(); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// serveStatus says of the first world in a workspace that it is of an old build.
func serveStatus() error {
	w, err := workspace.Open()
	if err != nil {
		return err
	}
	starts, err := os.OpenFile(w.Path("starts"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if _, err := starts.WriteString("."); err != nil {
		return err
	}
	status := Status{PID: os.Getpid(), Build: fingerprint(w, "/proc/self/exe")}
	if text, err := os.ReadFile(starts.Name()); err != nil || len(text) == 1 {
		status.Build = "old"
	}
	_ = os.Remove(socket(w))
	listener, err := net.Listen("unix", socket(w))
	if err != nil {
		return err
	}
	go http.Serve(listener, http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if _, err := os.Stat(w.Path("busy")); err == nil {
			<-request.Context().Done()
		}
		_ = json.NewEncoder(response).Encode(status)
	}))
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	return nil
}

func TestEnsure(t *testing.T) {
	dir := t.TempDir()
	assert.NilError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), nil, 0o644))
	t.Chdir(dir)
	t.Setenv("SANDBOX_NAME", "")
	w, err := workspace.Named("other")
	assert.NilError(t, err)
	program, err := os.Executable()
	assert.NilError(t, err)
	t.Cleanup(func() { assert.NilError(t, Stop(context.Background(), w)) })
	starts := func() int {
		text, err := os.ReadFile(w.Path("starts"))
		assert.NilError(t, err)
		return len(text)
	}

	_, err = Ask(t.Context(), w)
	assert.ErrorIs(t, err, ErrNotRunning)
	assert.NilError(t, start(t.Context(), w, program))
	old, err := Ask(t.Context(), w)
	assert.NilError(t, err)

	var commands sync.WaitGroup
	for range 3 {
		commands.Go(func() { assert.Check(t, Ensure(t.Context(), w, program)) })
	}
	commands.Wait()
	assert.Equal(t, starts(), 2, "one of them has restarted the world of another build, once")
	status, err := Ask(t.Context(), w)
	assert.NilError(t, err)
	assert.Assert(t, status.PID != old.PID)

	assert.NilError(t, Stop(t.Context(), w))
	for range 3 {
		commands.Go(func() { assert.Check(t, Ensure(t.Context(), w, program)) })
	}
	commands.Wait()
	assert.Equal(t, starts(), 3, "one of them has started the world that did not run")

	status, err = Ask(t.Context(), w)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(w.Path("busy"), nil, 0o600))
	assert.NilError(t, Stop(t.Context(), w))
	poll.WaitOn(t, func(poll.LogT) poll.Result { // whoever adopted it buries it in his own time
		if err := syscall.Kill(status.PID, 0); err != syscall.ESRCH {
			return poll.Continue("one that has no time to answer is stopped, too: %v", err)
		}
		return poll.Success()
	}, poll.WithDelay(10*time.Millisecond))
}

func TestFingerprint(t *testing.T) {
	w := &workspace.Workspace{Tools: t.TempDir()}
	program, err := os.Executable()
	assert.NilError(t, err)
	text, err := os.ReadFile(program)
	assert.NilError(t, err)
	copied := filepath.Join(t.TempDir(), "copy")
	assert.NilError(t, os.WriteFile(copied, text, 0o755))
	assert.Equal(t, fingerprint(w, program), fingerprint(w, copied), "a file's time means nothing")

	id := string(buildID(program))
	other := strings.Replace(string(text), id, strings.ToUpper(id), 1)
	assert.NilError(t, os.WriteFile(copied, []byte(other), 0o755))
	assert.Assert(t, fingerprint(w, program) != fingerprint(w, copied))
}
