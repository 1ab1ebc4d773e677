package light_test

import (
	"io"
	"os"
	"testing"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestKilledMachine(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	marker := lighttest.NewMarker()
	w.Must("m1", "touch /opt/stays; sudo kubeadm init; sudo systemd-run -q --unit=job sleep "+marker)
	cluster := w.Options.Cluster.(*hoststest.Cluster)
	assert.NilError(t, w.Kill(t.Context(), "m1"))
	assert.Assert(t, cmp.Len(lighttest.Processes(t, marker), 0))
	assert.Assert(t, cluster.Lost("m1"), "the cluster knows at once")
	_, err := w.TryLogin("ubuntu", "m1", w.Key.Signer)
	assert.ErrorContains(t, err, "refused")

	assert.NilError(t, w.Close())
	w.Open()
	assert.NilError(t, w.Boot(t.Context(), w.Specs["m1"]), "the cloud boots what it believes to have run")
	assert.Assert(t, !w.List()[0].Running, "it stays off over a restart of the daemon")
	assert.Assert(t, w.List()[0].Faults.Killed)

	assert.NilError(t, w.Start(t.Context(), "m1"))
	assert.Assert(t, !cluster.Lost("m1"))
	assert.Equal(t, w.Must("m1", "ls /opt; systemctl is-active job || true"), "stays\ninactive")

	assert.NilError(t, w.Kill(t.Context(), "m1"))
	assert.NilError(t, w.Boot(t.Context(), w.Specs["m1"]), "switched on by its cloud")
	w.Must("m1", "true")
	lighttest.Eventually(t, "the cluster hears", func() bool { return !cluster.Lost("m1") })
}

func TestDroppedConnections(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	w.Must("m1", "sudo systemd-run -q --unit=job sleep 86391.375")
	marker := lighttest.NewMarker()
	client := w.Login("ubuntu", "m1")
	session, err := client.NewSession()
	assert.NilError(t, err)
	said, err := session.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, session.Start("echo begun; sleep "+marker))
	_, err = lighttest.ReadUntil(said, "begun\n")
	assert.NilError(t, err)

	assert.NilError(t, w.Drop(t.Context(), "m1"))
	assert.ErrorContains(t, session.Wait(), "without exit status")
	lighttest.Eventually(t, "what the session ran is gone", func() bool { return len(lighttest.Processes(t, marker)) == 0 })
	assert.Equal(t, w.Must("m1", "systemctl is-active job"), "active", "the machine is reached again, and its services run")

	assert.NilError(t, w.Kill(t.Context(), "m1"))
	assert.ErrorContains(t, w.Drop(t.Context(), "m1"), "is off")
}

func TestCutSurvivesTheDaemon(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	w.Must("m1", "sudo kubeadm init")
	cluster := w.Options.Cluster.(*hoststest.Cluster)
	assert.NilError(t, w.Cut(t.Context(), "m1"))
	assert.Assert(t, cluster.Lost("m1"))
	assert.NilError(t, w.Close())
	w.Open()
	assert.Assert(t, w.List()[0].Faults.Cut)
	assert.NilError(t, w.Restore(t.Context(), "m1"))
	assert.Assert(t, !cluster.Lost("m1"))
	w.Must("m1", "true")
}

func TestSlowNetwork(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	client := w.Login("ubuntu", "m1")
	const delay = 60 * time.Millisecond
	assert.NilError(t, w.Slow(t.Context(), "m1", hosts.Slowness{Delay: delay}))
	begin := time.Now()
	assert.Equal(t, lighttest.Run(t, client, "", "echo late").Stdout, "late\n")
	assert.Assert(t, time.Since(begin) > 2*delay, "there and back in %s", time.Since(begin))

	assert.NilError(t, w.Slow(t.Context(), "m1", hosts.Slowness{BytesPerSecond: 100_000}))
	begin = time.Now()
	assert.Equal(t, len(lighttest.Run(t, client, "", "head -c 20000 /dev/zero").Stdout), 20000)
	assert.Assert(t, time.Since(begin) > 200*time.Millisecond, "20 kB at 100 kB/s in %s", time.Since(begin))

	assert.NilError(t, w.Restore(t.Context(), "m1"))
	assert.Assert(t, w.List()[0].Faults.Slow == nil)
	assert.ErrorContains(t, w.Slow(t.Context(), "m1", hosts.Slowness{}), "by how much?")
}

func TestFullDisk(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	w.Must("m1", "echo 1 > /opt/file; touch /opt/empty; mkdir /opt/tree; echo old > /opt/tree/file; echo old > /opt/emptied; mkfifo /run/go")
	session, err := w.Login("ubuntu", "m1").NewSession()
	assert.NilError(t, err)
	said, err := session.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, session.Start("exec 2>&1; for i in 1 2; do echo ready; read x < /run/go; /bin/echo more >> /var/log/log; done; echo end"))
	ready := make([]byte, len("ready\n"))
	_, err = io.ReadFull(said, ready)
	assert.NilError(t, err)

	assert.NilError(t, w.Fill(t.Context(), "m1"))
	assert.NilError(t, w.Fill(t.Context(), "m1"), "twice is no error")
	assert.Assert(t, w.List()[0].Faults.Full)
	const noSpace = "No space left on device"
	for _, command := range []string{"/bin/echo 2 >> /opt/file", "cp /etc/passwd ~/copy", "mktemp /var/tmp/XXXX | xargs cp /etc/passwd", "/bin/echo unit > /etc/systemd/system/a.service"} {
		got := w.Run("m1", command)
		assert.Assert(t, got.Code != 0, command)
		assert.Assert(t, cmp.Contains(got.Stderr, noSpace), command)
	}
	w.Must("m1", "cat /opt/file; ls /; echo > /run/is-memory")
	w.Must("m1", "echo > /run/go")
	said2, err := lighttest.ReadUntil(said, "ready\n")
	assert.NilError(t, err)
	assert.Assert(t, cmp.Contains(said2, noSpace), "what runs already has no room either")
	got := w.Run("m1", "sudo systemd-run -q --wait --unit=a -p StandardOutput=append:/var/log/a.log /bin/echo text")
	assert.Assert(t, got.Code != 0)
	assert.Equal(t, w.Run("m1", "sudo kubeadm init").Stderr, "kubeadm: write /etc/kubernetes/admin.conf: no space left on device\n")

	assert.NilError(t, w.Reboot(t.Context(), "m1"))
	assert.Assert(t, cmp.Contains(w.Run("m1", "/bin/echo 2 > /opt/other").Stderr, noSpace), "still full after a reboot")
	assert.NilError(t, w.Close())
	w.Open()
	assert.Assert(t, cmp.Contains(w.Run("m1", "/bin/echo 2 > /opt/other").Stderr, noSpace), "and after one of the daemon")

	w.Must("m1", "mkdir -p /opt/new/dir; touch /opt/new/dir/empty; chmod 640 /opt/new/dir/empty; ln -s file /opt/link; rm -r /opt/tree; mkdir /opt/tree; touch /opt/emptied.new; mv /opt/emptied.new /opt/emptied; rm /opt/empty")
	assert.NilError(t, w.Free(t.Context(), "m1"))
	assert.NilError(t, w.Free(t.Context(), "m1"))
	assert.Equal(t, w.Must("m1", "cd /opt; find . | sort; stat -c %a new/dir/empty; wc -c < emptied; readlink link"),
		".\n./emptied\n./file\n./link\n./new\n./new/dir\n./new/dir/empty\n./other\n./tree\n640\n0\nfile", "what could be done to a full disk stays done")
	assert.Equal(t, w.Must("m1", "echo 2 >> /opt/file; cat /opt/file; stat -c %a /tmp /root"), "1\n2\n1777\n700")

	assert.NilError(t, w.Fill(t.Context(), "m1"))
	w.Remove(t.Context(), "vm-m1")
	entries, err := os.ReadDir(w.Options.Dir)
	assert.NilError(t, err)
	assert.Assert(t, cmp.Len(entries, 0))
	w.Specs = nil
}
