package tools

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// oldestPulumi is the oldest installed CLI that is used instead of building one: the oldest that Pulumi.yaml lets work.
const oldestPulumi = "v3.256.0"

// official is the path of the installed official program that makes building t needless, or "". Pulumi's own programs
// are looked for on PATH and, for plugins, among those that `pulumi plugin install` keeps.
func (t Tool) official(w *workspace.Workspace) string {
	switch {
	case t.Name == "pulumi":
		if path := lookPath(w, t.Name); path != "" && semver.Compare(pulumiVersionOf(path), oldestPulumi) >= 0 {
			return path
		}
		return ""
	case t.Name == "pulumi-language-go", strings.HasPrefix(t.Name, "pulumi-resource-") && t.Module == "sandbox":
		if path := lookPath(w, t.Name); path != "" {
			return path
		}
		return installedPlugin(t)
	}
	return ""
}

// Official says whether t is an official program that was linked, not built here.
func (t Tool) Official() (path string, linked bool) {
	path, err := os.Readlink(t.Target)
	return path, err == nil
}

// lookPath is exec.LookPath without the sandbox's own programs.
func lookPath(w *workspace.Workspace, name string) string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if dir == filepath.Dir(w.Binary(name)) {
			continue
		}
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

func installedPlugin(t Tool) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	version := filepath.Base(filepath.Dir(t.Target)) // resource-NAME-vX.Y.Z
	path := filepath.Join(home, ".pulumi", "plugins", version, t.Name)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

func pulumiVersionOf(path string) string {
	output, err := exec.Command(path, "version").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(output))
}
