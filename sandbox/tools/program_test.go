package tools

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

const (
	root    = "../.."
	program = "scripts/program"
)

// What Pulumi runs is the program as its files are now: whatever time somebody's archive gave them.
func TestTheProgramIsMadeAnewWhenItHasChanged(t *testing.T) {
	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join(root, program))
	assert.NilError(t, err)
	for path, text := range map[string]string{
		program: string(script), "go.mod": "module example.org/a\n", "go.sum": "", "main.go": `package main

import "example.org/a/stacks"

func main() { println(stacks.Says) }
`,
		"components/a.go": "package components\n", "internal/a.go": "package internal\n", "stacks/a.go": "package stacks\n\nconst Says = `first`\n",
	} {
		assert.NilError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755))
		assert.NilError(t, os.WriteFile(filepath.Join(dir, path), []byte(text), 0o755))
	}
	run := func() string {
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, program))
		cmd.Dir = t.TempDir() // Pulumi's is the project's, others' need not be
		output, err := cmd.CombinedOutput()
		assert.NilError(t, err, "%s", output)
		return strings.Join(strings.Fields(string(output)), " ")
	}
	assert.Equal(t, run(), "Compiling the program ... first")
	assert.Equal(t, run(), "first")

	changed, old := filepath.Join(dir, "stacks/a.go"), time.Unix(1, 0)
	assert.NilError(t, os.WriteFile(changed, []byte("package stacks\n\nconst Says = `second`\n"), 0o600))
	assert.NilError(t, os.Chtimes(changed, old, old))
	assert.Equal(t, run(), "Compiling the program ... second")

	assert.NilError(t, os.WriteFile(changed, []byte("package stacks\n\nconst Says = broken\n"), 0o600))
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, program))
	output, err := cmd.CombinedOutput()
	assert.ErrorContains(t, err, "exit status 1")
	assert.Assert(t, strings.Contains(string(output), "undefined: broken"), "%s", output)

	assert.NilError(t, os.Remove(changed))
	assert.NilError(t, os.WriteFile(filepath.Join(dir, "stacks/b.go"), []byte("package stacks\n\nconst Says = `third`\n"), 0o600))
	assert.Equal(t, run(), "Compiling the program ... third")
	left, err := filepath.Glob(filepath.Join(dir, "bin/*"))
	assert.NilError(t, err)
	assert.DeepEqual(t, left, []string{filepath.Join(dir, "bin/exchange-platform")})
}

// No folder of the program's is forgotten.
func TestTheProgramLooksAtAllItIsMadeOf(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(root, program))
	assert.NilError(t, err)
	looked := regexp.MustCompile(`find (\./\*\.go .+) -cnewer`).FindStringSubmatch(string(script))
	assert.Assert(t, len(looked) == 2, "%s", script)
	absolute, err := filepath.Abs(root)
	assert.NilError(t, err)
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.Dir}}", ".")
	list.Dir = absolute
	packages, err := list.Output()
	assert.NilError(t, err)
	for folder := range strings.FieldsSeq(string(packages)) {
		name, inside := strings.CutPrefix(folder, absolute+"/")
		first, _, _ := strings.Cut(name, "/")
		assert.Assert(t, !inside || slices.Contains(strings.Fields(looked[1]), first), "%s does not look at %s", program, name)
	}
}
