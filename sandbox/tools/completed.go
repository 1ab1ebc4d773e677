package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// completion is what a module's archive lacks and its programs are not compiled without: what its own build makes before, and what the versions of
// other modules that are chosen here ask for; and what stands in the place of files that would be much to compile.
type completion struct {
	module  string
	files   map[string]string
	changes []change
}

// change is what stands once in a file, and what has to stand there.
type change struct{ file, from, to string }

// modfile writes a go.mod that is the one in dir with the completed module in the place of the module, and returns where it is. Go
// compiles nothing else for the rest.
func (c completion) modfile(ctx context.Context, dir, to string) (string, error) {
	module, err := moduleFolder(ctx, dir, c.module)
	if err != nil {
		return "", err
	}
	copied := filepath.Join(to, "module")
	if err := os.RemoveAll(copied); err != nil {
		return "", err
	}
	if err := os.CopyFS(copied, os.DirFS(module)); err != nil {
		return "", err
	}
	for name, content := range c.files {
		file := filepath.Join(copied, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return "", err
		}
	}
	for _, each := range c.changes {
		if err := each.make(copied); err != nil {
			return "", err
		}
	}
	return c.replace(filepath.Join(dir, "go.mod"), filepath.Join(to, "go.mod"), copied)
}

func (c change) make(module string) error {
	file := filepath.Join(module, c.file)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if found := strings.Count(string(text), c.from); found != 1 {
		return fmt.Errorf("%s has %d times what is to be changed: %s", file, found, c.from)
	}
	return os.WriteFile(file, []byte(strings.Replace(string(text), c.from, c.to, 1)), 0o644)
}

// moduleFolder is where a module lies that the one in dir requires.
func moduleFolder(ctx context.Context, dir, path string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", path)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	output, err := cmd.Output()
	var module struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(output, &module); err != nil || jsonErr != nil {
		return "", fmt.Errorf("download %s: %w: %s", path, err, module.Error)
	}
	return module.Dir, nil
}

// replace writes the go.mod, and the go.sum beside it.
func (c completion) replace(from, to, copied string) (string, error) {
	text, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	file, err := modfile.Parse(from, text, nil)
	if err != nil {
		return "", err
	}
	if err := file.AddReplace(c.module, "", copied, ""); err != nil {
		return "", err
	}
	if text, err = file.Format(); err != nil {
		return "", err
	}
	sums, err := os.ReadFile(filepath.Join(filepath.Dir(from), "go.sum"))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(to), "go.sum"), sums, 0o644); err != nil {
		return "", err
	}
	return to, os.WriteFile(to, text, 0o644)
}
