package gitserver_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/gitserver"
)

func git(t *testing.T, folder string, arguments ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.ir"}, arguments...)...)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func TestOneAccountReadsAndAnotherPushes(t *testing.T) {
	server := httptest.NewServer(gitserver.New(filepath.Join(t.TempDir(), "devops.git"),
		gitserver.Account{Name: "reader", Password: "r"}, gitserver.Account{Name: "writer", Password: "w", MayPush: true}))
	defer server.Close()
	as := func(login, repository string) string {
		return strings.Replace(server.URL, "http://", "http://"+login, 1) + "/" + repository
	}
	work := t.TempDir()
	_, err := git(t, work, "clone", "--quiet", as("writer:w@", "devops.git"), ".")
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(filepath.Join(work, "version"), []byte("1.0.0\n"), 0o600))
	for _, step := range [][]string{{"add", "version"}, {"commit", "--quiet", "--message=1.0.0"}} {
		output, err := git(t, work, step...)
		assert.NilError(t, err, output)
	}
	output, err := git(t, work, "push", as("reader:r@", "devops.git"), "HEAD:main")
	assert.ErrorContains(t, err, "exit status", output)
	assert.Assert(t, strings.Contains(output, "403"), output)
	output, err = git(t, work, "push", "origin", "HEAD:main")
	assert.NilError(t, err, output)

	read := t.TempDir()
	output, err = git(t, read, "clone", "--quiet", "--branch="+gitserver.Branch, as("reader:r@", "devops.git"), ".")
	assert.NilError(t, err, output)
	text, err := os.ReadFile(filepath.Join(read, "version"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), "1.0.0\n")

	for _, refused := range []string{as("", "devops.git"), as("reader:w@", "devops.git"), as("reader:r@", "other.git")} {
		_, err := git(t, read, "ls-remote", refused)
		assert.ErrorContains(t, err, "exit status", refused)
	}
}
