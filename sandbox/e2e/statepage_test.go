//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// elsewhere are lines of docs/state.md that other tests rehearse.
var elsewhere = map[string]string{
	"ssh ubuntu@":                  "TestALostStateHasAWayBack",
	"pulumi login 's3:":            "TestTheReadmeOnARealAccount",
	"pulumi preview --import-file": "TestARecordMadeByHandIsImported",
	"pulumi import --file":         "TestARecordMadeByHandIsImported",
}

// statePage is somebody who types the lines of docs/state.md, for a stack whose state is in a folder.
type statePage struct {
	page
	folder, project string
	environ         []string
}

func newStatePage(t *testing.T) *statePage {
	t.Helper()
	w, err := workspace.Open()
	assert.NilError(t, err)
	p := &statePage{page: readPage(t, filepath.Join(w.Root, "docs", "state.md")), folder: t.TempDir(), project: t.TempDir()}
	assert.Assert(t, len(p.lines) > 8, "%q", p.lines)
	// a program that wants nothing: what is rehearsed is the state's
	assert.NilError(t, os.WriteFile(filepath.Join(p.project, "Pulumi.yaml"), []byte("name: exchange-platform\nruntime: {name: go, options: {binary: /bin/true}}\n"), 0o600))
	p.environ = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "PULUMI_") }),
		"PATH="+filepath.Dir(w.Binary("pulumi"))+":"+os.Getenv("PATH"), "PULUMI_HOME="+t.TempDir(), "PULUMI_SKIP_UPDATE_CHECK=true",
		"PULUMI_STACK=demo", "PULUMI_CONFIG_PASSPHRASE=the passphrase")
	return p
}

// says types the line of the page that begins like this, with what a user types into pulumi's questions.
func (p *statePage) says(t *testing.T, start string, answers ...string) string {
	t.Helper()
	line := p.line(t, start)
	output, err := p.types(t, line, answers...)
	assert.NilError(t, err, "%s:\n%s", line, output)
	return output
}

func (p *statePage) types(t *testing.T, line string, answers ...string) (string, error) {
	t.Helper()
	line = strings.NewReplacer("/srv/pulumi-state", p.folder, "2026-11-26", time.Now().Format(time.DateOnly)).Replace(line)
	if strings.HasPrefix(line, "pulumi refresh") {
		line = strings.Replace(line, "pulumi refresh", "pulumi refresh --yes", 1)
	}
	cmd := exec.Command("bash", "-c", line)
	cmd.Dir, cmd.Env, cmd.Stdin = p.project, p.environ, strings.NewReader(strings.Join(answers, ""))
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// must types a line that is not the page's, or stands in its prose.
func (p *statePage) must(t *testing.T, line string) string {
	t.Helper()
	output, err := p.types(t, line)
	assert.NilError(t, err, "%s:\n%s", line, output)
	return output
}

func (p *statePage) fails(t *testing.T, line, says string) {
	t.Helper()
	output, err := p.types(t, line)
	assert.Assert(t, err != nil, "%s went well:\n%s", line, output)
	assert.Assert(t, is.Contains(output, says))
}

func (p *statePage) path(parts ...string) string {
	return filepath.Join(append([]string{p.folder, ".pulumi"}, parts...)...)
}

func (p *statePage) checkpoint() string { return p.path("stacks", "exchange-platform", "demo.json") }

// cut leaves half of the state.
func (p *statePage) cut(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(p.checkpoint())
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(p.checkpoint(), text[:len(text)/2], 0o600))
	p.fails(t, "pulumi stack export", "unexpected end of JSON input")
}

const aThing = "urn:pulumi:demo::exchange-platform::exchange:test:Thing::one"

// begun is a state with a stack and a thing in it, and a note of another thing that was being made.
func begun(interrupted bool) map[string]any {
	root := "urn:pulumi:demo::exchange-platform::pulumi:pulumi:Stack::exchange-platform-demo"
	thing := map[string]any{"urn": aThing, "custom": false, "type": "exchange:test:Thing", "parent": root}
	latest := map[string]any{
		"manifest":  map[string]any{"time": "2026-11-26T00:00:00Z", "magic": "", "version": ""},
		"resources": []any{map[string]any{"urn": root, "custom": false, "type": "pulumi:pulumi:Stack"}, thing},
	}
	if interrupted {
		other := map[string]any{"urn": aThing + "-more", "custom": false, "type": "exchange:test:Thing", "parent": root}
		latest["pending_operations"] = []any{map[string]any{"type": "creating", "resource": other}}
	}
	return latest
}

func (p *statePage) write(t *testing.T, path string, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	assert.NilError(t, err)
	assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	assert.NilError(t, os.WriteFile(path, text, 0o600))
}

// Every command of docs/state.md does what the page says of it.
func TestThePageOfTheState(t *testing.T) {
	beside(t, 10*time.Second)
	p := newStatePage(t)
	p.says(t, "pulumi login 'file:")
	p.must(t, "pulumi stack init demo --non-interactive")
	p.write(t, filepath.Join(p.project, "begun.json"), map[string]any{"version": 3, "deployment": begun(false)})
	p.must(t, "pulumi stack import --file begun.json")
	p.must(t, "pulumi config set --secret exchange-platform:secret hush")
	attributes := func() []string {
		found, err := filepath.Glob(p.checkpoint() + "*.attrs")
		assert.NilError(t, err)
		return found
	}
	assert.DeepEqual(t, attributes(), []string(nil))

	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"an export brings back a state that was cut", func(t *testing.T) {
			p.says(t, "pulumi stack export --file")
			p.cut(t)
			p.says(t, "pulumi stack import --file")
			p.says(t, "pulumi preview ")
			assert.Assert(t, is.Contains(p.must(t, "pulumi stack export"), aThing))
		}},
		{"so does what Pulumi kept of the last update", func(t *testing.T) {
			p.must(t, "pulumi refresh --skip-preview")
			p.cut(t)
			p.must(t, "cp $(ls /srv/pulumi-state/.pulumi/backups/exchange-platform/demo/*.json | tail -1) /srv/pulumi-state/.pulumi/stacks/exchange-platform/demo.json")
			assert.Assert(t, is.Contains(p.must(t, "pulumi stack export"), aThing))
		}},
		{"an empty file of attributes goes", func(t *testing.T) {
			assert.NilError(t, os.WriteFile(p.checkpoint()+".attrs", nil, 0o600))
			p.fails(t, "pulumi stack export", "failed to load checkpoint: EOF")
			p.says(t, "find ")
			p.must(t, "pulumi stack export")
		}},
		{"a lock says whose it is, and is taken away", func(t *testing.T) {
			p.write(t, p.path("locks", "organization", "exchange-platform", "demo", "one.json"),
				map[string]any{"pid": 7, "username": "sara", "hostname": "ci-1", "timestamp": "2026-11-26T10:00:00Z"})
			p.fails(t, "pulumi refresh", "created by sara@ci-1 (pid 7) at ")
			p.must(t, "pulumi preview")
			p.must(t, "pulumi stack export")
			p.must(t, "pulumi cancel --yes")
			p.must(t, "pulumi refresh")
		}},
		{"notes of what was being made are taken away", func(t *testing.T) {
			pending := func() bool { return strings.Contains(p.must(t, "pulumi stack export"), "pending_operations") }
			p.write(t, p.checkpoint(), map[string]any{"version": 3, "checkpoint": map[string]any{"stack": "organization/exchange-platform/demo", "latest": begun(true)}})
			assert.Assert(t, pending())
			assert.Assert(t, is.Contains(p.says(t, "pulumi stack export |"), "removing pending operation 'creating'"))
			assert.Assert(t, !pending())
		}},
		{"something is taken out of the state", func(t *testing.T) {
			p.must(t, "pulumi stack --show-urns")
			p.must(t, "pulumi state delete --yes '"+aThing+"'")
			assert.Assert(t, !strings.Contains(p.must(t, "pulumi stack export"), aThing))
		}},
		{"the passphrase is changed", func(t *testing.T) {
			p.fails(t, "PULUMI_CONFIG_PASSPHRASE=wrong pulumi preview", "incorrect passphrase")
			p.must(t, "PULUMI_CONFIG_PASSPHRASE=wrong pulumi stack export")
			p.says(t, "pulumi stack change-secrets-provider", "another one\n", "another one\n")
			assert.Equal(t, p.must(t, "PULUMI_CONFIG_PASSPHRASE='another one' pulumi config get exchange-platform:secret"), "hush\n")
			p.fails(t, "pulumi config get exchange-platform:secret", "incorrect passphrase")
		}},
	} {
		if !t.Run(step.name, step.run) {
			t.FailNow()
		}
	}
	p.isTyped(t, elsewhere, func(line string) bool { return strings.HasPrefix(line, "pulumi preview ") })
}

// What fits on a full disk of a state takes the place of the whole one: the sandbox goes back to its own copy. A limit on the size of
// files stands for the disk.
func TestAFullDiskDoesNotCostTheState(t *testing.T) {
	beside(t, 2*time.Second)
	s := newSandbox(t, "e2e-full", "demo")
	p := newStatePage(t)
	p.folder = s.Path("state")
	assert.NilError(t, os.MkdirAll(p.folder, 0o700))
	p.environ = append(p.environ, "PULUMI_BACKEND_URL="+s.BackendURL())
	p.must(t, "pulumi stack init demo --non-interactive")
	p.write(t, filepath.Join(p.project, "begun.json"), map[string]any{"version": 3, "deployment": begun(false)})
	p.must(t, "pulumi stack import --file begun.json")
	assert.NilError(t, s.KeepCheckpoint("demo"))

	large := begun(false)
	large["resources"].([]any)[1].(map[string]any)["outputs"] = map[string]any{"text": strings.Repeat("long", 10_000)}
	p.write(t, filepath.Join(p.project, "large.json"), map[string]any{"version": 3, "deployment": large})
	cmd := exec.Command("bash", "-c", "ulimit -f 16; exec pulumi stack import --file large.json")
	cmd.Dir, cmd.Env = p.project, p.environ
	assert.NilError(t, cmd.Start())
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if text, err := os.ReadFile(p.checkpoint()); err != nil || !json.Valid(text) {
			return poll.Success()
		}
		return poll.Continue("the state is whole")
	}, poll.WithTimeout(time.Minute), poll.WithDelay(5*time.Millisecond))
	assert.NilError(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	assert.NilError(t, os.Truncate(p.checkpoint()+".bak", 0))
	p.fails(t, "pulumi stack export", "failed to load checkpoint")

	mended, err := s.MendCheckpoint("demo")
	assert.NilError(t, err)
	assert.Assert(t, is.Contains(mended, "last-good"))
	assert.Assert(t, is.Contains(p.must(t, "pulumi stack export"), aThing))
}
