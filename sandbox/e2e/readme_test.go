//go:build e2e

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/world"
)

// onARealAccount are the lines of the README's section of this name, without those that only say something.
func onARealAccount(t *testing.T, root string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	assert.NilError(t, err)
	_, section, found := strings.Cut(string(text), "\n## On a real account\n")
	assert.Assert(t, found, "the README has no such section")
	section, _, _ = strings.Cut(section, "\n## ")
	var typed []string
	for i, part := range strings.Split(section, "```") {
		if i%2 == 0 { // prose
			continue
		}
		block, isShell := strings.CutPrefix(part, "sh\n")
		assert.Assert(t, isShell, "what is to be done with this?\n%s", part)
		for line := range strings.Lines(block) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				typed = append(typed, line)
			}
		}
	}
	return typed
}

// The README's way to a platform, typed line by line, with the state in a bucket; and what its user meets with such a state.
func TestTheReadmeOnARealAccount(t *testing.T) {
	beside(t, 90*time.Second)
	s := newSandbox(t, "e2e-readme", "demo")
	s.must(t, "preview", s.stack) // makes the world and what its stack file says of it
	typed := onARealAccount(t, s.Root)
	u := newUser(t, s, typed)
	up := slices.IndexFunc(typed, func(line string) bool { return strings.HasPrefix(line, "pulumi up") })
	assert.Assert(t, up > 0, "no up among %q", typed)

	steps := []struct {
		name string
		run  func(*testing.T)
	}{
		{"each line works, as far as the preview", func(t *testing.T) { linesUntilPreview(t, u, typed[:up]) }},
		{"one up at a time; a killed one is cancelled", func(t *testing.T) { oneAtATime(t, u, typed[up]) }},
		{"each line works, to the outputs", func(t *testing.T) { linesFromUp(t, u, typed[up:]) }},
		{"the bucket keeps who did what", func(t *testing.T) { history(t, u) }},
		{"no secret is in the bucket", func(t *testing.T) { bucketWithoutSecrets(t, u) }},
		{"an export is a state", func(t *testing.T) { exportAndImport(t, u, typed[up]) }},
		{"destroy leaves nothing", func(t *testing.T) { emptyAccount(t, u) }},
	}
	for _, step := range steps {
		if !t.Run(step.name, step.run) {
			t.FailNow()
		}
	}
}

func linesUntilPreview(t *testing.T, u *user, typed []string) {
	for _, line := range typed {
		output := u.types(t, line)
		for _, complaint := range []string{"no supported checksum", "legacy", "deprecated"} {
			assert.Assert(t, len(lines(output, complaint)) == 0, "%s warns:\n%s", line, output)
		}
	}
	assert.DeepEqual(t, u.servers(t), []string(nil))
}

// oneAtATime has a second user come while the first one's up is under way, and kills the first as soon as there is a server.
func oneAtATime(t *testing.T, u *user, up string) {
	first := u.begin(t, up)
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if len(u.servers(t)) > 0 || len(first.done) > 0 {
			return poll.Success()
		}
		return poll.Continue("no server yet")
	}, poll.WithTimeout(patience), poll.WithDelay(20*time.Millisecond))
	assert.Assert(t, len(first.done) == 0, first.String())
	assert.Equal(t, len(u.objects(t, ".pulumi/locks/organization/exchange-platform/demo/*.json")), 1)
	second := u.begin(t, up).fails(t)
	assert.Assert(t, strings.Contains(second, "the stack is currently locked by 1 lock(s)"), second)

	world.EndPulumi("HOME=" + u.home)
	first.fails(t)
	left := u.begin(t, up).fails(t)
	assert.Assert(t, strings.Contains(left, "the stack is currently locked by 1 lock(s)"), left)
	u.types(t, "pulumi cancel --yes")
	assert.Equal(t, len(u.objects(t, ".pulumi/locks/organization/exchange-platform/demo/*.json")), 0)
}

func linesFromUp(t *testing.T, u *user, typed []string) {
	var output string
	for _, line := range typed {
		output = u.types(t, line)
		// of an update people see what it did; a hundred lines of outputs would push that out of the window
		assert.Assert(t, len(lines(output, "Outputs:")) == 0, output)
	}
	areShown(t, output)
	assert.DeepEqual(t, u.servers(t), []string{"arvan-k8s-m1", "arvan-k8s-w1"})
}

func history(t *testing.T, u *user) {
	said := u.types(t, "pulumi stack history")
	assert.Assert(t, len(lines(said, "succeeded")) > 0, said)
	for _, kept := range []string{"stacks/exchange-platform/demo.json", "stacks/exchange-platform/demo.json.bak",
		"backups/exchange-platform/demo/*.json", "history/exchange-platform/demo/*.history.json", "history/exchange-platform/demo/*.checkpoint.json"} {
		assert.Assert(t, len(u.objects(t, ".pulumi/"+kept)) > 0, "nothing is at %s", kept)
	}
	assert.Equal(t, len(u.objects(t, ".pulumi/locks/organization/exchange-platform/demo/*.json")), 0)
}

func bucketWithoutSecrets(t *testing.T, u *user) {
	key, err := u.Secret("api-key")
	assert.NilError(t, err)
	bucket, objects := os.DirFS(u.bucket), 0
	assert.NilError(t, fs.WalkDir(bucket, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		objects++
		text, err := fs.ReadFile(bucket, path)
		for _, secret := range []string{key, u.secrets["PULUMI_CONFIG_PASSPHRASE"], u.secrets["AWS_SECRET_ACCESS_KEY"], "PRIVATE KEY"} {
			assert.Assert(t, !strings.Contains(string(text), secret), "%s holds a secret", path)
		}
		return err
	}))
	assert.Assert(t, objects > 5, "only %d objects", objects)
}

// exportAndImport loses the state and brings it back from an export, as docs/state.md says.
func exportAndImport(t *testing.T, u *user, up string) {
	u.types(t, "pulumi stack export --file demo-$(date +%F).json")
	state := filepath.Join(u.bucket, ".pulumi/stacks/exchange-platform/demo.json")
	text, err := os.ReadFile(state)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(state, text[:len(text)/2], 0o600))
	said := u.begin(t, up).fails(t)
	assert.Assert(t, strings.Contains(said, "failed to load checkpoint"), said)
	u.types(t, "pulumi stack import --file demo-$(date +%F).json")
	u.types(t, up+" --expect-no-changes")
}

func emptyAccount(t *testing.T, u *user) {
	u.types(t, "pulumi destroy")
	assert.DeepEqual(t, u.servers(t), []string(nil))
	u.types(t, "pulumi stack rm demo")
	assert.Equal(t, len(u.objects(t, ".pulumi/stacks/exchange-platform/demo.json")), 0)
}

// objects are those of the bucket whose names fit.
func (u *user) objects(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(u.bucket), pattern)
	assert.NilError(t, err)
	return names
}
