package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// compiled is the cost of compiling the program, with nothing in the build cache.
type compiled struct {
	// baseCPU is the CPU seconds of a program that imports only the Pulumi SDK, programCPU what ours takes on top of it.
	baseCPU, programCPU float64
	// peakMiB is the memory of all compilers at work at once, while the program is built.
	peakMiB int
}

// bareProgram imports the Pulumi SDK and nothing else.
const bareProgram = `package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

func main() { pulumi.Run(func(*pulumi.Context) error { return nil }) }
`

// compile builds first a program that only imports the SDK and then ours, into one new cache.
func compile(ctx context.Context, w *workspace.Workspace) (*compiled, error) {
	cache, err := os.MkdirTemp("", "exchange-platform-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(cache)
	bare := filepath.Join(cache, "bare.go")
	if err := os.WriteFile(bare, []byte(bareProgram), 0o600); err != nil {
		return nil, err
	}
	base, _, err := build(ctx, w, cache, bare)
	if err != nil {
		return nil, err
	}
	// the go command itself, and the link, which is not kept: a program of the SDK alone has them, too
	again, _, err := build(ctx, w, cache, bare)
	if err != nil {
		return nil, err
	}
	program, peak, err := build(ctx, w, cache, ".")
	if err != nil {
		return nil, err
	}
	return &compiled{baseCPU: base, programCPU: program - again, peakMiB: peak}, nil
}

// build compiles a package as Pulumi does and returns the CPU seconds and the peak memory of the go command and all
// compilers it ran.
func build(ctx context.Context, w *workspace.Workspace, cache, pkg string) (cpu float64, peakMiB int, err error) {
	program := filepath.Join(cache, "program")
	defer os.Remove(program) // one that is there would not be linked again
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-w -s", "-o", program, pkg)
	cmd.Dir = w.Root
	cmd.Env = append(os.Environ(), "GOCACHE="+cache, "GOFLAGS=")
	peak := func() int { return 0 }
	if err := start(cmd, &peak); err != nil {
		return 0, 0, err
	}
	err = cmd.Wait()
	peakMiB = peak()
	if err != nil {
		return 0, 0, fmt.Errorf("build %s: %w", pkg, err)
	}
	state := cmd.ProcessState
	return (state.UserTime() + state.SystemTime()).Seconds(), peakMiB, nil
}

// start starts cmd and sets peak to what stops watching the memory of it and its descendants, and returns the most it saw.
func start(cmd *exec.Cmd, peak *func() int) error {
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	*peak = world.WatchMemory(cmd.Process.Pid)
	return nil
}
