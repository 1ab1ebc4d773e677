package controlplane_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/loopback"
)

// member is one of three real members of etcd, on a loopback address, with the files that Kubespray would write, in a folder instead
// of /.
type member struct {
	name, address, root, binary string
	server                      *exec.Cmd
	ended                       chan struct{}
}

func members(t *testing.T, f *fixture) []*member {
	t.Helper()
	var all []*member
	var cluster []string
	prefix := loopback.Prefix(t)
	for i := 1; i <= 3; i++ {
		m := &member{name: fmt.Sprintf("etcd%d", i), address: fmt.Sprintf("%s.%d", prefix, i), root: t.TempDir(), binary: f.options.Binary}
		all = append(all, m)
		cluster = append(cluster, m.name+"=https://"+m.address+":2380")
	}
	for _, m := range all {
		m.write(t, f, strings.Join(cluster, ","))
		t.Cleanup(m.stop)
	}
	return all
}

// write writes keys, settings and the programs that stand in for the system's.
func (m *member) write(t *testing.T, f *fixture, cluster string) {
	t.Helper()
	// what connects on the loopback comes from 127.0.0.1, and etcd compares that with the certificate
	keys, err := f.running.EtcdKeys(m.name, []string{m.address, "127.0.0.1"})
	assert.NilError(t, err)
	client, peer := "https://"+m.address+":2379", "https://"+m.address+":2380"
	tls := map[string]any{
		"cert-file": m.path("member.pem"), "key-file": m.path("member-key.pem"), "trusted-ca-file": m.path("ca.pem"), "client-cert-auth": true,
	}
	config, err := yaml.Marshal(map[string]any{
		"name": m.name, "data-dir": m.path("var/lib/etcd"), "log-level": "error", "unsafe-no-fsync": true,
		"listen-client-urls": client, "advertise-client-urls": client, "listen-peer-urls": peer, "initial-advertise-peer-urls": peer,
		"initial-cluster": cluster, "client-transport-security": tls, "peer-transport-security": tls,
	})
	assert.NilError(t, err)
	settings := strings.Join([]string{
		"ETCD_DATA_DIR=" + m.path("var/lib/etcd"), "ETCD_NAME=" + m.name, "ETCD_INITIAL_CLUSTER=" + cluster,
		"ETCD_INITIAL_ADVERTISE_PEER_URLS=" + peer, "ETCDCTL_ENDPOINTS=" + client,
		"ETCDCTL_CACERT=" + m.path("ca.pem"), "ETCDCTL_CERT=" + m.path("admin.pem"), "ETCDCTL_KEY=" + m.path("admin-key.pem"),
	}, "\n")
	script := func(text string) []byte { return []byte("#!/bin/sh\n" + text + "\n") }
	for name, content := range map[string][]byte{
		"ca.pem": keys.CA, "admin.pem": keys.AdminCertificate, "admin-key.pem": keys.AdminKey,
		"member.pem": keys.MemberCertificate, "member-key.pem": keys.MemberKey,
		"etcd.yaml": config, "etc/etcd.env": []byte(settings), "var/lib/nothing": nil,
		"bin/sudo": script(`exec "$@"`), "bin/crictl": script(":"),
		// etcd itself is started by the test, as soon as the commands have ended
		"bin/systemctl": script(`case "$*" in
stop*) kill "$(cat ` + m.path("pid") + `)" 2>/dev/null; while [ -e ` + m.path("pid") + ` ]; do sleep 0.02; done ;;
*"--no-block etcd") touch ` + m.path("started") + ` ;;
esac`),
	} {
		assert.NilError(t, os.MkdirAll(filepath.Dir(m.path(name)), 0o700))
		assert.NilError(t, os.WriteFile(m.path(name), content, 0o700))
	}
	for _, name := range []string{"etcdctl", "etcdutl"} {
		assert.NilError(t, os.Symlink(m.binary, m.path("bin/"+name)))
	}
}

func (m *member) path(name string) string { return filepath.Join(m.root, name) }

func (m *member) start(t *testing.T) {
	t.Helper()
	m.server, m.ended = exec.Command(m.binary, "etcd", "--config-file", m.path("etcd.yaml")), make(chan struct{})
	m.server.Stdout, m.server.Stderr = t.Output(), t.Output()
	m.server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	assert.NilError(t, m.server.Start())
	assert.NilError(t, os.WriteFile(m.path("pid"), fmt.Append(nil, m.server.Process.Pid), 0o600))
	go func(server *exec.Cmd, ended chan struct{}) {
		_ = server.Wait() // it is killed
		_ = os.Remove(m.path("pid"))
		close(ended)
	}(m.server, m.ended)
}

func (m *member) stop() {
	if m.server != nil {
		_ = m.server.Process.Kill()
		<-m.ended
	}
}

// shell runs commands as an administrator would on the member, in a folder with the snapshot.
func (m *member) shell(ctx context.Context, commands string) (string, error) {
	for _, path := range []string{"/var/lib/etcd", "/etc/etcd.env"} {
		commands = strings.ReplaceAll(commands, path, m.root+path)
	}
	shell := exec.CommandContext(ctx, "sh", "-euc", commands)
	shell.Dir = m.root
	shell.Env = []string{"PATH=" + m.path("bin") + ":/usr/bin:/bin"}
	output, err := shell.CombinedOutput()
	return strings.TrimSpace(string(output)), err
}

func (m *member) must(t *testing.T, commands string) string {
	t.Helper()
	output, err := m.shell(t.Context(), commands)
	assert.NilError(t, err, "%s: %s: %s", m.name, commands, output)
	return output
}

func (m *member) etcdctl(t *testing.T, command string) string {
	t.Helper()
	return m.must(t, "set -a; . /etc/etcd.env; etcdctl "+command)
}

// documented are the commands of docs/etcd.md for the restore, in their order.
func documented(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/etcd.md")
	assert.NilError(t, err)
	_, section, found := strings.Cut(string(text), "\n## Restore\n")
	assert.Assert(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for _, match := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		blocks = append(blocks, match[1])
	}
	assert.Equal(t, len(blocks), 6, "stop, look, restore, start, ask, start the kubelet")
	return blocks
}

// threeMembersAreRestored lets three members of the real etcd lose their quorum, and restores them with the very commands of
// docs/etcd.md.
func threeMembersAreRestored(t *testing.T, f *fixture) {
	all := members(t, f)
	for _, m := range all {
		m.start(t)
	}
	first := all[0]
	healthy := func() {
		t.Helper()
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			if output, err := first.shell(t.Context(), documented(t)[4]); err != nil || strings.Count(output, "is healthy") != 3 {
				return poll.Continue("%v %s", err, output)
			}
			return poll.Success()
		}, poll.WithTimeout(time.Minute))
	}
	healthy()
	for i := range 20 {
		first.etcdctl(t, fmt.Sprintf("put /registry/thing%d before", i))
	}
	all[1].etcdctl(t, "snapshot save "+all[1].path("snapshot.db"))
	snapshot, err := os.ReadFile(all[1].path("snapshot.db"))
	assert.NilError(t, err)
	first.etcdctl(t, "put /registry/thing0 after")
	first.etcdctl(t, "put /registry/newer after")

	// two machines are gone, and the third alone takes no writes
	for _, m := range all[1:] {
		m.stop()
		assert.NilError(t, os.RemoveAll(m.path("var/lib/etcd")))
		assert.NilError(t, os.MkdirAll(m.path("var/lib/etcd"), 0o700))
	}
	output, err := first.shell(t.Context(), "set -a; . /etc/etcd.env; etcdctl --command-timeout 1s put /registry/thing0 lost")
	assert.Assert(t, err != nil, "there is a quorum: %s", output)

	blocks := documented(t)
	for _, m := range all {
		assert.NilError(t, os.WriteFile(m.path("snapshot.db"), snapshot, 0o600))
	}
	for _, block := range blocks[:4] {
		for _, m := range all {
			m.must(t, block)
		}
	}
	for _, m := range all {
		_, err := os.Stat(m.path("started"))
		assert.NilError(t, err, "the commands do not start etcd")
		m.start(t)
	}
	healthy()
	first.must(t, blocks[5])

	assert.Equal(t, first.etcdctl(t, "get /registry/thing0 --print-value-only"), "before")
	assert.Equal(t, all[2].etcdctl(t, "get /registry/ --prefix --count-only --write-out fields | grep Count"), `"Count" : 20`)
	assert.Equal(t, len(strings.Split(first.etcdctl(t, "member list"), "\n")), 3)
	all[2].etcdctl(t, "put /registry/thing1 again")
	revision := regexp.MustCompile(`"Revision" : 1\d{9}\b`)
	assert.Assert(t, revision.MatchString(first.etcdctl(t, "get /registry/thing1 --write-out fields")), "the revision was raised")
	// who watched before the loss is told to read anew, instead of missing what was undone
	output, _ = first.shell(t.Context(), "set -a; . /etc/etcd.env; timeout 5 etcdctl watch --rev 2 --prefix /registry/")
	assert.Assert(t, strings.Contains(output, "compacted"), output)
	for _, m := range all {
		_, err := os.Stat(m.path("var/lib/etcd.lost"))
		assert.NilError(t, err, "the old data is kept")
	}
}
