package mocktest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Reconcile runs one pass of a reconciler's pod on this machine, with stand-ins of the programs that its script calls, by
// name. The variables that are not the pod's own come from env: those of Secrets, and what the stand-ins need.
func (r *Resource) Reconcile(t testing.TB, programs, env map[string]string) (output string, err error) {
	t.Helper()
	template := Plain(resource.NewProperty(r.Inputs)).(map[string]any)["spec"].(map[string]any)["template"]
	return runScript(t, template, 3, programs, env)
}

// RunScheduled does the same for one run of a CronJob's.
func (r *Resource) RunScheduled(t testing.TB, programs, env map[string]string) (output string, err error) {
	t.Helper()
	job := Plain(resource.NewProperty(r.Inputs)).(map[string]any)["spec"].(map[string]any)["jobTemplate"].(map[string]any)
	return runScript(t, job["spec"].(map[string]any)["template"], 2, programs, env)
}

// runScript runs the script of a pod's only container, which is the argument at that place of its command.
func runScript(t testing.TB, template any, at int, programs, env map[string]string) (output string, err error) {
	t.Helper()
	container := template.(map[string]any)["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)
	script := container["command"].([]any)[at].(string)
	home, bin := t.TempDir(), t.TempDir()
	var references []string // Kubernetes puts variables into later ones
	for name, value := range env {
		references = append(references, "$("+name+")", value)
	}
	expand := strings.NewReplacer(references...)
	cmd := exec.Command("/bin/sh", "-euc", script)
	for _, each := range container["env"].([]any) {
		variable := each.(map[string]any)
		if value, plain := variable["value"].(string); plain {
			cmd.Env = append(cmd.Env, variable["name"].(string)+"="+expand.Replace(value))
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
