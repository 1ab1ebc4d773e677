package real_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts/debian"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"github.com/iransre/exchange-platform/sandbox/hosts/real"
	"github.com/iransre/exchange-platform/sandbox/hosts/real/realtest"
	"github.com/iransre/exchange-platform/sandbox/loopback"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// world is a set of machines under test.
type world struct {
	*real.Hosts
	t       *testing.T
	key     hoststest.Key
	options real.Options
	prefix  string
	specs   map[string]emulator.Machine
}

// newWorld makes a set without machines. It skips where real machines cannot run, or fails there: see realtest.
func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	realtest.Need(t, dir)
	place, err := workspace.Open()
	assert.NilError(t, err)
	base, err := debian.Ensure(t.Context(), place.Systems(), os.Stderr)
	assert.NilError(t, err)
	key, err := hoststest.NewKey()
	assert.NilError(t, err)
	w := &world{t: t, key: key, prefix: loopback.Prefix(t), specs: map[string]emulator.Machine{}, options: real.Options{
		Dir: filepath.Join(dir, "hosts"), Base: base,
	}}
	mirror, err := net.Listen("tcp", w.prefix+".1:0")
	assert.NilError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(response, "a mirror") })}
	go func() { _ = server.Serve(mirror) }()
	t.Cleanup(func() { _ = server.Close() })
	w.options.Services = []string{mirror.Addr().String()}
	w.open()
	t.Cleanup(func() {
		assert.NilError(t, w.Close())
		assertNothingLeft(t, w.options.Dir)
	})
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	w.Hosts, err = real.New(w.options)
	assert.NilError(w.t, err)
}

// spec describes a new machine.
func (w *world) spec(name string) emulator.Machine {
	spec := hoststest.Machine(w.prefix, len(w.specs)+1, name, w.key)
	w.specs[name] = spec
	return spec
}

func (w *world) boot(specs ...emulator.Machine) {
	w.t.Helper()
	for _, spec := range specs {
		w.specs[spec.Name] = spec
		assert.NilError(w.t, w.Boot(context.Background(), spec))
	}
}

// run is t.Run, in which the failures of w are the part's.
func (w *world) run(part string, do func(t *testing.T)) {
	w.t.Helper()
	w.t.Run(part, func(t *testing.T) {
		whole := w.t
		defer func() { w.t = whole }()
		w.t = t
		do(t)
	})
}

func (w *world) login(name string, check gossh.HostKeyCallback) (*gossh.Client, error) {
	config := lighttest.ClientConfig("ubuntu", w.key.Signer)
	config.HostKeyCallback = check
	return gossh.Dial("tcp", net.JoinHostPort(w.specs[name].PublicAddress, "2222"), config)
}

// must runs a command that has to succeed, and returns what it printed.
func (w *world) must(name, command string) string {
	w.t.Helper()
	client, err := w.login(name, gossh.InsecureIgnoreHostKey())
	assert.NilError(w.t, err)
	defer client.Close()
	got := lighttest.Run(w.t, client, "", command)
	assert.Equal(w.t, got.Code, 0, "%s: %s%s", command, got.Stdout, got.Stderr)
	return strings.TrimSpace(got.Stdout)
}

// assertNothingLeft looks for what machines may leave on the machine that the test runs on.
func assertNothingLeft(t *testing.T, dir string) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	assert.NilError(t, err)
	assert.Assert(t, !strings.Contains(string(mounts), dir), "mounts")
	assert.Equal(t, len(lighttest.Processes(t, dir)), 0, "processes")
	groups, err := real.Groups(dir)
	assert.NilError(t, err)
	for _, group := range groups {
		_, err := os.Stat(group)
		assert.ErrorIs(t, err, os.ErrNotExist, "control groups")
	}
	loops, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	assert.NilError(t, err)
	for _, loop := range loops {
		file, err := os.ReadFile(loop)
		assert.Assert(t, err != nil || !strings.Contains(string(file), dir), "loop devices")
	}
}

// eventually waits longer than tests of other kinds: a machine boots meanwhile, and all processors may be busy.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if check() {
			return poll.Success()
		}
		return poll.Continue("%s", what)
	}, poll.WithDelay(50*time.Millisecond), poll.WithTimeout(2*time.Minute))
}
