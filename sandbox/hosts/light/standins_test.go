package light_test

import (
	"testing"

	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestSystemStandIns(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	for command, want := range map[string]string{
		"sudo sysctl -w net.ipv4.ip_forward=1; sysctl -n net.ipv4.ip_forward":                                       "net.ipv4.ip_forward = 1\n1",
		"echo vm.swappiness=7 > /etc/sysctl.d/9.conf; sudo sysctl -q --system >/dev/null; sysctl vm.swappiness":     "vm.swappiness = 7",
		"sysctl -e -n no.such.setting; echo $?":                                                                     "0",
		"sudo apt-get update -qq && sudo apt-get -o Dpkg::Lock::Timeout=1 install -y socat":                         "Reading package lists... Done\nsocat is already the newest version.",
		"sudo modprobe br_netfilter && systemctl is-active containerd":                                              "active",
		"hostnamectl --static status; sudo hostnamectl set-hostname other; hostnamectl hostname; cat /etc/hostname": "m1\nother\nother",
		"grep 127.0.1.1 /etc/hosts":   "127.0.1.1 m1",
		"kubeadm version -o short":    "v1.35.4",
		"command -v sudo systemctl":   "/usr/local/sbin/sudo\n/usr/local/sbin/systemctl",
		"systemctl is-system-running": "running",
	} {
		t.Run(command, func(t *testing.T) {
			w.Must("m1", "sudo hostnamectl set-hostname m1")
			assert.Equal(t, w.Must("m1", command), want)
		})
	}
	w.Must("m1", "sudo hostnamectl set-hostname renamed")
	assert.Equal(t, w.Must("m1", "hostname"), "renamed")
	for command, want := range map[string]string{
		"sysctl no.such.setting":     "sysctl: cannot stat /proc/sys/no/such/setting: no such file or directory\n",
		"systemctl frobnicate x":     "systemctl: the sandbox's stand-in does not know \"frobnicate\"\n",
		"systemd-run no-such-binary": "systemd-run: failed to find executable no-such-binary: ",
		"guest":                      "guest: call it by one of the names it stands in for: apt ",
	} {
		t.Run(command, func(t *testing.T) {
			got := w.Run("m1", command)
			assert.Assert(t, got.Code != 0)
			assert.Assert(t, cmp.Contains(got.Stderr, want))
		})
	}
}
