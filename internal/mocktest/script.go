package mocktest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Reconcile runs one pass of a reconciler's pod on this machine, with stand-ins of the programs that its script calls, by
// name. The variables that are not the pod's own come from env: those of Secrets, and what the stand-ins need.
func (r *Resource) Reconcile(t testing.TB, programs, env map[string]string) (output string, err error) {
	t.Helper()
	pod := Plain(resource.NewProperty(r.Inputs)).(map[string]any)["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	container := pod["containers"].([]any)[0].(map[string]any)
	script := container["command"].([]any)[3].(string)
	home, bin := t.TempDir(), t.TempDir()
	cmd := exec.Command("/bin/sh", "-euc", script)
	for _, each := range container["env"].([]any) {
		variable := each.(map[string]any)
		if value, plain := variable["value"].(string); plain {
			cmd.Env = append(cmd.Env, variable["name"].(string)+"="+value)
		} else {
			assert.Assert(t, env[variable["name"].(string)] != "", "no value for the secret %s", variable["name"])
		}
	}
	for name, text := range programs {
		assert.NilError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text), 0o700))
	}
	cmd.Env = append(cmd.Env, "HOME="+home, "PATH="+bin+":"+os.Getenv("PATH"))
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	text, err := cmd.CombinedOutput()
	return string(text), err
}
