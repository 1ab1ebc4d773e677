package light_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// withKey puts the test's key where ssh inside a machine finds it.
func withKey(w *lighttest.World, name string) {
	w.T.Helper()
	got := lighttest.Run(w.T, w.Login("root", name), string(w.Key.Private),
		"mkdir -p ~/.ssh && cat > ~/.ssh/id_ed25519 && chmod 600 ~/.ssh/id_ed25519 && echo 'StrictHostKeyChecking=accept-new' > ~/.ssh/config")
	assert.Equal(w.T, got.Code, 0, got.Stderr)
}

func TestPrivateNetwork(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1", "w1")
	alien := w.Spec("alien")
	alien.PrivateAddresses = map[string]string{"net-2": "10.0.0.2"}
	w.MakeFrom(alien)
	withKey(w, "m1")
	root := w.Login("root", "m1")
	for _, target := range []string{"10.0.0.2", "w1", w.Specs["w1"].PublicAddress} {
		assert.Equal(t, lighttest.Run(t, root, "", "ssh "+target+" hostname").Stdout, "w1\n", target)
	}
	assert.Equal(t, lighttest.Run(t, root, "", "ssh ubuntu@10.0.0.2 'echo $SSH_CONNECTION; exit 9'"), lighttest.Result{Stdout: "10.0.0.1 0 10.0.0.2 22\n", Stderr: "", Code: 9})
	assert.Equal(t, lighttest.Run(t, root, "", "ssh 10.0.0.1 hostname; ssh localhost hostname").Stdout, "m1\nm1\n")
	assert.Equal(t, lighttest.Run(t, root, "", "echo data | ssh 10.0.0.2 'cat > /opt/x'; scp -q /etc/hostname 10.0.0.2:/opt/y; ssh w1 cat /opt/x /opt/y").Stdout, "data\nm1\n")
	assert.Equal(t, lighttest.Run(t, root, "", "echo '10.0.0.2 api.cluster w1.cluster # by hand' >> /etc/hosts; ssh w1.cluster hostname").Stdout, "w1\n")
	got := lighttest.Run(t, root, "", "ssh 10.0.0.99 true")
	assert.Equal(t, got.Code, 255)
	assert.Assert(t, cmp.Contains(got.Stderr, "no route to host: no machine on the networks of m1 has this address"))
}

func TestBootIsIdempotent(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	w.Must("m1", "echo kept > /opt/file")
	client := w.Login("ubuntu", "m1")
	spec := w.Specs["m1"]
	spec.PrivateAddresses = map[string]string{hoststest.Network: "10.0.0.1", "net-2": "10.2.0.1"}
	assert.NilError(t, w.Boot(t.Context(), spec))
	assert.Equal(t, lighttest.Run(t, client, "", "cat /opt/file").Stdout, "kept\n", "nothing was disturbed")
	assert.DeepEqual(t, w.List()[0].PrivateAddresses, []string{"10.0.0.1", "10.2.0.1"})

	old := spec.PublicAddress
	spec.PublicAddress = w.Prefix + ".200"
	w.MakeFrom(spec)
	assert.Equal(t, w.Must("m1", "cat /opt/file"), "kept")
	_, err := net.Dial("tcp", net.JoinHostPort(old, "2222"))
	assert.ErrorContains(t, err, "refused")
}

func TestMachinesComeBackAfterRestart(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1", "w1")
	marker := lighttest.NewMarker()
	w.Must("m1", "echo kept > /opt/file; sudo hostnamectl set-hostname renamed; hostname; sudo systemd-run -q --unit=job sleep "+marker)
	assert.NilError(t, w.Stop(t.Context(), "w1"))
	assert.NilError(t, w.Close())
	assert.Assert(t, cmp.Len(lighttest.Processes(t, marker), 0))
	assert.Assert(t, cmp.Len(lighttest.Processes(t, w.Options.Dir), 0), "no process is left")

	w.Open()
	assert.Equal(t, w.Must("m1", "cat /opt/file; hostname; systemctl is-active job || true"), "kept\nrenamed\ninactive")
	_, err := w.TryLogin("ubuntu", "w1", w.Key.Signer)
	assert.ErrorContains(t, err, "refused", "a stopped machine stays off")
	assert.NilError(t, w.Start(t.Context(), "w1"))
	w.Must("w1", "true")
}

func TestRemoveForgetsTheMachine(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	marker := lighttest.NewMarker()
	w.Must("m1", "mkdir -p /opt/deep/er; chmod 000 /opt/deep; sudo kubeadm init --node-name m1; sudo systemd-run -q --unit=job sleep "+marker)
	w.Remove(t.Context(), "vm-m1")
	assert.Assert(t, cmp.Len(lighttest.Processes(t, marker), 0))
	entries, err := os.ReadDir(w.Options.Dir)
	assert.NilError(t, err)
	assert.Assert(t, cmp.Len(entries, 0))
	assert.Assert(t, cmp.Len(w.Options.Cluster.(*hoststest.Cluster).Nodes(), 0))
	w.Remove(t.Context(), "vm-m1") // once more does no harm
	w.Specs = nil
}

func TestRebootFromInside(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	bootID := w.Must("m1", "cat /proc/sys/kernel/random/boot_id")
	w.Must("m1", "touch /run/volatile /opt/stays; sudo systemd-run -q --unit=job sleep 86393.125")
	client := w.Login("ubuntu", "m1")
	session, err := client.NewSession()
	assert.NilError(t, err)
	assert.Assert(t, session.Run("sudo reboot; sleep 86392.125") != nil)
	assert.Assert(t, client.Wait() != nil)
	lighttest.Eventually(t, "it is back", func() bool {
		client, err := w.TryLogin("ubuntu", "m1", w.Key.Signer)
		return err == nil && client.Close() == nil
	})
	assert.Equal(t, w.Must("m1", "ls /run/volatile /opt/stays 2>/dev/null; systemctl is-active job || true"), "/opt/stays\ninactive")
	assert.Assert(t, w.Must("m1", "cat /proc/sys/kernel/random/boot_id") != bootID)
}

func TestCutNetwork(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	client := w.Login("ubuntu", "m1")
	session, err := client.NewSession()
	assert.NilError(t, err)
	stdin, err := session.StdinPipe()
	assert.NilError(t, err)
	stdout, err := session.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, session.Start("cat"))

	assert.NilError(t, w.Cut(t.Context(), "m1"))
	assert.Assert(t, w.List()[0].Faults.Cut)
	_, err = stdin.Write([]byte("held up\n"))
	assert.NilError(t, err)
	fresh, err := net.Dial("tcp", net.JoinHostPort(w.Specs["m1"].PublicAddress, "2222"))
	assert.NilError(t, err)
	assert.NilError(t, fresh.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = fresh.Read(make([]byte, 1))
	assert.Assert(t, os.IsTimeout(err), "no answer, and no refusal either: %v", err)
	assert.NilError(t, fresh.Close())

	assert.NilError(t, w.Restore(t.Context(), "m1"))
	line := make([]byte, len("held up\n"))
	_, err = io.ReadFull(stdout, line)
	assert.NilError(t, err)
	assert.Equal(t, string(line), "held up\n")

	assert.NilError(t, w.Cut(t.Context(), "m1"))
	assert.NilError(t, w.Stop(t.Context(), "m1"), "a cut machine can be stopped")
	assert.ErrorContains(t, w.Cut(t.Context(), "m2"), `no virtual machine is called "m2"; there are: m1`)
}

func TestBusyAddress(t *testing.T) {
	w := lighttest.New(t)
	spec := w.Spec("m1")
	taken, err := net.Listen("tcp", net.JoinHostPort(spec.PublicAddress, "2222"))
	assert.NilError(t, err)
	defer taken.Close()
	err = w.Boot(t.Context(), spec)
	assert.Error(t, err, "machine m1: "+taken.Addr().String()+" is in use by another program (another sandbox?): stop it or give this sandbox another address range")
	assert.NilError(t, taken.Close())
	w.MakeFrom(spec)
	w.Must("m1", "true")
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	for name, test := range map[string]struct{ bwrap, message string }{
		"no bubblewrap":      {"", "hosts: bwrap is not on PATH: install the package bubblewrap"},
		"no user namespaces": {"echo 'bwrap: No permissions to create new namespace, likely because' >&2; exit 1", "hosts: this machine forbids user namespaces to its users; allow them"},
		"something else":     {"echo 'bwrap: Can't mount proc' >&2; exit 1", "hosts: bwrap cannot make a machine's root here: bwrap: Can't mount proc"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			if test.bwrap != "" {
				script := "#!/bin/sh\n" + strings.ReplaceAll(test.bwrap, "Can't", `Can'"'"'t`) + "\n"
				assert.NilError(t, os.WriteFile(filepath.Join(bin, "bwrap"), []byte(script), 0o755))
			}
			t.Setenv("PATH", bin)
			_, err := light.New(light.Options{Dir: t.TempDir(), GuestBinary: lighttest.Guest()})
			assert.ErrorContains(t, err, test.message)
		})
	}
	_, err := light.New(light.Options{Dir: t.TempDir(), GuestBinary: "/no/guest"})
	assert.Error(t, err, "hosts: the machines' stand-in binary is missing: stat /no/guest: no such file or directory")
}

func TestBootAfterCloseIsRefused(t *testing.T) {
	w := lighttest.New(t)
	assert.NilError(t, w.Close())
	assert.ErrorContains(t, w.Boot(context.Background(), w.Spec("m1")), "closed")
}
