//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/sandbox/world"
)

// The way back of docs/state.md, "A lost state", by whoever has a key of their own on the machines.
func TestALostStateHasAWayBack(t *testing.T) {
	beside(t, time.Minute)
	s := newSandbox(t, "e2e-lost", "demo")
	s.must(t, "preview", "demo") // makes the world
	folder := t.TempDir()
	key := filepath.Join(folder, "key")
	output, err := s.execute(t, exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key))
	assert.NilError(t, err, output)
	public, err := os.ReadFile(key + ".pub")
	assert.NilError(t, err)
	variables := map[string]string{
		"PULUMI_OPTION_CONFIG_FILE": s.stackFileWith(t, "cloud", map[string]any{"adminSshKeys": []any{strings.TrimSpace(string(public))}}),
	}
	up := append([]string{"up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs"}, clusterOnly...)
	pulumi := func(arguments ...string) string {
		output, err := s.tool(t, variables, "pulumi", arguments...)
		assert.NilError(t, err, output)
		return output
	}
	pulumi(up...)
	before := s.servers(t)

	pulumi("stack", "rm", "demo", "--yes", "--force", "--preserve-config", "--remove-backups")
	s.initApart(t, variables)
	output, err = s.tool(t, variables, "pulumi", up...)
	assert.Assert(t, err != nil, output)
	for _, there := range []string{"iaas:SshKey demo (", "iaas:Network demo (", "iaas:SecurityGroup demo-nodes (", "iaas:Server arvan-k8s-m1 (", "iaas:Server arvan-k8s-w1 ("} {
		assert.Assert(t, cmp.Contains(output, "- arvancloud:"+there))
	}

	environ, err := s.Environ(s.stack)
	assert.NilError(t, err)
	back := exec.Command(filepath.Join(s.Root, "scripts", "recover"), "demo", folder)
	back.Env = append(environ, "PULUMI_OPTION_CONFIG_FILE="+variables["PULUMI_OPTION_CONFIG_FILE"])
	output, err = s.execute(t, back)
	assert.NilError(t, err, output)
	machines, err := world.Machines(context.Background(), s.Workspace)
	assert.NilError(t, err)
	for _, machine := range machines {
		script, err := os.Open(filepath.Join(folder, machine.Name+".sh"))
		assert.NilError(t, err)
		login := exec.Command("ssh", "-i", key, "-p", "2222", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
			"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "ubuntu@"+machine.PublicAddress, "sudo sh -s")
		login.Stdin = script
		output, err := s.execute(t, login)
		assert.NilError(t, err, output)
		s.must(t, "host", "reboot", machine.Name) // the stand-in of sshd reads its host key then
	}

	output = pulumi(append([]string{"preview", "--non-interactive"}, clusterOnly...)...)
	for _, line := range lines(output, "arvancloud:iaas:") {
		assert.Assert(t, strings.HasPrefix(line, "~"), line)
	}
	output = pulumi(up...)
	assert.Assert(t, cmp.Contains(output, "the cluster is as wanted"))
	assert.DeepEqual(t, s.servers(t), before)
}

// initApart makes an empty stack, in a folder of its own: it writes its salt into the stack file beside Pulumi.yaml.
func (s *sandbox) initApart(t *testing.T, variables map[string]string) {
	t.Helper()
	project, err := os.ReadFile(filepath.Join(s.Root, "Pulumi.yaml"))
	assert.NilError(t, err)
	apart := t.TempDir()
	assert.NilError(t, os.WriteFile(filepath.Join(apart, "Pulumi.yaml"), project, 0o600))
	output, err := s.tool(t, variables, "pulumi", "stack", "init", s.stack, "--cwd", apart)
	assert.NilError(t, err, output)
}
