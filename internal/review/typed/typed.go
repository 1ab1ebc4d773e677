// Package typed runs, in tests, the lines of pages and workflows as they stand there, with the program under test in the place of its script.
package typed

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"
)

// asMain is set where a test is to be the program.
const asMain = "TEST_IS_THE_PROGRAM"

// Main is a TestMain: the tests, or the program where Bash has put it.
func Main(m *testing.M, program func(ctx context.Context, arguments []string, out, errors io.Writer) (int, error)) {
	if os.Getenv(asMain) == "" {
		os.Exit(m.Run())
	}
	code, err := program(context.Background(), os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	os.Exit(code)
}

// Bash runs lines in a folder, where ./scripts/<script> is the program of this test.
func Bash(t *testing.T, folder, script, lines string, variables ...string) (string, error) {
	t.Helper()
	program, err := os.Executable()
	assert.NilError(t, err)
	assert.NilError(t, os.MkdirAll(filepath.Join(folder, "scripts"), 0o755))
	shim := "#!/bin/sh\n" + asMain + "=1 exec '" + program + "' \"$@\"\n"
	assert.NilError(t, os.WriteFile(filepath.Join(folder, "scripts", script), []byte(shim), 0o755))
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", lines)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), variables...)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// Workflow is one of GitHub's.
type Workflow struct {
	Permissions map[string]string
	Jobs        map[string]Job
}

// Job is one of a workflow's.
type Job struct {
	If          string
	Environment any // its name, or that and its address
	Env         map[string]string
	Steps       []Step
}

// Step is one of a job's.
type Step struct {
	Name, If, Run, Uses string
	With                map[string]any
}

// ReadWorkflow reads one, and returns its text as well.
func ReadWorkflow(t *testing.T, path string) (made Workflow, text string) {
	t.Helper()
	read, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.NilError(t, yaml.Unmarshal(read, &made))
	return made, string(read)
}

// Script is what a step of that name runs, for the stack prod.
func (w Workflow) Script(t *testing.T, job, step string) string {
	t.Helper()
	for _, each := range w.Jobs[job].Steps {
		if each.Name == step {
			return strings.ReplaceAll(each.Run, "${{ matrix.stack }}", "prod")
		}
	}
	t.Fatalf("the job %s has no step %q", job, step)
	return ""
}
