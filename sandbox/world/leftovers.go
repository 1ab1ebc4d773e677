package world

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// EndLeftovers ends what a pulumi that was killed left running on the state of w: plugins wait for minutes for an engine
// that never comes back.
func EndLeftovers(w *workspace.Workspace) { EndPulumi(mark(w)) }

// EndPulumi ends all that belongs to a pulumi and has this NAME=VALUE in its environment.
func EndPulumi(variable string) {
	end(variable, func(program string) bool {
		return strings.HasPrefix(program, "pulumi") || program == "exchange-platform"
	})
}

// EndPlugins ends the plugins that work for a pulumi on the state of w.
func EndPlugins(w *workspace.Workspace) {
	end(mark(w), func(program string) bool { return strings.HasPrefix(program, "pulumi-resource-") })
}

func mark(w *workspace.Workspace) string { return "PULUMI_BACKEND_URL=" + w.BackendURL() }

func end(variable string, meant func(program string) bool) {
	mark := []byte(variable)
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range environs {
		dir := filepath.Dir(file)
		program, err := os.Readlink(filepath.Join(dir, "exe"))
		// the mark stands in the environment of a user's shell too, if it was set up with `sandbox env`
		if err != nil || !meant(filepath.Base(program)) {
			continue
		}
		environ, err := os.ReadFile(file)
		if err != nil || !slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(pair []byte) bool { return bytes.Equal(pair, mark) }) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended meanwhile, which is as good
		}
	}
}
