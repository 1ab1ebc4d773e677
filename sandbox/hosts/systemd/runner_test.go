package systemd_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/sandbox/github"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
)

// asked answers as the administrator's kubectl does, as far as the runner's program asks it.
const asked = `#!/bin/sh
case "$*" in
*"config view --raw --minify --flatten --output json") echo '{"clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443"}}]}' ;;
*"--namespace exchange create token github-runner --duration 86400s --output json")
  echo "{\"status\": {\"token\": \"the-kubernetes-token\", \"expirationTimestamp\": \"$(date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ)\"}}" ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`

// runnerMachine is a control plane, and GitHub.
type runnerMachine struct {
	*lighttest.World
	github   *github.Server
	settings map[string]any
}

func newRunnerMachine(t *testing.T) *runnerMachine {
	t.Helper()
	server := &github.Server{Repository: "iransre/exchange", Token: "the-long-token", Releases: map[string][]byte{}}
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	m := &runnerMachine{World: lighttest.New(t), github: server, settings: map[string]any{
		"url": listening.URL, "repository": "iransre/exchange", "name": "exchange-demo", "labels": []string{"exchange-deploy"}, "token": "the-long-token",
		"namespace": "exchange", "account": "github-runner",
	}}
	m.wants("2.336.0")
	m.Make("m1")
	got := lighttest.Run(t, m.Login("ubuntu", "m1"), asked, "sudo -n sh -c 'cat >/usr/local/bin/kubectl && chmod 755 /usr/local/bin/kubectl'")
	assert.Equal(t, got.Code, 0, got.Stderr)
	return m
}

// wants is another version from now on.
func (m *runnerMachine) wants(version string) {
	m.T.Helper()
	archive, sum, err := github.Archive(version)
	assert.NilError(m.T, err)
	m.github.Releases[version+".tar.gz"] = archive
	m.settings["archive"], m.settings["sha256"] = fmt.Sprintf("%s/releases/%s.tar.gz", m.settings["url"], version), sum
}

// install does what `pulumi up` does.
func (m *runnerMachine) install() lighttest.Result {
	m.T.Helper()
	coded := func(text []byte) string { return base64.StdEncoding.EncodeToString(text) }
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join("../../../components/delivery", name))
		assert.NilError(m.T, err)
		return text
	}
	rendered, err := json.Marshal(m.settings)
	assert.NilError(m.T, err)
	script := strings.NewReplacer("@PROGRAM@", coded(read("runner.py")), "@SETUP@", coded(read("setup.sh")), "@SETTINGS@", coded(rendered)).
		Replace(string(read("runner.sh")))
	return lighttest.Run(m.T, m.Login("ubuntu", "m1"), script, "sudo -n sh")
}

func (m *runnerMachine) installed() {
	m.T.Helper()
	got := m.install()
	assert.Equal(m.T, got.Code, 0, got.Stdout+got.Stderr)
}

// is waits until GitHub has one runner, which is online in this version.
func (m *runnerMachine) is(version string) {
	m.T.Helper()
	lighttest.Eventually(m.T, "the runner "+version+" is online", func() bool {
		runners := m.github.Runners()
		return len(runners) == 1 && runners[0].Name == "exchange-demo" && runners[0].Status == "online" && runners[0].Version == version
	})
}

const watched = "sudo systemctl start github-runner-watch && cat /var/lib/exchange-platform/metrics/github_runner.prom"

func TestGitHubsRunnerIsAService(t *testing.T) {
	m := newRunnerMachine(t)
	m.installed()
	m.is("2.336.0")
	assert.Equal(t, m.Must("m1", "systemctl is-active github-runner github-runner-watch.timer; systemctl is-enabled github-runner github-runner-watch.timer"),
		"active\nactive\nenabled\nenabled")
	assert.Check(t, is.Contains(m.Must("m1", watched), "\ngithub_runner_online 1\n"))
	var kubeconfig map[string]any
	assert.NilError(t, json.Unmarshal([]byte(m.Must("m1", "sudo cat /var/lib/github-runner/kubeconfig")), &kubeconfig))
	assert.DeepEqual(t, kubeconfig["contexts"], []any{map[string]any{"name": "github-runner", "context": map[string]any{
		"cluster": "cluster", "user": "github-runner", "namespace": "exchange",
	}}})
	assert.Equal(t, m.Must("m1", "sudo stat -c %a /etc/github-runner/settings.json /etc/github-runner/kubeconfig /var/lib/github-runner/kubeconfig"), "600\n600\n600")
	said := m.Must("m1", "sudo journalctl -u github-runner -o cat && sudo journalctl -u github-runner-setup -o cat && ps ax -o args && sudo ls /etc/github-runner /var/cache")
	assert.Check(t, is.Contains(said, "Runner successfully added"), "what setting up said is not looked at")
	for _, secret := range []string{"the-long-token", "the-kubernetes-token", "setup.env", "runner.tar.gz"} {
		assert.Check(t, !strings.Contains(said, secret), secret)
	}

	// what the runbooks say, as far as it is said to this machine; 3 is systemctl's word for what waits for its timer
	for _, name := range []string{"GitHubsRunnerIsAway", "GitHubsRunnerLosesTheCluster"} {
		page, err := os.ReadFile(filepath.Join("../../../docs/runbooks", name+".md"))
		assert.NilError(t, err)
		_, block, _ := strings.Cut(string(page), "\n```sh\n")
		block, _, _ = strings.Cut(block, "```")
		tried := 0
		for line := range strings.Lines(block) {
			if strings.HasPrefix(line, "systemctl ") || strings.HasPrefix(line, "journalctl ") {
				m.Must("m1", fmt.Sprintf("sudo %s || [ $? = 3 ]", strings.TrimSpace(line)))
				tried++
			}
		}
		assert.Check(t, tried > 1, name)
	}

	// again, and nothing happens: no job would be cut off
	m.github.Requests()
	m.github.SetBusy(true)
	m.installed()
	for _, each := range m.github.Requests() {
		assert.Check(t, strings.HasPrefix(each, "GET "), each)
	}
	m.github.SetBusy(false)

	// another version goes on with the registration there is
	id := m.github.Runners()[0].ID
	m.wants("2.337.0")
	m.installed()
	m.is("2.337.0")
	assert.Check(t, !strings.Contains(strings.Join(m.github.Requests(), "\n"), "registration-token"))

	// other labels, and a machine that was off for weeks
	m.settings["labels"] = []string{"exchange-deploy", "tehran"}
	m.installed()
	m.is("2.337.0")
	assert.Equal(t, len(m.github.Runners()[0].Labels), 5)
	assert.Equal(t, m.github.Runners()[0].ID, id)
	m.github.Forget()
	m.Must("m1", "sudo systemctl start github-runner-watch")
	m.is("2.337.0")

	// machines share what nobody may read with the host
	const left = `sudo sh -c 'find /etc /usr/local /var -xdev -iname "*github*runner*" 2>/dev/null || true'`
	assert.Check(t, is.Contains(m.Must("m1", left), "/etc/systemd/system/github-runner.service"))
	removed := "sudo -n python3 -Es /usr/local/lib/github-runner/runner.py remove"
	assert.Equal(t, m.Must("m1", removed), "exchange-demo is no runner of iransre/exchange any more")
	assert.Equal(t, len(m.github.Runners()), 0)
	assert.Equal(t, m.Must("m1", left), "")
}

// What was cut off anywhere is made whole by the next run.
func TestGitHubsRunnerIsInstalledAgainAfterAnInterruption(t *testing.T) {
	m := newRunnerMachine(t)
	m.installed()
	for name, test := range map[string]struct{ left, version string }{
		"between two folders":   {"sudo mv /var/lib/github-runner/runner /var/lib/github-runner/former", "2.338.0"},
		"while it was unpacked": {"sudo mkdir -p /var/lib/github-runner/next/bin", "2.339.0"},
		"while it registered":   {"sudo rm /var/lib/github-runner/runner/.credentials", "2.336.0"},
		"before it was noted":   {"sudo rm /etc/github-runner/installed.json", "2.336.0"},
		"while it was fetched":  {"sudo mkdir -p /var/cache/github-runner && echo half | sudo tee /var/cache/github-runner/runner.tar.gz", "2.337.0"},
	} {
		m.wants(test.version)
		m.Must("m1", "sudo systemctl stop github-runner; "+test.left)
		m.installed()
		m.is(test.version)
		assert.Equal(t, m.Must("m1", "sudo ls /var/lib/github-runner"), "kubeconfig\nrunner", name)
	}
}

func TestGitHubsRunnerSaysWhatIsWrong(t *testing.T) {
	m := newRunnerMachine(t)
	for name, test := range map[string]struct {
		change func(*runnerMachine)
		says   string
	}{
		"an expired token":           {func(m *runnerMachine) { m.settings["token"] = "of-last-year" }, "does not know the token, or it has expired"},
		"a token that may not":       {func(m *runnerMachine) { m.settings["token"] = "without-permission" }, `needs the permission "Administration"`},
		"a repository of nobody's":   {func(m *runnerMachine) { m.settings["repository"] = "iransre/other" }, "there is no such repository"},
		"a public repository":        {func(m *runnerMachine) { m.github.Public = true }, "iransre/exchange is public"},
		"an archive that is another": {func(m *runnerMachine) { m.settings["sha256"] = strings.Repeat("0", 64) }, "has the SHA-256"},
		"no archive": {func(m *runnerMachine) { m.settings["archive"] = fmt.Sprint(m.settings["url"], "/releases/none") },
			"delivery.runner.archive may name a mirror"},
	} {
		settings := maps.Clone(m.settings)
		test.change(m)
		got := m.install()
		assert.Equal(t, got.Code, 1, name)
		assert.Check(t, is.Contains(got.Stderr, test.says))
		assert.Check(t, !strings.Contains(got.Stdout+got.Stderr, fmt.Sprint(m.settings["token"])))
		assert.Equal(t, len(m.github.Runners()), 0)
		m.settings, m.github.Public = settings, false
	}
}
