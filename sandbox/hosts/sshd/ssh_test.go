package sshd_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"github.com/pkg/sftp"
	gossh "golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestCommandsRunInTheMachine(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	client := w.Login("ubuntu", "m1")

	got := lighttest.Run(t, client, "from stdin", "cat; echo oops >&2; exit 7")
	assert.Equal(t, got, lighttest.Result{Stdout: "from stdin", Stderr: "oops\n", Code: 7})

	got = lighttest.Run(t, client, "", `echo "$(hostname) $(id -u) $USER $HOME $(pwd)"; sudo -n sh -c 'echo $USER $HOME'`)
	assert.Equal(t, got, lighttest.Result{Stdout: "m1 0 ubuntu /home/ubuntu /home/ubuntu\nroot /root\n"})

	got = lighttest.Run(t, w.Login("root", "m1"), "", "pwd; kill -TERM $$")
	assert.Equal(t, got, lighttest.Result{Stdout: "/root\n", Code: 128 + 15})

	assert.Equal(t, lighttest.Run(t, client, "", ". /etc/os-release; echo $ID $VERSION_ID").Stdout, "ubuntu 24.04\n")
}

func TestSudoChangesTheEnvironmentOnly(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	assert.Equal(t, w.Must("m1", `A=1 LC_ALL=C sudo -H -S -n -u root -- B=2 sh -c 'echo "$A|$B|$LC_ALL|$HOME|$SUDO_USER"'`), "|2|C|/root|ubuntu")
	assert.Equal(t, w.Must("m1", `A=1 sudo -E sh -c 'echo $A'; A=1 C=2 sudo --preserve-env=A sh -c 'echo $A$C'`), "1\n1")
	assert.Equal(t, w.Must("m1", `sudo -iu ubuntu pwd; echo hello | sudo tee /etc/hello`), "/home/ubuntu\nhello")
	got := w.Run("m1", "sudo no-such-command")
	assert.Equal(t, got.Code, 1)
	assert.Equal(t, got.Stderr, "sudo: no-such-command: command not found\n")
}

func TestOnlyKnownKeysLogIn(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	stranger, err := hoststest.NewKey()
	assert.NilError(t, err)
	for _, attempt := range []struct {
		user   string
		signer gossh.Signer
	}{{"ubuntu", stranger.Signer}, {"root", stranger.Signer}, {"nobody", w.Key.Signer}, {"../root", w.Key.Signer}} {
		_, err := w.TryLogin(attempt.user, "m1", attempt.signer)
		assert.ErrorContains(t, err, "unable to authenticate", attempt.user)
	}
	w.Must("m1", "echo '"+stranger.Authorized+"' >> ~/.ssh/authorized_keys")
	client, err := w.TryLogin("ubuntu", "m1", stranger.Signer)
	assert.NilError(t, err, "a key added inside the machine counts")
	assert.NilError(t, client.Close())
}

func TestMachinesDoNotSeeThisMachine(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1", "w1")
	here, err := os.Getwd()
	assert.NilError(t, err)
	home, err := os.UserHomeDir()
	assert.NilError(t, err)
	secret := filepath.Join(t.TempDir(), "secret")
	assert.NilError(t, os.WriteFile(secret, []byte("x"), 0o644))
	for _, path := range []string{here, secret, w.Options.Dir, filepath.Join(home, ".cache"), "/proc/1/root/work"} {
		assert.Equal(t, w.Run("m1", "test -e "+path).Code, 1, path)
	}
	assert.Equal(t, w.Run("m1", "touch /usr/x").Code, 1, "/usr is read-only")
	assert.Assert(t, w.Run("m1", "sudo mount -o remount,bind,rw /usr").Code != 0, "and stays so")
	w.Must("m1", "echo mine > /opt/file; touch /usr/local/x /var/x /etc/x")
	assert.Equal(t, w.Run("w1", "test -e /opt/file").Code, 1, "each machine has its own tree")
	assert.Equal(t, w.Must("m1", "env | grep -c ^GOFLAGS || true"), "0")
}

func TestSessionEndKillsWhatItStarted(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	client := w.Login("ubuntu", "m1")
	session, err := client.NewSession()
	assert.NilError(t, err)
	stdout, err := session.StdoutPipe()
	assert.NilError(t, err)
	marker := lighttest.NewMarker()
	assert.NilError(t, session.Start("setsid sleep "+marker+" & trap '' HUP TERM; echo started; sleep "+marker+"; sleep "+marker))
	_, err = io.ReadFull(stdout, make([]byte, len("started\n")))
	assert.NilError(t, err)
	assert.Assert(t, len(lighttest.Processes(t, marker)) > 0)

	assert.NilError(t, session.Close()) // the connection stays
	lighttest.Eventually(t, "processes of the session are gone", func() bool { return len(lighttest.Processes(t, marker)) == 0 })
	assert.Equal(t, lighttest.Run(t, client, "", "echo still here").Stdout, "still here\n")
}

func TestBackgroundProcessDoesNotHoldTheSession(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	marker := lighttest.NewMarker()
	w.Must("m1", "sleep "+marker+" & true")
	assert.Assert(t, cmp.Len(lighttest.Processes(t, marker), 0))
}

func TestSignalsReachTheCommand(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	session, err := w.Login("ubuntu", "m1").NewSession()
	assert.NilError(t, err)
	stdout, err := session.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, session.Start("trap 'echo caught; exit 3' USR1; echo ready; while :; do sleep 0.01; done"))
	_, err = io.ReadFull(stdout, make([]byte, len("ready\n")))
	assert.NilError(t, err)
	assert.NilError(t, session.Signal(gossh.SIGUSR1))
	rest, err := io.ReadAll(stdout)
	assert.NilError(t, err)
	assert.Equal(t, string(rest), "caught\n")
	assert.ErrorContains(t, session.Wait(), "status 3")
}

func TestTerminal(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	session, err := w.Login("ubuntu", "m1").NewSession()
	assert.NilError(t, err)
	assert.NilError(t, session.RequestPty("xterm", 33, 99, gossh.TerminalModes{}))
	output, err := session.CombinedOutput("stty size; echo $TERM; exit 4")
	assert.ErrorContains(t, err, "status 4")
	assert.Equal(t, string(output), "33 99\r\nxterm\r\n")
}

func TestSFTP(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	client, err := sftp.NewClient(w.Login("root", "m1"))
	assert.NilError(t, err)
	defer client.Close()
	file, err := client.Create("/opt/uploaded")
	assert.NilError(t, err)
	_, err = io.Copy(file, strings.NewReader("content"))
	assert.NilError(t, err)
	assert.NilError(t, file.Close())
	assert.Equal(t, w.Must("m1", "cat /opt/uploaded"), "content")
}

func TestJumpHost(t *testing.T) {
	w := lighttest.New(t)
	w.Make("bastion")
	inner := w.Spec("inner")
	inner.PublicAddress = ""
	w.MakeFrom(inner)
	conn, err := w.Login("ubuntu", "bastion").Dial("tcp", "10.0.0.2:22")
	assert.NilError(t, err)
	sshConn, channels, requests, err := gossh.NewClientConn(conn, "10.0.0.2:22", lighttest.ClientConfig("ubuntu", w.Key.Signer))
	assert.NilError(t, err)
	client := gossh.NewClient(sshConn, channels, requests)
	assert.Equal(t, lighttest.Run(t, client, "", "hostname").Stdout, "inner\n")
	assert.NilError(t, client.Close())

	_, err = w.Login("ubuntu", "bastion").DialContext(context.Background(), "tcp", "10.0.0.77:22")
	assert.ErrorContains(t, err, "no machine on the networks of bastion has this address")
}
