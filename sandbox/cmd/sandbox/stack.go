package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/hosts/debian"
	"github.com/iransre/exchange-platform/sandbox/hosts/real"
	"github.com/iransre/exchange-platform/sandbox/tools"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// pulumiCommand is a subcommand that runs `pulumi arguments…` on a stack in a running world. What a user adds behind the
// stack's name goes to pulumi.
func pulumiCommand(name, short string, arguments ...string) *cobra.Command {
	return &cobra.Command{
		Use:                name + " STACK [--machines light|real] [--images sandbox|upstream] [--charts upstream|DIR] [--kubespray DIR|ARCHIVE] [pulumi's options]",
		Short:              short,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) == 0 || strings.HasPrefix(given[0], "-") {
				return fmt.Errorf("which stack? for example: sandbox %s demo", name)
			}
			chosen, rest, err := takeOptions(given[1:])
			if err != nil {
				return err
			}
			return run(cmd.Context(), given[0], chosen, append(arguments, rest...), cmd.OutOrStdout())
		},
	}
}

// run prepares the world and the stack, runs pulumi on it, and leaves a kubeconfig where `sandbox env` points.
func run(ctx context.Context, stack string, chosen options, arguments []string, out io.Writer) error {
	start := time.Now()
	w, err := workspace.Open()
	if err != nil {
		return err
	}
	if err := w.CheckRoom(roomFor(arguments[0])); err != nil {
		return err
	}
	if err := prepareMachines(ctx, w, chosen.machines, out); err != nil {
		return err
	}
	if chosen.images != "" {
		if err := w.ChooseOrigin(chosen.images); err != nil {
			return fmt.Errorf("--images: %w", err)
		}
	}
	mirror, err := chartMirror(w, chosen.charts)
	if err != nil {
		return err
	}
	sources, err := installedFrom(w, mirror, chosen.kubespray)
	if err != nil {
		return err
	}
	if err := w.WriteStackFile(stack, sources); err != nil {
		return err
	}
	if given, _, err := takeOption("--config-file", arguments); err != nil {
		return err
	} else if given != "" {
		if err := w.KeepGiven(given); err != nil {
			return err
		}
	}
	if err := tools.Build(ctx, w, out); err != nil {
		return err
	}
	if err := makeImages(ctx, w, out); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if err := world.Ensure(ctx, w, program); err != nil {
		return err
	}
	status, err := world.Ask(ctx, w)
	if err != nil {
		return err
	}
	printParts(out, w, status)
	if w.Kind() == workspace.Real {
		printImages(out, w)
	}
	if err := ensureStack(ctx, w, stack); err != nil {
		return err
	}
	if err := setSecrets(ctx, w, stack); err != nil {
		return err
	}
	if arguments[0] != "preview" { // which takes no lock
		if err := w.CheckLock(stack); err != nil {
			return err
		}
	}
	up := arguments[0] == "up"
	failure := pulumi(ctx, w, stack, out, arguments...)
	if up {
		if err := writeKubeconfig(ctx, w, stack); err != nil {
			return errors.Join(failure, err)
		}
	}
	if failure != nil {
		return explain(w, stack, failure)
	}
	if up {
		if err := clearPending(ctx, w, stack, arguments); err != nil {
			return err
		}
		// a line each, where `up` itself would take three pages
		if err := pulumi(ctx, w, stack, out, "stack", "output"); err != nil {
			return err
		}
		fmt.Fprintf(out, "Look around: eval \"$(./scripts/sandbox env %s)\" and then kubectl get nodes,pods -A\n", stack)
	}
	fmt.Fprintf(out, "%s of %s in the sandbox took %s\n", arguments[0], stack, time.Since(start).Round(100*time.Millisecond))
	return nil
}

// clearPending takes away the notes of interrupted operations, once an update of the whole stack has dealt with what they are about.
// An import of what was exported does nothing else.
func clearPending(ctx context.Context, w *workspace.Workspace, stack string, arguments []string) error {
	pending, err := w.Pending(stack)
	if err != nil || pending == 0 || partly(arguments) {
		return err
	}
	exported, err := pulumiProcess(ctx, w, stack, "stack", "export")
	if err != nil {
		return err
	}
	exported.Stderr = os.Stderr
	state, err := exported.Output()
	if err != nil {
		return fmt.Errorf("export the state of %s: %w", stack, err)
	}
	imported, err := pulumiProcess(ctx, w, stack, "stack", "import")
	if err != nil {
		return err
	}
	imported.Stdin = bytes.NewReader(state)
	if output, err := imported.CombinedOutput(); err != nil {
		return fmt.Errorf("import the state of %s: %w\n%s", stack, err, output)
	}
	fmt.Fprintf(os.Stderr, "took away %d notes of interrupted operations: this update has dealt with them\n", pending)
	return nil
}

// partly says whether pulumi's options leave out resources.
func partly(arguments []string) bool {
	return slices.ContainsFunc(arguments, func(argument string) bool {
		return strings.HasPrefix(argument, "--target") || strings.HasPrefix(argument, "--exclude") || argument == "-t"
	})
}

// prepareMachines makes what machines of the sandbox's kind need, which is another one from now on if one is given.
func prepareMachines(ctx context.Context, w *workspace.Workspace, kind workspace.Kind, out io.Writer) error {
	kind = cmp.Or(kind, w.Kind())
	if kind == workspace.Real {
		if status, err := world.Ask(ctx, w); errors.Is(err, world.ErrNotRunning) || err == nil && len(status.Machines) == 0 {
			if err := real.Check(w.Dir); err != nil {
				return err
			}
		}
		if _, err := debian.Ensure(ctx, w.Systems(), out); err != nil {
			return err
		}
	}
	return w.ChooseKind(kind)
}

// pulumi runs the CLI in the checkout with the sandbox's environment.
func pulumi(ctx context.Context, w *workspace.Workspace, stack string, out io.Writer, arguments ...string) error {
	cmd, err := pulumiProcess(ctx, w, stack, arguments...)
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, out, os.Stderr
	err = cmd.Run()
	if exit := (&exec.ExitError{}); errors.As(err, &exit) {
		return errSaid
	}
	return err
}

func pulumiProcess(ctx context.Context, w *workspace.Workspace, stack string, arguments ...string) (*exec.Cmd, error) {
	environ, err := w.Environ(stack)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, w.Binary("pulumi"), arguments...)
	cmd.Dir, cmd.Env = w.Root, environ
	// a stop of ours is an interrupt for pulumi: it then writes down what it made before it ends
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd, nil
}

// ensureStack makes the stack in the sandbox's state the first time. It does so in a folder of the sandbox, because
// `stack init` writes the salt of the stack's secrets into the stack file beside Pulumi.yaml, and the checkout's is not ours.
func ensureStack(ctx context.Context, w *workspace.Workspace, stack string) error {
	if err := os.MkdirAll(w.Path("state"), 0o755); err != nil {
		return err
	}
	mended, err := w.MendCheckpoint(stack)
	if err != nil {
		return err
	}
	if mended != "" {
		fmt.Fprintln(os.Stderr, mended)
	}
	if err := w.KeepCheckpoint(stack); err != nil {
		return err
	}
	if _, err := os.Stat(w.Checkpoint(stack)); err == nil {
		return nil
	}
	project, err := os.ReadFile(filepath.Join(w.Root, "Pulumi.yaml"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(w.Path("project", "Pulumi.yaml"), project, 0o644); err != nil {
		return err
	}
	cmd, err := pulumiProcess(ctx, w, stack, "stack", "init", stack, "--non-interactive")
	if err != nil {
		return err
	}
	cmd.Dir = w.Path("project")
	cmd.Env = append(cmd.Env, "PULUMI_STACK=")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the stack %s: %w\n%s", stack, err, output)
	}
	return nil
}

// setSecrets gives pulumi the secrets of a stack's configuration the first time, as a user would: by standard input, so that
// they stand encrypted in the stack file and in no command line.
func setSecrets(ctx context.Context, w *workspace.Workspace, stack string) error {
	missing, err := w.MissingSecrets(stack)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		value, err := w.Secret(missing[key])
		if err != nil {
			return err
		}
		cmd, err := pulumiProcess(ctx, w, stack, "config", "set", "--secret", "--path", key, "--non-interactive")
		if err != nil {
			return err
		}
		cmd.Stdin = strings.NewReader(value)
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("set the secret %s of %s: %w\n%s", key, stack, err, output)
		}
	}
	return nil
}

// roomFor is how many MiB a command needs: machines that come up write to disks in the sandbox's folder, and refuse to work
// with less than 256; whatever else is done, the state is written anew beside its copy.
func roomFor(command string) uint64 {
	if command == "up" {
		return 512
	}
	return 64
}

// explain adds to a failure of pulumi's what the sandbox knows of its cause.
func explain(w *workspace.Workspace, stack string, failure error) error {
	for _, cause := range []error{w.CheckRoom(roomFor("up")), w.CheckLock(stack)} {
		if cause != nil {
			return cause
		}
	}
	return failure
}

// writeKubeconfig leaves the kubeconfig of the cluster that is there now, or none. The stack of an `up` that failed may have
// none, or the last cluster's.
func writeKubeconfig(ctx context.Context, w *workspace.Workspace, stack string) error {
	cmd, err := pulumiProcess(ctx, w, stack, "stack", "output", "kubeconfig", "--show-secrets")
	if err != nil {
		return err
	}
	kubeconfig, err := cmd.Output()
	if err != nil {
		_, err = w.CheckKubeconfig()
		return err
	}
	_, err = w.KeepKubeconfig(kubeconfig)
	return err
}
