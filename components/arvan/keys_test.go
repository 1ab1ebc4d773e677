package arvan

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
	"gotest.tools/v3/assert"
)

var seed = bytes.Repeat([]byte{7}, ed25519.SeedSize)

func TestAKeyIsTheSameInEveryRun(t *testing.T) {
	private, public, err := encode(seed)
	assert.NilError(t, err)
	again, _, err := encode(seed)
	assert.NilError(t, err)
	assert.Equal(t, private, again, "another text would replace every server")

	signer, err := ssh.ParsePrivateKey([]byte(private))
	assert.NilError(t, err)
	parsed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public))
	assert.NilError(t, err)
	assert.DeepEqual(t, signer.PublicKey().Marshal(), parsed.Marshal())
}

func TestOpenSSHReadsTheKey(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	private, public, err := encode(seed)
	assert.NilError(t, err)
	file := filepath.Join(t.TempDir(), "key")
	assert.NilError(t, os.WriteFile(file, []byte(private), 0o600))
	read, err := exec.Command(keygen, "-y", "-f", file).CombinedOutput()
	assert.NilError(t, err, string(read))
	assert.Equal(t, string(bytes.TrimSpace(read)), public)
}

func TestTooFewBytesMakeNoKey(t *testing.T) {
	_, _, err := encode(seed[:16])
	assert.ErrorContains(t, err, "32 random bytes, not 16")
}
