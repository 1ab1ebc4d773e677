package arvan

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// keys of nobody.
const (
	own   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOwn0wn0wn0wn0wn0wn0wn0wn0wn0wn0wn0wn0wn0wn program"
	alice = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl alice@laptop"
	bob   = `from="10.0.0.0/8" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea bob "the builder" \é`
	hand  = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDfoHand by hand"
)

// what cloud-init puts before the keys of root.
const disabled = `no-port-forwarding,command="echo 'Please login as the user \"ubuntu\" rather than the user \"root\".'" `

// machine is the part of a machine that the script of the keys looks at, in a folder.
type machine struct {
	*testing.T
	root string
}

// booted is a machine whose first boot let these keys in.
func booted(t *testing.T, keys ...string) *machine {
	m := &machine{t, t.TempDir()}
	userData, err := renderUserData("arvan-k8s-m1", &Args{Cloud: Cloud{SSHPort: 22, AdminSSHKeys: keys}}, "PRIVATE\n", "ssh-ed25519 AAAAHOST")
	assert.NilError(t, err)
	m.write("var/lib/cloud/instance/user-data.txt", userData)
	m.write("home/.ssh/authorized_keys", lines(append([]string{own}, keys...)...))
	m.write("root/.ssh/authorized_keys", disabled+strings.TrimSuffix(strings.Join(append([]string{own}, keys...), "\n"+disabled), "\n")+"\n")
	m.write("bin/sudo", `#!/bin/sh
shift; program=$1; shift
for argument; do
  case $argument in /root/*|/var/*) argument=$ROOT$argument ;; esac
  set -- "$@" "$argument"; shift
done
exec "$program" "$@"
`)
	assert.NilError(t, os.Chmod(filepath.Join(m.root, "bin/sudo"), 0o755))
	return m
}

func lines(each ...string) string { return strings.Join(each, "\n") + "\n" }

func (m *machine) write(path, text string) {
	m.Helper()
	path = filepath.Join(m.root, path)
	assert.NilError(m, os.MkdirAll(filepath.Dir(path), 0o700))
	assert.NilError(m, os.WriteFile(path, []byte(text), 0o600))
}

func (m *machine) read(path string) string {
	m.Helper()
	text, err := os.ReadFile(filepath.Join(m.root, path))
	assert.NilError(m, err)
	return string(text)
}

// lets has these keys, and no others of the program's, let in.
func (m *machine) lets(keys ...string) (printed string, err error) {
	m.Helper()
	var stderr strings.Builder
	run := exec.Command("sh", "-c", adminKeysCommand)
	run.Env = append(os.Environ(), "ROOT="+m.root, "HOME="+m.root+"/home", "PATH="+m.root+"/bin:"+os.Getenv("PATH"))
	run.Stdin, run.Stderr = strings.NewReader(renderAdminKeys(keys, own)), &stderr
	output, err := run.Output()
	if err != nil {
		return stderr.String(), err
	}
	return string(output), nil
}

func (m *machine) mustLet(keys ...string) {
	m.Helper()
	printed, err := m.lets(keys...)
	assert.NilError(m, err, printed)
	told := AdminKeys{}
	assert.NilError(m, told.Take("arvan-k8s-m1"+adminKeysSuffix, printed))
	assert.DeepEqual(m, told["arvan-k8s-m1"], append([]string{}, keys...))
}

// mayLogIn are the lines of a file that are keys.
func (m *machine) mayLogIn(path string) (keys []string) {
	m.Helper()
	for line := range strings.Lines(m.read(path)) {
		if !strings.HasPrefix(line, "#") {
			keys = append(keys, strings.TrimSpace(line))
		}
	}
	return keys
}

func TestKeysOfAdministratorsComeAndGo(t *testing.T) {
	m := booted(t, alice)
	login := "home/.ssh/authorized_keys"
	m.write(login, m.read(login)+hand+"\n")

	m.mustLet(alice, bob)
	assert.DeepEqual(t, m.mayLogIn(login), []string{own, hand, alice, bob})
	before := m.read(login)
	m.mustLet(alice, bob)
	assert.Equal(t, m.read(login), before, "again changes nothing")

	m.mustLet(bob)
	assert.DeepEqual(t, m.mayLogIn(login), []string{own, hand, bob})
	assert.DeepEqual(t, m.mayLogIn("root/.ssh/authorized_keys"), []string{disabled + own})

	m.mustLet()
	assert.DeepEqual(t, m.mayLogIn(login), []string{own, hand})
	info, err := os.Stat(filepath.Join(m.root, login))
	assert.NilError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o600))
	left, err := os.ReadDir(filepath.Join(m.root, "home/.ssh"))
	assert.NilError(t, err)
	assert.Equal(t, len(left), 1, "something is left beside the file")
}

// The first run on a machine of before knows no block: who left since it was made is in the user data only.
func TestAKeyOfTheFirstBootGoesAtOnce(t *testing.T) {
	m := booted(t, alice, bob)
	m.mustLet(bob)
	assert.DeepEqual(t, m.mayLogIn("home/.ssh/authorized_keys"), []string{own, bob})
	assert.DeepEqual(t, m.mayLogIn("root/.ssh/authorized_keys"), []string{disabled + own, disabled + bob})
}

func TestTheProgramNeverLocksItselfOut(t *testing.T) {
	m := booted(t, own)
	m.mustLet(own, alice)
	m.mustLet(alice)
	m.mustLet()
	assert.DeepEqual(t, m.mayLogIn("home/.ssh/authorized_keys"), []string{own, own})

	m.write("home/.ssh/authorized_keys", hand+"\n")
	m.mustLet(alice)
	assert.DeepEqual(t, m.mayLogIn("home/.ssh/authorized_keys"), []string{hand, own, alice})
	m.mustLet()
	assert.DeepEqual(t, m.mayLogIn("home/.ssh/authorized_keys"), []string{hand, own})
}

func TestABlockWithoutItsEndIsNotGuessedAt(t *testing.T) {
	m := booted(t)
	m.mustLet(alice)
	login := "home/.ssh/authorized_keys"
	cut := strings.Replace(m.read(login), "# end of cloud.adminSshKeys\n", hand+"\n", 1)
	m.write(login, cut)
	printed, err := m.lets(bob)
	assert.ErrorContains(t, err, "exit status 1")
	assert.Assert(t, cmp.Contains(printed, "the block that begins at line 2 has no end"))
	assert.Equal(t, m.read(login), cut)
}

func TestAPreviewNamesTheKeysThatComeAndGo(t *testing.T) {
	args := &Args{
		Cloud:     Cloud{AdminSSHKeys: []string{bob}},
		Nodes:     Nodes{{Name: "m1"}, {Name: "w1"}, {Name: "w2"}, {Name: "new"}},
		Running:   Running{"m1": Made{}, "w1": Made{}, "w2": Made{}},
		AdminKeys: AdminKeys{"m1": {alice}, "w1": {alice, bob}},
	}
	const (
		aliceIs = "alice@laptop SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
		bobIs   = `bob "the builder" \é SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8`
	)
	assert.DeepEqual(t, args.adminKeysNews(), []string{
		"cloud.adminSshKeys: " + bobIs + " may log in to m1",
		"cloud.adminSshKeys: " + aliceIs + " may not log in any more to m1, w1",
		"cloud.adminSshKeys: of the keys that w2 were made with, these stay: " + bobIs,
	})
	args.AdminKeys = AdminKeys{"m1": {bob}, "w1": {bob}, "w2": {bob}}
	assert.DeepEqual(t, args.adminKeysNews(), []string(nil))
}
