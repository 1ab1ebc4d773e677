package host

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// build compiles the program in dir into target, or into a temporary file when target is empty, and returns the path of
// the executable and a function that removes it if it was temporary.
func build(ctx context.Context, engine pulumirpc.EngineClient, dir, target string) (string, func(), error) {
	tool, err := exec.LookPath("go")
	if err != nil {
		return "", nil, errNoGo(err)
	}
	if sources, err := filepath.Glob(filepath.Join(dir, "*.go")); err != nil || len(sources) == 0 {
		return "", nil, fmt.Errorf("there is no *.go file in %s: is `main` in Pulumi.yaml right?", dir)
	}
	remove := func() {}
	if target == "" {
		folder, err := os.MkdirTemp("", "pulumi-go.*")
		if err != nil {
			return "", nil, fmt.Errorf("a place for the built program: %w", err)
		}
		remove = func() { _ = os.RemoveAll(folder) }
		target = filepath.Join(folder, "program")
	} else if !filepath.IsAbs(target) {
		target = filepath.Join(dir, target)
	}

	status(ctx, engine, "Compiling the program ...")
	command := exec.CommandContext(ctx, tool, "build", "-buildvcs=false", "-o", target, "-trimpath", "-ldflags", "-w -s")
	command.Dir = dir
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		remove()
		return "", nil, fmt.Errorf("error in compiling Go: unable to run `go build` in %s: %w\n%s",
			dir, err, strings.TrimSpace(output.String()))
	}
	if info, err := os.Stat(target); err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		remove()
		return "", nil, fmt.Errorf("error in compiling Go: %s holds no program: its package must be called main", dir)
	}
	status(ctx, engine, "Finished compiling")
	return target, remove, nil
}

// status shows a passing line in the progress display. A lost one is no reason to fail.
func status(ctx context.Context, engine pulumirpc.EngineClient, line string) {
	_, _ = engine.Log(ctx, &pulumirpc.LogRequest{
		Severity: pulumirpc.LogSeverity_INFO, Message: line, Ephemeral: true,
	})
}
