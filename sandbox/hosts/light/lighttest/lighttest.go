// Package lighttest boots light machines for tests and logs in to them. A package that uses it has a TestMain that calls Main.
package lighttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light"
	"github.com/iransre/exchange-platform/sandbox/loopback"
	gossh "golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
)

var guest string

// Guest is the built binary of stand-ins.
func Guest() string {
	if guest == "" {
		panic("the package lacks func TestMain(m *testing.M) { lighttest.Main(m) }")
	}
	return guest
}

// Main builds the stand-ins, runs the tests and ends the program.
func Main(m *testing.M) {
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

// World is a set of machines under test.
type World struct {
	*light.Hosts
	T       *testing.T
	Prefix  string // of the public addresses
	Key     hoststest.Key
	Options light.Options
	Specs   map[string]emulator.Machine // by name
}

// New makes a set without machines, on addresses of its own.
func New(t *testing.T) *World {
	t.Helper()
	key, err := hoststest.NewKey()
	assert.NilError(t, err)
	w := &World{
		T: t, Key: key, Prefix: loopback.Prefix(t), Specs: map[string]emulator.Machine{},
		Options: light.Options{Dir: t.TempDir(), GuestBinary: Guest(), Cluster: &hoststest.Cluster{}},
	}
	w.Open()
	t.Cleanup(func() { assert.NilError(t, w.Close()) })
	return w
}

// Open makes the set, again after it was closed.
func (w *World) Open() {
	w.T.Helper()
	var err error
	w.Hosts, err = light.New(w.Options)
	assert.NilError(w.T, err)
}

// Spec describes a new machine.
func (w *World) Spec(name string) emulator.Machine {
	return hoststest.Machine(w.Prefix, len(w.Specs)+1, name, w.Key)
}

// Make boots machines that need nothing special.
func (w *World) Make(names ...string) {
	w.T.Helper()
	for _, name := range names {
		w.MakeFrom(w.Spec(name))
	}
}

// MakeFrom boots a machine that was described with Spec.
func (w *World) MakeFrom(spec emulator.Machine) {
	w.T.Helper()
	w.Specs[spec.Name] = spec
	assert.NilError(w.T, w.Boot(context.Background(), spec))
}

// Login logs in to a machine's public address.
func (w *World) Login(user, name string) *gossh.Client {
	w.T.Helper()
	client, err := w.TryLogin(user, name, w.Key.Signer)
	assert.NilError(w.T, err)
	w.T.Cleanup(func() { _ = client.Close() })
	return client
}

// TryLogin logs in with another key, or where it may fail.
func (w *World) TryLogin(user, name string, signer gossh.Signer) (*gossh.Client, error) {
	return gossh.Dial("tcp", net.JoinHostPort(w.Specs[name].PublicAddress, "2222"), ClientConfig(user, signer))
}

// ClientConfig logs in wherever the server says it is.
func ClientConfig(user string, signer gossh.Signer) *gossh.ClientConfig {
	return &gossh.ClientConfig{
		User: user, Auth: []gossh.AuthMethod{gossh.PublicKeys(signer)}, HostKeyCallback: gossh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	}
}

// Result is what a command left.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Run runs a command as the login user.
func (w *World) Run(name, command string) Result {
	w.T.Helper()
	return Run(w.T, w.Login("ubuntu", name), "", command)
}

// Must runs a command that has to succeed and returns its output without the last line end.
func (w *World) Must(name, command string) string {
	w.T.Helper()
	got := w.Run(name, command)
	assert.Equal(w.T, got.Code, 0, "%s: %s%s", command, got.Stdout, got.Stderr)
	return strings.TrimSuffix(got.Stdout, "\n")
}

// Run runs a command over a connection.
func Run(t *testing.T, client *gossh.Client, stdin, command string) Result {
	t.Helper()
	session, err := client.NewSession()
	assert.NilError(t, err)
	defer session.Close()
	var stdout, stderr bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(stdin), &stdout, &stderr
	got := Result{}
	err = session.Run(command)
	var exit *gossh.ExitError
	if errors.As(err, &exit) {
		got.Code = exit.ExitStatus()
	} else {
		assert.NilError(t, err)
	}
	got.Stdout, got.Stderr = stdout.String(), stderr.String()
	return got
}

// TryRun runs a command that may not come to its end.
func TryRun(client *gossh.Client, command string) error {
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	return session.Run(command)
}

var markers atomic.Int32

// NewMarker returns a number of seconds, far more than a test takes, that nobody else sleeps for: neither another test nor another
// run of the tests.
func NewMarker() string { return fmt.Sprintf("86390.%08d%03d", os.Getpid(), markers.Add(1)) }

// Processes returns the processes of this machine whose command line holds marker, apart from bwrap's own.
func Processes(t *testing.T, marker string) []int {
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

// Eventually waits until check is true.
func Eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if check() {
			return poll.Success()
		}
		return poll.Continue("%s", what)
	}, poll.WithDelay(5*time.Millisecond), poll.WithTimeout(20*time.Second))
}

// ReadUntil reads up to and with a text.
func ReadUntil(from io.Reader, end string) (string, error) {
	var seen strings.Builder
	one := make([]byte, 1)
	for !strings.HasSuffix(seen.String(), end) {
		if _, err := io.ReadFull(from, one); err != nil {
			return seen.String(), err
		}
		seen.Write(one)
	}
	return seen.String(), nil
}
