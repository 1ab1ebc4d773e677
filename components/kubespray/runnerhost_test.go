package kubespray

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
)

// host is a machine the runner program runs on for real, with stand-ins for systemd, Ansible and ssh on its PATH.
type host struct {
	t         *testing.T
	dir, stub string
	downloads *atomic.Int32
	archive   string
	wanted    *plan.Shape
	// uploadAlso are further files of the bundle.
	uploadAlso map[string]string
}

func newHost(t *testing.T) *host {
	t.Helper()
	t.Parallel()
	h := &host{t: t, dir: t.TempDir(), downloads: &atomic.Int32{}}
	readAll(t, "testdata/stubs")
	h.stub = filepath.Join(h.dir, "stub")
	assert.NilError(t, os.Mkdir(h.stub, 0o700))
	tree := kubesprayTree(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.downloads.Add(1)
		if r.URL.RawQuery == "gone" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(tree)
	}))
	h.archive = server.URL + "/kubespray.tar.gz"
	t.Cleanup(func() {
		server.Close()
		pids, _ := filepath.Glob(filepath.Join(h.stub, "*.pid"))
		for _, file := range pids {
			_ = syscall.Kill(-h.pid(file), syscall.SIGKILL)
		}
	})
	return h
}

func kubesprayTree(t *testing.T) []byte {
	t.Helper()
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, name := range []string{"cluster.yml", "ansible.cfg", "requirements.txt"} {
		assert.NilError(t, archive.WriteHeader(&tar.Header{Name: "kubespray-2.31.0/" + name, Mode: 0o644}))
	}
	assert.NilError(t, archive.Close())
	assert.NilError(t, compressed.Close())
	return packed.Bytes()
}

// upload puts the bundle of these arguments where uploadScript would, and returns its plan.
func (h *host) upload(change func(*Args)) string {
	h.t.Helper()
	args := demoArgs()
	args.Kubespray.Archive, args.Kubespray.Ansible = h.archive, System
	change(args)
	rendered := renderedFor(h.t, args, nil, "203.0.113.11")
	assert.NilError(h.t, os.RemoveAll(filepath.Join(h.dir, "cluster", "bundle")))
	files := append(rendered.files, file{"ssh_key", []byte(testKey)})
	for name, text := range h.uploadAlso {
		files = append(files, file{name, []byte(text)})
	}
	for _, f := range files {
		path := filepath.Join(h.dir, "cluster", "bundle", f.path)
		assert.NilError(h.t, os.MkdirAll(filepath.Dir(path), 0o700))
		assert.NilError(h.t, os.WriteFile(path, f.data, 0o600))
	}
	h.wanted = rendered.shape
	return rendered.shape.Hash
}

// order is what Pulumi would give the runner: the plan from the state on its disk to what was uploaded last.
func (h *host) order() string {
	h.t.Helper()
	found := `{}`
	if state, err := os.ReadFile(filepath.Join(h.dir, "cluster", "state.json")); err == nil {
		found = fmt.Sprintf(`{"state":%s}`, state)
	}
	text, err := demoArgs().order(found, h.wanted)
	if err != nil {
		h.t.Fatal(err)
	}
	return text
}

func (h *host) command(words ...string) *exec.Cmd {
	// Far longer than anything here takes: it only keeps a bug from hanging the tests.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	h.t.Cleanup(cancel)
	stubs, err := filepath.Abs("testdata/stubs")
	assert.NilError(h.t, err)
	command := exec.CommandContext(ctx, "python3", append([]string{filepath.Join(h.dir, "cluster", "bundle", "runner")}, words...)...)
	command.Env = append(os.Environ(), "STUB="+h.stub, "PATH="+stubs+":"+os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1")
	command.Dir = h.dir
	if words[0] == "up" || words[0] == "check" {
		command.Stdin = strings.NewReader(h.order())
	}
	return command
}

func (h *host) run(words ...string) (output string, ok bool) {
	h.t.Helper()
	out, err := h.command(words...).CombinedOutput()
	return string(out), err == nil
}

// set makes the stand-ins behave: hold, fail, inventory. unset takes it back.
func (h *host) set(name, content string) {
	h.t.Helper()
	assert.NilError(h.t, os.WriteFile(filepath.Join(h.stub, name), []byte(content), 0o600))
}

func (h *host) unset(name string) {
	h.t.Helper()
	assert.NilError(h.t, os.Remove(filepath.Join(h.stub, name)))
}

// played are the playbooks that were run, with what was given to each besides the inventory.
func (h *host) played() []string {
	data, _ := os.ReadFile(filepath.Join(h.stub, "played"))
	var played []string
	for line := range strings.Lines(string(data)) {
		_, what, _ := strings.Cut(strings.TrimSpace(line), "--become ")
		played = append(played, what)
	}
	return played
}

func (h *host) waitUntilPlayed(count int) {
	h.t.Helper()
	h.waitUntil(func() bool { return len(h.played()) >= count })
}

func (h *host) waitUntil(reached func() bool) {
	h.t.Helper()
	poll.WaitOn(h.t, func(poll.LogT) poll.Result {
		if reached() {
			return poll.Success()
		}
		return poll.Continue("played %v", h.played())
	}, poll.WithDelay(20*time.Millisecond), poll.WithTimeout(2*time.Minute))
}

func (h *host) pid(file string) int {
	data, _ := os.ReadFile(file)
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	assert.NilError(h.t, err)
	return pid
}

// killUnit ends the run's unit as a crash would.
func (h *host) killUnit() {
	h.t.Helper()
	pids, err := filepath.Glob(filepath.Join(h.stub, "*.pid"))
	assert.NilError(h.t, err)
	assert.Equal(h.t, len(pids), 1)
	assert.NilError(h.t, syscall.Kill(-h.pid(pids[0]), syscall.SIGKILL))
}

// readAll reads the files of a folder that only other programs read, so that go test's cache knows of them.
func readAll(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	assert.NilError(t, err)
	for _, name := range files {
		_, err := os.ReadFile(name)
		assert.NilError(t, err)
	}
}
