//go:build e2e

package e2e

import (
	"crypto/ed25519"
	"crypto/rand"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/storage"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// apiHost is where ArvanCloud's API is.
const apiHost = "napi.arvancloud.ir"

// user is somebody with a checkout, Go, the Pulumi CLI and an account, who types lines of the README into a shell.
type user struct {
	*sandbox
	home, project string
	// environ is what the shell begins with.
	environ []string
	// exports are the lines that changed it.
	exports []string
	// bucket is the folder of the storage's bucket.
	bucket string
	// secrets are those that the user has given.
	secrets map[string]string
}

// newUser makes a user for the lines, whose storage is what they log in to. What stands in the environment and not in the README
// is what makes this machine the world: no line is changed for it.
func newUser(t *testing.T, s *sandbox, lines []string) *user {
	t.Helper()
	home, given := t.TempDir(), map[string]string{
		"AWS_ACCESS_KEY_ID": "of-the-user", "AWS_SECRET_ACCESS_KEY": "the-storage's-secret", "PULUMI_CONFIG_PASSPHRASE": "a passphrase of the user",
	}
	u := &user{sandbox: s, home: home, project: filepath.Join(home, "exchange-platform"), secrets: given}
	t.Cleanup(func() { world.EndPulumi("HOME=" + home) })
	key, err := s.Secret("api-key")
	assert.NilError(t, err)
	u.copyProject(t)
	public, _, err := ed25519.GenerateKey(rand.Reader)
	assert.NilError(t, err)
	login, err := ssh.NewPublicKey(public)
	assert.NilError(t, err)
	for path, text := range map[string]string{
		filepath.Join(u.project, "key"):            key + "\n",
		filepath.Join(home, ".ssh/id_ed25519.pub"): string(ssh.MarshalAuthorizedKey(login)),
	} {
		assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		assert.NilError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	pulumiHome := filepath.Join(home, ".pulumi")
	assert.NilError(t, os.MkdirAll(pulumiHome, 0o700))
	assert.NilError(t, os.Symlink(filepath.Join(s.PulumiHome(), "plugins"), filepath.Join(pulumiHome, "plugins")))

	host, store := u.storage(t, lines)
	api, err := url.Parse(s.APIURL())
	assert.NilError(t, err)
	u.environ = append(newInternet(t, map[string]http.Handler{
		host: store, apiHost: &httputil.ReverseProxy{Rewrite: func(request *httputil.ProxyRequest) { request.SetURL(api) }},
	}),
		"HOME="+home, "PULUMI_HOME="+pulumiHome, // Pulumi asks the system's list of users otherwise
		"PATH="+filepath.Join(s.Tools, "bin")+":"+os.Getenv("PATH"),
		"PULUMI_SKIP_CONFIRMATIONS=true", // nobody sits at a terminal
		"PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"GOFLAGS=-trimpath", // what was compiled for another folder is not compiled again
	)
	for _, name := range []string{"GOPATH", "GOCACHE", "GOMODCACHE", "GOTOOLCHAIN", "GOPROXY", "GOSUMDB"} {
		value, err := exec.Command("go", "env", name).Output()
		assert.NilError(t, err)
		u.environ = append(u.environ, name+"="+strings.TrimSpace(string(value)))
	}
	return u
}

// copyProject makes the user's checkout. The stack file installs from the sandbox and finds its machines; who may log in
// where the README has its user say is left out.
func (u *user) copyProject(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(u.Root)
	assert.NilError(t, err)
	for _, entry := range entries {
		from, to := filepath.Join(u.Root, entry.Name()), filepath.Join(u.project, entry.Name())
		switch {
		case strings.HasPrefix(entry.Name(), "."), slices.Contains([]string{"bin", "sandbox"}, entry.Name()):
		case entry.IsDir():
			assert.NilError(t, os.CopyFS(to, os.DirFS(from)))
		default:
			text, err := os.ReadFile(from)
			assert.NilError(t, err)
			assert.NilError(t, os.MkdirAll(u.project, 0o700))
			assert.NilError(t, os.WriteFile(to, text, 0o600))
		}
	}
	text, err := os.ReadFile(u.StackFile(u.stack))
	assert.NilError(t, err)
	var file map[string]any
	assert.NilError(t, yaml.Unmarshal(text, &file))
	delete(file, "encryptionsalt")
	cloud, _ := parent(file, []string{"cloud", "endpoint"})
	for _, key := range []string{"endpoint", "adminCidrs", "adminSshKeys"} {
		delete(cloud, key)
	}
	text, err = yaml.Marshal(file)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(filepath.Join(u.project, "Pulumi."+u.stack+".yaml"), text, 0o600))
}

// storage is what the login among the lines leads to: the host, and what answers there.
func (u *user) storage(t *testing.T, lines []string) (string, http.Handler) {
	t.Helper()
	found := regexp.MustCompile(`pulumi login '(s3://[^']*)'`).FindStringSubmatch(strings.Join(lines, "\n"))
	assert.Assert(t, len(found) == 2, "no login to a bucket among %q", lines)
	login, err := url.Parse(found[1])
	assert.NilError(t, err)
	endpoint, err := url.Parse(login.Query().Get("endpoint"))
	assert.NilError(t, err)
	folder := t.TempDir()
	u.bucket = filepath.Join(folder, login.Host)
	store, err := storage.New(storage.Options{
		Dir: folder, Buckets: []string{login.Host}, Region: login.Query().Get("region"),
		AccessKey: u.secrets["AWS_ACCESS_KEY_ID"], SecretKey: u.secrets["AWS_SECRET_ACCESS_KEY"],
	})
	assert.NilError(t, err)
	t.Cleanup(func() { assert.NilError(t, store.Close()) })
	return endpoint.Host, store
}

// gap is where the README leaves a value to its user.
var gap = regexp.MustCompile(`(\w+)=…`)

// shell is a line typed in the project's folder, and what it prints.
func (u *user) shell(line string) (*exec.Cmd, *update) {
	line = gap.ReplaceAllStringFunc(line, func(assignment string) string {
		name, _, _ := strings.Cut(assignment, "=")
		return name + "='" + strings.ReplaceAll(u.secrets[name], "'", `'\''`) + "'"
	})
	if strings.HasPrefix(line, "export ") {
		u.exports = append(u.exports, line)
	}
	program := &update{cmd: exec.Command("bash", "-euc", strings.Join(append(slices.Clone(u.exports), line), "\n")), done: make(chan error, 1)}
	program.cmd.Dir, program.cmd.Env, program.cmd.Stdout, program.cmd.Stderr = u.project, u.environ, program, program
	program.cmd.WaitDelay = time.Second
	return program.cmd, program
}

// begin types a line and does not wait for its end.
func (u *user) begin(t *testing.T, line string) *update {
	t.Helper()
	cmd, program := u.shell(line)
	assert.NilError(t, cmd.Start())
	go func() { program.done <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return program
}

// types types a line that must do what it is for, and returns what it printed.
func (u *user) types(t *testing.T, line string) string {
	t.Helper()
	started := time.Now()
	program := u.begin(t, line)
	program.succeeds(t)
	t.Logf("%5.1f s  %s", time.Since(started).Seconds(), line)
	return program.String()
}
