package arvan

import (
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

func TestUserData(t *testing.T) {
	args := &Args{Cloud: Cloud{SSHPort: defaultSSHPort, AdminSSHKeys: []string{"ssh-ed25519 AAAA admin"}}}
	text, err := renderUserData("arvan-k8s-m1", args, "PRIVATE\nKEY\n", "ssh-ed25519 HOST")
	assert.NilError(t, err)
	golden.Assert(t, text, "user-data.yaml")
}

func TestUserDataWithAnotherPort(t *testing.T) {
	text, err := renderUserData("arvan-k8s-m1", &Args{Cloud: Cloud{SSHPort: 2222}}, "PRIVATE\nKEY\n", "ssh-ed25519 HOST")
	assert.NilError(t, err)
	golden.Assert(t, text, "user-data-port-2222.yaml")
}
