package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/real"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// measureReal measures stacks on real machines, each in a sandbox of its own, where machines can run.
func measureReal(ctx context.Context) error {
	for _, each := range []struct{ stack, time, memory string }{
		{"demo", "≤ 150 s", "≤ 6144 MiB"}, {"prod", "-", "≤ 16384 MiB"},
	} {
		if err := measureRealStack(ctx, each.stack, each.time, each.memory); err != nil {
			return err
		}
	}
	return nil
}

func measureRealStack(ctx context.Context, stack, timeBar, memoryBar string) (err error) {
	if err := os.Setenv("SANDBOX_NAME", name+"-real-"+stack); err != nil {
		return err
	}
	w, err := workspace.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.Stop(context.WithoutCancel(ctx), w), os.RemoveAll(w.Dir)) }()
	if missing := real.Check(w.Dir); missing != nil {
		fmt.Printf("`up %s --machines real` is not measured: %v\n", stack, missing)
		return nil
	}
	fmt.Printf("measuring `up %s --machines real` in a new sandbox, when all is made that machines run …\n", stack)
	run := func(arguments ...string) error {
		cmd := exec.CommandContext(ctx, w.Binary("sandbox"), arguments...)
		cmd.Dir = w.Root
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("sandbox %v: %w\n%s", arguments, err, output)
		}
		return nil
	}
	if err := run("preview", stack, "--machines", "real"); err != nil {
		return err
	}
	begin := time.Now()
	if err := run("up", stack); err != nil {
		return err
	}
	wall := time.Since(begin)
	status, err := world.Ask(ctx, w)
	if err != nil {
		return err
	}
	if status.Pods == nil {
		return errors.New("the machines' cluster does not answer")
	}
	report(fmt.Sprintf("warm `sandbox up %s --machines real`", stack), seconds(wall), timeBar)
	report(fmt.Sprintf("memory of all its processes, %d real pods", status.Pods.Real), mib(status.MemoryMiB), memoryBar)
	report("what its machines hold, caches in use too", mib(status.MachinesMiB()), memoryBar)
	return nil
}
