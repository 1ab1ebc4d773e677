package hosts_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/loopback"
	gossh "golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
)

// guest is the built binary of stand-ins.
var guest string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "hosts")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if guest, err = hoststest.BuildGuest(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// world is a set of machines under test.
type world struct {
	*hosts.Hosts
	t       *testing.T
	prefix  string
	key     hoststest.Key
	options hosts.Options
	specs   map[string]emulator.Machine
}

// newWorld makes a set without machines, on addresses of its own.
func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := hoststest.NewKey()
	assert.NilError(t, err)
	w := &world{
		t: t, key: key, prefix: loopback.Prefix(t), specs: map[string]emulator.Machine{},
		options: hosts.Options{Dir: t.TempDir(), GuestBinary: guest, Cluster: &hoststest.Cluster{}},
	}
	w.open()
	t.Cleanup(func() { assert.NilError(t, w.Close()) })
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	w.Hosts, err = hosts.New(w.options)
	assert.NilError(w.t, err)
}

// spec describes a new machine.
func (w *world) spec(name string) emulator.Machine {
	return hoststest.Machine(w.prefix, len(w.specs)+1, name, w.key)
}

// boot boots machines that need nothing special.
func (w *world) boot(names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.bootSpec(w.spec(name))
	}
}

func (w *world) bootSpec(spec emulator.Machine) {
	w.t.Helper()
	w.specs[spec.Name] = spec
	assert.NilError(w.t, w.Boot(context.Background(), spec))
}

// dial logs in to a machine's public address.
func (w *world) dial(user, name string) *gossh.Client {
	w.t.Helper()
	client, err := w.tryDial(user, name, w.key.Signer)
	assert.NilError(w.t, err)
	w.t.Cleanup(func() { _ = client.Close() })
	return client
}

func (w *world) tryDial(user, name string, signer gossh.Signer) (*gossh.Client, error) {
	return gossh.Dial("tcp", net.JoinHostPort(w.specs[name].PublicAddress, "2222"), clientConfig(user, signer))
}

func clientConfig(user string, signer gossh.Signer) *gossh.ClientConfig {
	return &gossh.ClientConfig{
		User: user, Auth: []gossh.AuthMethod{gossh.PublicKeys(signer)}, HostKeyCallback: gossh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	}
}

// result is what a command left.
type result struct {
	stdout, stderr string
	code           int
}

// run runs a command as the login user.
func (w *world) run(name, command string) result {
	w.t.Helper()
	return run(w.t, w.dial("ubuntu", name), "", command)
}

// must runs a command that has to succeed and returns its output without the last line end.
func (w *world) must(name, command string) string {
	w.t.Helper()
	got := w.run(name, command)
	assert.Equal(w.t, got.code, 0, "%s: %s%s", command, got.stdout, got.stderr)
	return strings.TrimSuffix(got.stdout, "\n")
}

func run(t *testing.T, client *gossh.Client, stdin, command string) result {
	t.Helper()
	session, err := client.NewSession()
	assert.NilError(t, err)
	defer session.Close()
	var stdout, stderr bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(stdin), &stdout, &stderr
	got := result{}
	err = session.Run(command)
	var exit *gossh.ExitError
	if errors.As(err, &exit) {
		got.code = exit.ExitStatus()
	} else {
		assert.NilError(t, err)
	}
	got.stdout, got.stderr = stdout.String(), stderr.String()
	return got
}

var markers atomic.Int32

// newMarker returns a number of seconds, far more than a test takes, that nobody else sleeps for: neither another test nor another
// run of the tests.
func newMarker() string { return fmt.Sprintf("86390.%08d%03d", os.Getpid(), markers.Add(1)) }

// processes returns the processes of this machine whose command line holds marker, apart from bwrap's own.
func processes(t *testing.T, marker string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	assert.NilError(t, err)
	var found []int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(data, []byte(marker)) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		assert.NilError(t, err)
		found = append(found, pid)
	}
	return found
}

// eventually waits until check is true.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if check() {
			return poll.Success()
		}
		return poll.Continue("%s", what)
	}, poll.WithDelay(5*time.Millisecond), poll.WithTimeout(20*time.Second))
}
