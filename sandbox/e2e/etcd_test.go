//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// The life of backups of etcd, in a demo stack that has them turned on. Each step needs the one before.
func TestTheBackupsOfEtcd(t *testing.T) {
	beside(t, 2*time.Minute)
	s := &backedUp{sandbox: newSandbox(t, "e2e-etcd", "demo")}
	processes := watchCommandLines(t)
	s.must(t, "preview", "demo") // makes the stack and the world
	s.prepare(t)

	steps := []struct {
		name string
		run  func(*testing.T, *backedUp)
	}{
		{"wrong keys fail up with one line that says what to mend", wrongStorageKey},
		{"mended, up goes on and makes a first backup", firstBackup},
		{"the timer makes the next, and the oldest goes", timerAndRetention},
		{"what a backup holds comes back after a loss", lossAndRestore},
		{"the storage's keys are in plain text nowhere", func(t *testing.T, s *backedUp) {
			places := s.logsAndState(t)
			places["what the commands printed"] = s.said.String()
			places["command lines of processes"] = processes.end()
			for place, text := range places {
				for _, name := range workspace.BackupSecrets {
					secret, err := s.Secret(name)
					assert.NilError(t, err)
					assert.Assert(t, !strings.Contains(text, secret), "%s holds the %s", place, name)
				}
			}
		}},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, s) }) {
			t.FailNow()
		}
	}
}

// backedUp is a sandbox with a stack file of its own.
type backedUp struct {
	*sandbox
	stackFile, sshKey string
}

// prepare turns backups on, but for the keys, and lets the test log in to the machines.
func (s *backedUp) prepare(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	s.sshKey = filepath.Join(folder, "key")
	output, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.sshKey).CombinedOutput()
	assert.NilError(t, err, string(output))
	public, err := os.ReadFile(s.sshKey + ".pub")
	assert.NilError(t, err)
	certificate, key := filepath.Join(folder, "etcd-backup.crt"), s.BackupKey()
	output, err = exec.Command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500", "-subj", "/CN=etcd-backup", "-keyout", key, "-out", certificate).CombinedOutput()
	assert.NilError(t, err, string(output))

	s.stackFile = s.stackFileWith(t, "cloud", map[string]any{"adminSshKeys": []any{strings.TrimSpace(string(public))}})
	for _, setting := range [][2]string{
		{"enabled", "true"}, {"keep", "2"}, {"endpoint", s.StorageURL()}, {"region", workspace.StorageRegion},
		{"bucket", workspace.BackupBucket}, {"certificate", certificate},
	} {
		output, err := s.tool(t, nil, "pulumi", "config", "set", "--config-file", s.stackFile, "--path", "exchange-platform:kubernetes.etcdBackup."+setting[0], setting[1])
		assert.NilError(t, err, output)
	}
	accessKey, err := s.Secret("storage-access-key")
	assert.NilError(t, err)
	s.setSecret(t, "accessKey", accessKey)
}

// setSecret gives pulumi a secret on its standard input, as docs/etcd.md tells a user to.
func (s *backedUp) setSecret(t *testing.T, key, value string) {
	t.Helper()
	environ, err := s.Environ(s.stack)
	assert.NilError(t, err)
	cmd := exec.Command(s.Binary("pulumi"), "config", "set", "--config-file", s.stackFile, "--secret", "--path", "exchange-platform:kubernetes.etcdBackup."+key)
	cmd.Env, cmd.Stdin = environ, strings.NewReader(value)
	output, err := s.execute(t, cmd)
	assert.NilError(t, err, output)
}

func (s *backedUp) up(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	return s.tool(t, nil, "pulumi", append([]string{"up", "--yes", "--skip-preview", "--non-interactive", "--config-file", s.stackFile}, arguments...)...)
}

// onControlPlane runs a command as an administrator who logs in to the one control plane.
func (s *backedUp) onControlPlane(t *testing.T, command string) string {
	t.Helper()
	var machines []struct{ Name, PublicIP string }
	s.query(t, &machines, "pulumi", "stack", "output", "nodes", "--json")
	output, err := s.execute(t, exec.Command("ssh", "-i", s.sshKey, "-p", "2222", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "ubuntu@"+machines[0].PublicIP, command))
	assert.NilError(t, err, "%s: %s", command, output)
	return output
}

// backups are the names of the backups, oldest first.
func (s *backedUp) backups(t *testing.T) []string {
	t.Helper()
	return strings.Fields(s.must(t, "etcd", "backups"))
}

// kubectl works past the machines, whose API is gone for a while.
func (s *backedUp) kubectl(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	return s.tool(t, nil, "kubectl", append([]string{"--kubeconfig", s.Path("kubernetes", "admin.kubeconfig"), "--request-timeout", "10s"}, arguments...)...)
}

func wrongStorageKey(t *testing.T, s *backedUp) {
	s.setSecret(t, "secretKey", "not-the-key-of-this-storage")
	output, err := s.up(t)
	assert.Assert(t, err != nil, "accepted:\n%s", output)
	says := "etcd backup: GET " + s.StorageURL()
	assert.Assert(t, len(lines(output, says)) > 0, output)
	assert.Assert(t, len(lines(output, "SignatureDoesNotMatch: kubernetes.etcdBackup.secretKey is not the one that belongs to the access key")) > 0, output)
	assert.Equal(t, len(s.backups(t)), 0)
}

func firstBackup(t *testing.T, s *backedUp) {
	secretKey, err := s.Secret("storage-secret-key")
	assert.NilError(t, err)
	s.setSecret(t, "secretKey", secretKey)
	output, err := s.up(t)
	assert.NilError(t, err, output)
	assert.Assert(t, len(lines(output, "cluster.yml on")) == 0, "the cluster is made again:\n%s", output)
	made := s.backups(t)
	assert.Equal(t, len(made), 1)
	assert.Assert(t, regexp.MustCompile(`^etcd/demo/arvan-k8s-m1/\d{8}T\d{6}Z\.tar\.cms$`).MatchString(made[0]), made[0])

	opened := filepath.Join(t.TempDir(), "backup.tar")
	backup := s.Path("storage", workspace.BackupBucket, made[0])
	said, err := exec.Command("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", backup, "-inkey", s.BackupKey(), "-out", opened).CombinedOutput()
	assert.NilError(t, err, string(said))
	listing, err := exec.Command("tar", "-tf", opened).Output()
	assert.NilError(t, err)
	for _, name := range []string{"snapshot.db", "etc/ssl/etcd/ssl/ca.pem", "etc/ssl/etcd/ssl/member-arvan-k8s-m1-key.pem", "etc/etcd.env"} {
		assert.Assert(t, slices.Contains(strings.Fields(string(listing)), name), "%s is missing in\n%s", name, listing)
	}
	output, err = s.up(t, "--expect-no-changes")
	assert.NilError(t, err, output)
}

func timerAndRetention(t *testing.T, s *backedUp) {
	timers := s.onControlPlane(t, "systemctl list-timers etcd-backup.timer")
	assert.Assert(t, regexp.MustCompile(`:00:00 UTC .* etcd-backup\.timer +etcd-backup\.service`).MatchString(timers), timers)
	first := s.backups(t)[0]
	s.onControlPlane(t, `sudo sed -i 's/^OnCalendar=.*/OnCalendar=*:*:*/' /etc/systemd/system/etcd-backup.timer
sudo systemctl daemon-reload && sudo systemctl restart etcd-backup.timer`)
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if left := s.backups(t); len(left) == 2 && !slices.Contains(left, first) {
			return poll.Success()
		}
		return poll.Continue("%v", s.backups(t))
	}, poll.WithTimeout(time.Minute), poll.WithDelay(200*time.Millisecond))
	s.onControlPlane(t, "sudo systemctl stop etcd-backup.timer; while systemctl is-active --quiet etcd-backup.service; do sleep 0.1; done")
	assert.Equal(t, len(s.backups(t)), 2)
}

func lossAndRestore(t *testing.T, s *backedUp) {
	configMaps := func() []string {
		output, err := s.kubectl(t, "get", "configmaps", "--selector", "rehearsal", "--output", "name")
		assert.NilError(t, err, output)
		return strings.Fields(output)
	}
	change := func(arguments ...string) {
		output, err := s.kubectl(t, arguments...)
		assert.NilError(t, err, output)
	}
	change("create", "configmap", "before")
	change("label", "configmap", "before", "rehearsal=")
	s.onControlPlane(t, "sudo systemctl start etcd-backup.service")
	change("delete", "configmap", "before")
	change("create", "configmap", "after")
	change("label", "configmap", "after", "rehearsal=")
	assert.DeepEqual(t, configMaps(), []string{"configmap/after"})

	s.must(t, "etcd", "lose")
	output, err := s.kubectl(t, "get", "namespaces")
	assert.Assert(t, err != nil, "the API still answers: %s", output)
	s.must(t, "etcd", "restore")
	assert.DeepEqual(t, configMaps(), []string{"configmap/before"})

	output, err = s.up(t, "--refresh", "--expect-no-changes")
	assert.NilError(t, err, output)
}
