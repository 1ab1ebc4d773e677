package cloudinit_test

import (
	"net"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	gossh "golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestCloudConfig(t *testing.T) {
	w := lighttest.New(t)
	host, err := hoststest.NewKey()
	assert.NilError(t, err)
	other, err := hoststest.NewKey()
	assert.NilError(t, err)
	spec := w.Spec("m1")
	spec.UserData = `#cloud-config
hostname: first
ssh_authorized_keys:
  - ` + other.Authorized + `
ssh_keys:
  ed25519_private: |
    ` + strings.ReplaceAll(string(host.Private), "\n", "\n    ") + `
write_files:
  - {path: /etc/thing/plain, content: "hello\n", permissions: '0640'}
  - {path: /usr/local/bin/tool, content: IyEvYmluL3NoCmVjaG8gdG9vbAo=, encoding: b64, permissions: 0o755}
runcmd:
  - [mkdir, -p, "/opt/a b"]
  - echo $(tool) > /opt/ran; echo ran >> /opt/count
`
	w.MakeFrom(spec)
	config := lighttest.ClientConfig("ubuntu", other.Signer)
	config.HostKeyCallback = gossh.FixedHostKey(host.Signer.PublicKey())
	client, err := gossh.Dial("tcp", net.JoinHostPort(spec.PublicAddress, "2222"), config)
	assert.NilError(t, err)
	defer client.Close()
	got := lighttest.Run(t, client, "", "cloud-init status --wait; hostname; cat /etc/hostname /etc/thing/plain /opt/ran; stat -c %a /etc/thing/plain; ls -d /opt/a*; test -e /var/lib/cloud/instance/boot-finished && echo finished")
	assert.Equal(t, got, lighttest.Result{Stdout: "status: done\nfirst\nfirst\nhello\ntool\n640\n/opt/a b\nfinished\n"})

	// Neither a reboot nor a daemon that starts again does it twice, and the host key stays.
	assert.NilError(t, w.Reboot(t.Context(), "m1"))
	assert.NilError(t, w.Close())
	w.Open()
	client, err = gossh.Dial("tcp", net.JoinHostPort(spec.PublicAddress, "2222"), config)
	assert.NilError(t, err)
	defer client.Close()
	assert.Equal(t, lighttest.Run(t, client, "", "cloud-init status --wait; cat /opt/count").Stdout, "status: done\nran\n")
}

func TestScriptAsUserData(t *testing.T) {
	w := lighttest.New(t)
	spec := w.Spec("m1")
	spec.UserData = "#!/bin/bash\necho $HOME $(id -u) > /opt/who\n"
	w.MakeFrom(spec)
	assert.Equal(t, w.Must("m1", "cloud-init status --wait; cat /opt/who"), "status: done\n/root 0")
}

func TestUserDataErrors(t *testing.T) {
	for name, test := range map[string]struct{ data, message string }{
		"failing command": {"#cloud-config\nruncmd: [echo shown, 'exit 3']\n", "the user data's commands ended with exit status 3: see /var/log/cloud-init-output.log"},
		"bad yaml":        {"#cloud-config\nruncmd: [", "cloud-config: "},
		"bad file":        {"#cloud-config\nwrite_files: [{path: /usr/x, content: a}]\n", "write_files /usr/x: /usr is read-only in the sandbox, except /usr/local"},
		"bad host key":    {"#cloud-config\nssh_keys: {ed25519_private: x}\n", "cloud-config: ssh_keys.ed25519_private: ssh: no key found"},
		"unknown kind":    {"Content-Type: multipart/mixed\n", "the sandbox knows #cloud-config and scripts"},
	} {
		t.Run(name, func(t *testing.T) {
			w := lighttest.New(t)
			spec := w.Spec("m1")
			spec.UserData = test.data
			w.MakeFrom(spec)
			got := w.Run("m1", "cloud-init status --wait")
			assert.Equal(t, got.Code, 1)
			assert.Equal(t, got.Stdout, "status: error\n")
			assert.Assert(t, cmp.Contains(got.Stderr, test.message))
			if name == "failing command" {
				assert.Equal(t, w.Must("m1", "cat /var/log/cloud-init-output.log"), "shown")
			}
		})
	}
}

func TestCloudInitWaits(t *testing.T) {
	w := lighttest.New(t)
	spec := w.Spec("m1")
	spec.UserData = "#cloud-config\nruncmd: ['mkfifo /opt/gate', 'read x < /opt/gate', 'echo $x > /opt/got']\n"
	w.MakeFrom(spec)
	lighttest.Eventually(t, "the user data runs", func() bool { return w.Run("m1", "test -p /opt/gate").Code == 0 })
	assert.Equal(t, w.Must("m1", "cloud-init status"), "status: running")
	assert.Equal(t, w.Must("m1", "(echo open > /opt/gate) & cloud-init status --wait; cat /opt/got"), "status: done\nopen")
}
