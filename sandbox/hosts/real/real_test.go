package real_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"github.com/iransre/exchange-platform/sandbox/hosts/real"
)

// userData is what our program tells its machines, and more.
func userData(hostKey hoststest.Key) string {
	return `#cloud-config
hostname: first
ssh_deletekeys: true
ssh_keys:
  ed25519_private: |
    ` + strings.ReplaceAll(string(hostKey.Private), "\n", "\n    ") + `
  ed25519_public: ` + hostKey.Authorized + `
write_files:
  - {path: /etc/ssh/sshd_config.d/10-port.conf, content: "Port 2222\n"}
  - {path: /etc/thing/plain, content: "hello\n", permissions: '0640'}
runcmd:
  - [mkdir, -p, "/opt/a b"]
  - echo ran >> /opt/count
  - systemctl restart ssh
`
}

func TestAMachineIsReal(t *testing.T) {
	w := newWorld(t)
	hostKey, err := hoststest.NewKey()
	assert.NilError(t, err)
	first := w.spec("m1")
	first.UserData = userData(hostKey)
	w.boot(first, w.spec("w1"))

	var client *gossh.Client
	eventually(t, "the SSH server shows the key that its user data gave it", func() bool {
		client, err = w.login("m1", gossh.FixedHostKey(hostKey.Signer.PublicKey()))
		return err == nil
	})
	got := lighttest.Run(t, client, "", "cloud-init status --wait >/dev/null; hostname; sudo cat /etc/thing/plain /opt/count; stat -c %a /etc/thing/plain; ls -d /opt/a*")
	assert.Equal(t, got.Stdout, "first\nhello\nran\n640\n/opt/a b\n", got.Stderr)
	assert.NilError(t, client.Close())
	assert.Equal(t, w.must("m1", "sudo ss -Hltn 'sport = 2222' | wc -l; sudo systemctl is-active containerd; cat /proc/1/comm"), "2\nactive\nsystemd")
	assert.Equal(t, w.must("w1", "hostname; systemctl is-system-running --wait || systemctl --failed"), "w1\nrunning")

	w.run("it has what a kubelet wants of a machine, and this one is left alone", func(t *testing.T) {
		before, err := os.ReadFile("/proc/sys/kernel/panic")
		assert.NilError(t, err)
		assert.Equal(t, w.must("w1", "cat /proc/sys/vm/overcommit_memory /proc/sys/kernel/panic; stat -f -c %T /sys/fs/bpf; ls /opt/cni/bin /usr/lib/cni/bridge"),
			"1\n10\nbpf_fs\n/usr/lib/cni/bridge\n\n/opt/cni/bin:")
		after, err := os.ReadFile("/proc/sys/kernel/panic")
		assert.NilError(t, err)
		assert.Equal(t, string(after), string(before))
	})

	w.run("the machines reach each other by their private addresses", func(t *testing.T) {
		assert.Equal(t, w.must("w1", "ip -4 -o addr show dev eth1 | tr -s ' ' | cut -d' ' -f4"), "10.0.0.2/24")
		assert.Equal(t, w.must("w1", "exec 3<>/dev/tcp/10.0.0.1/2222; head -c 8 <&3"), "SSH-2.0-")
		const refused = "7" // as curl says it
		assert.Equal(t, w.must("w1", "timeout 5 curl -s http://203.0.113.1/; echo $?"), refused, "the world outside is told to be out of reach at once")
	})

	w.run("the machine and its pods reach what listens here", func(t *testing.T) {
		here, err := netip.ParseAddrPort(w.options.Services[0])
		assert.NilError(t, err)
		forPods, err := real.OnPublicSide(here.Addr())
		assert.NilError(t, err)
		assert.Equal(t, w.must("w1", "curl -fsS http://"+here.String()), "a mirror")
		w.must("w1", `sudo sh -ec '
ip netns add pod
ip link add veth0 type veth peer name eth0 netns pod
ip addr add 10.9.0.1/24 dev veth0
ip link set veth0 up
ip -n pod addr add 10.9.0.2/24 dev eth0
ip -n pod link set eth0 up
ip -n pod route add default via 10.9.0.1'`)
		assert.Equal(t, w.must("w1", "sudo ip netns exec pod curl -fsS http://"+netip.AddrPortFrom(forPods, here.Port()).String()), "a mirror")
		w.must("w1", "sudo ip netns delete pod")
	})

	w.run("the Internet reaches every port, and is told from which address it asks", func(t *testing.T) {
		w.must("w1", `sudo systemd-run --unit web python3 -c '
import socketserver
class Who(socketserver.BaseRequestHandler):
    def handle(self): self.request.sendall(self.client_address[0].encode())
socketserver.TCPServer(("", 80), Who).serve_forever()'`)
		visitor := netip.MustParseAddr("185.143.232.10")
		eventually(t, "the machine says who asks", func() bool {
			conn, err := w.Dial(t.Context(), visitor, netip.AddrPortFrom(netip.MustParseAddr(w.specs["w1"].PublicAddress), 80))
			if err != nil {
				return false
			}
			defer conn.Close()
			told, err := io.ReadAll(conn)
			return err == nil && string(told) == visitor.String()
		})
		_, err := w.Dial(t.Context(), visitor, netip.MustParseAddrPort("203.0.113.1:80"))
		assert.ErrorContains(t, err, "no machine has the public address 203.0.113.1")
	})

	w.run("what is told of a machine from outside", func(t *testing.T) {
		assert.Assert(t, w.List()[1].MemoryMiB > 10, "its memory: %d MiB", w.List()[1].MemoryMiB)
		assert.Equal(t, w.List()[0].Hostname, "first")
		text, err := w.ReadFile("m1", "etc/thing/plain")
		assert.NilError(t, err)
		assert.Equal(t, string(text), "hello\n")
	})

	w.run("containerd runs a container, in groups of its own", func(t *testing.T) {
		w.must("w1", "sudo mkdir -p /opt/root/proc /opt/root/sys /opt/root/dev && ldd /bin/true | grep -o '/[^ ]*' | sudo xargs cp -L --parents --target-directory /opt/root /bin/true")
		w.must("w1", "sudo timeout 60 ctr run --rm --memory-limit 67108864 --rootfs /opt/root first /bin/true")
	})

	w.run("a reboot keeps the disk and nothing else", func(t *testing.T) {
		boot := w.must("m1", "cat /proc/sys/kernel/random/boot_id; sudo touch /run/volatile /opt/stays")
		client, err := w.login("m1", gossh.InsecureIgnoreHostKey())
		assert.NilError(t, err)
		_ = lighttest.TryRun(client, "sudo reboot; sleep 60")
		_ = client.Close()
		eventually(t, "it is back", func() bool {
			client, err := w.login("m1", gossh.FixedHostKey(hostKey.Signer.PublicKey()))
			return err == nil && client.Close() == nil
		})
		assert.Equal(t, w.must("m1", "ls /run/volatile /opt/stays 2>/dev/null || true; cat /opt/count; hostname"), "/opt/stays\nran\nfirst")
		assert.Assert(t, w.must("m1", "cat /proc/sys/kernel/random/boot_id") != boot)
	})

	w.run("power", func(t *testing.T) {
		assert.NilError(t, w.Kill(t.Context(), "w1"))
		_, err := w.login("w1", gossh.InsecureIgnoreHostKey())
		assert.ErrorContains(t, err, "refused")
		assert.NilError(t, w.Boot(t.Context(), w.specs["w1"]), "its cloud switches it on")
		w.must("w1", "true")
		w.must("w1", "sudo systemd-run -q poweroff")
		eventually(t, "it is off", func() bool { return !w.List()[1].Running })
		assert.Assert(t, w.List()[1].Faults.Killed)
		assert.NilError(t, w.Start(t.Context(), "w1"))
		w.must("w1", "true")
	})

	w.run("a cut network loses what is sent", func(t *testing.T) {
		assert.NilError(t, w.Cut(t.Context(), "w1"))
		assert.Equal(t, w.must("m1", "timeout 1 bash -c 'exec 3<>/dev/tcp/10.0.0.2/22' 2>/dev/null; echo $?"), "124")
		fresh, err := net.Dial("tcp", net.JoinHostPort(w.specs["w1"].PublicAddress, "2222"))
		assert.NilError(t, err)
		assert.NilError(t, fresh.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
		_, err = fresh.Read(make([]byte, 1))
		assert.Assert(t, os.IsTimeout(err), "no answer, and no refusal either: %v", err)
		assert.NilError(t, fresh.Close())
		assert.NilError(t, w.Restore(t.Context(), "w1"))
		// the first may still be told that the neighbour is away
		assert.Equal(t, w.must("m1", "timeout 10 bash -c 'until { exec 3<>/dev/tcp/10.0.0.2/22; } 2>/dev/null; do sleep 0.1; done; head -c 4 <&3'"), "SSH-")
	})

	w.run("a slow network takes its time", func(t *testing.T) {
		const delay = 200 * time.Millisecond
		assert.NilError(t, w.Slow(t.Context(), "w1", hosts.Slowness{Delay: delay}))
		begin := time.Now()
		w.must("w1", "true")
		assert.Assert(t, time.Since(begin) > delay, "there and back in %s", time.Since(begin))
		assert.NilError(t, w.Slow(t.Context(), "w1", hosts.Slowness{BytesPerSecond: 100_000}))
		begin = time.Now()
		w.must("m1", "timeout 20 bash -c 'exec 3<>/dev/tcp/10.0.0.2/22; head -c 4 <&3 >/dev/null; head -c 60000 /dev/zero >&3' || true")
		w.must("w1", "head -c 60000 /dev/zero")
		assert.Assert(t, time.Since(begin) > 500*time.Millisecond, "60 kB at 100 kB/s in %s", time.Since(begin))
		assert.NilError(t, w.Restore(t.Context(), "w1"))
	})

	w.run("a volume goes from machine to machine", func(t *testing.T) {
		attached, plain := w.specs["w1"], w.specs["w1"]
		attached.Volumes = []emulator.Volume{{ID: "volume-1", GiB: 3, Device: "/dev/vdb"}}
		w.boot(attached)
		assert.Equal(t, w.must("w1", "sudo blockdev --getsize64 /dev/vdb"), fmt.Sprint(3<<30))
		w.must("w1", "sudo mkfs.ext4 -q /dev/vdb && sudo mount /dev/vdb /mnt && sudo touch /mnt/kept")
		assert.NilError(t, w.Kill(t.Context(), "w1"))
		assert.NilError(t, w.Start(t.Context(), "w1"))
		w.must("w1", "sudo mount /dev/vdb /mnt && test -e /mnt/kept && sudo umount /mnt")
		w.must("w1", "echo UUID=$(sudo blkid -s UUID -o value /dev/vdb) /mnt ext4 noatime,nofail 0 2 | sudo tee -a /etc/fstab")
		assert.NilError(t, w.Reboot(t.Context(), "w1"))
		w.must("w1", "test -e /mnt/kept")
		attached.Volumes[0].GiB = 5
		w.boot(attached)
		// not while it is mounted: for that the kernel asks for a capability that this machine may lack
		assert.Equal(t, w.must("w1", "sudo blockdev --getsize64 /dev/vdb && sudo umount /mnt && sudo e2fsck -fp /dev/vdb >&2 && sudo resize2fs /dev/vdb >&2 && sudo mount /mnt && df --output=size -BG /mnt | tail -n 1 | tr -d ' '"),
			fmt.Sprint(5<<30)+"\n5G")
		w.boot(plain)
		w.must("w1", "test ! -e /dev/vdb && test ! -e /mnt/kept && sudo sed -i /mnt/d /etc/fstab")

		other := w.specs["m1"]
		other.Volumes = attached.Volumes
		w.boot(other)
		w.must("m1", "sudo mount /dev/vdb /mnt && test -e /mnt/kept && sudo umount /mnt")
		other.Volumes = nil
		w.boot(other)
		w.RemoveVolume(t.Context(), "volume-1")
		_, err := os.Stat(filepath.Join(w.options.Dir, ".volumes"))
		assert.ErrorIs(t, err, os.ErrNotExist)
	})

	w.run("a disk that grew while the machine was off is larger", func(t *testing.T) {
		size := func() int {
			gib, err := strconv.Atoi(w.must("w1", "df --output=size -BG /var/lib/containerd | tail -n 1 | tr -d ' G'"))
			assert.NilError(t, err)
			return gib
		}
		small, larger := size(), w.specs["w1"]
		larger.DiskGiB = 50
		assert.NilError(t, w.Stop(t.Context(), "w1"))
		w.boot(larger)
		assert.Assert(t, size() > small+8, "%d GiB, then %d", small, size()) // a file system keeps some for itself
	})

	w.run("a full disk is full", func(t *testing.T) {
		assert.NilError(t, w.Fill(t.Context(), "w1"))
		const write = "sudo sh -c 'head -c 20000000 /dev/zero > /opt/file' 2>&1 | grep -c 'No space left'"
		assert.Equal(t, w.must("w1", write), "1")
		assert.NilError(t, w.Reboot(t.Context(), "w1"))
		assert.Equal(t, w.must("w1", write), "1", "after a reboot too")
		assert.NilError(t, w.Free(t.Context(), "w1"))
		w.must("w1", "sudo sh -c 'head -c 20000000 /dev/zero > /opt/file'")
	})

	w.run("what ran comes back with the daemon", func(t *testing.T) {
		w.must("w1", "sudo touch /opt/kept")
		assert.NilError(t, w.Stop(t.Context(), "m1"))
		assert.NilError(t, w.Close())
		assertNothingLeft(t, w.options.Dir)
		w.open()
		w.must("w1", "test -e /opt/kept")
		_, err := w.login("m1", gossh.InsecureIgnoreHostKey())
		assert.ErrorContains(t, err, "refused")
	})

	w.Remove(t.Context(), "vm-m1")
	w.Remove(t.Context(), "vm-w1")
	entries, err := os.ReadDir(w.options.Dir)
	assert.NilError(t, err)
	assert.Equal(t, len(entries), 0, fmt.Sprint(entries))
}

func TestKubernetesOfAMachineIsReachedAtItsPublicAddress(t *testing.T) {
	w := newWorld(t)
	w.boot(w.spec("m1"))
	assert.Assert(t, w.List()[0].Node == nil)
	w.must("m1", "sudo mkdir -p /etc/kubernetes && echo server | sudo tee /etc/kubernetes/kubelet.conf /etc/kubernetes/admin.conf")
	assert.DeepEqual(t, w.List()[0].Node, &hosts.Node{Name: "m1", ControlPlane: true})
	assert.NilError(t, w.Stop(t.Context(), "m1"))
	assert.Equal(t, w.List()[0].Node.Name, "m1", "also while it is off")
	assert.NilError(t, w.Start(t.Context(), "m1"))
	w.must("m1", "sudo rm /etc/kubernetes/kubelet.conf")
	assert.Assert(t, w.List()[0].Node == nil)
	w.must("m1", "sudo systemd-run -q python3 -m http.server 6443")
	eventually(t, "what listens on the API's port answers", func() bool {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(w.specs["m1"].PublicAddress, "6443"), time.Second)
		if err != nil {
			return false
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n")
		start, _ := bufio.NewReader(conn).ReadString(' ')
		return start == "HTTP/1.0 "
	})
}
