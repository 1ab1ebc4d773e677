package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/failover"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/rehearsal"
	"github.com/iransre/exchange-platform/sandbox/restore"
	"github.com/iransre/exchange-platform/sandbox/transcript"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// rehearseCommand does to a platform on real machines what may happen to it, and measures.
func rehearseCommand() *cobra.Command {
	command := &cobra.Command{Use: "rehearse", Short: "Rehearse a loss or a delivery on real machines, and measure what it costs"}
	command.AddCommand(failoverCommand(), restoreCommand(), failoverAddressCommand(), rehearseAlertsCommand(), rehearseDeliveryCommand())
	return command
}

func failoverCommand() *cobra.Command {
	return &cobra.Command{
		Use: "failover [STACK]", Short: "Lose the database's primary in several ways while somebody writes", Args: cobra.MaximumNArgs(1),
		Long: `Lose the database's primary while somebody writes through HAProxy, and beside it directly: its process is killed, another server takes its
place, its machine is cut off, another machine takes the place of its own by an update. For each it prints for how many seconds nothing was written by
either way, and how many of the acknowledged writes are not there afterwards; it fails if that is more than is promised. It takes a quarter of an
hour, and needs a stack on real machines with production's database: sandbox/stacks has one.`,
		RunE: onStack("database", func(ctx context.Context, _ *workspace.Workspace, options failover.Options) error {
			return failover.Rehearse(ctx, options)
		}),
	}
}

func restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore [STACK]", Short: "Drill the restore of the database, also with a backup that is damaged, incomplete or old", Args: cobra.MaximumNArgs(1),
		Long: `Drill the restore of the database's newest backup as it is, then without half of it, without a piece of the log that it needs, and
without the last quarter of an hour of the log. Each drill but the first has to fail for that reason; what is taken away is put back, whatever happens. It
takes half an hour, and needs a stack on real machines with production's database: sandbox/stacks has one.`,
		RunE: onStack("database", func(ctx context.Context, w *workspace.Workspace, options failover.Options) error {
			return restore.Rehearse(ctx, restore.Options{
				Cluster: options.Cluster, Out: options.Out,
				Archive: w.Path("storage", workspace.DatabaseBackupBucket, "postgres", options.Stack, "postgres"),
			})
		}),
	}
}

func failoverAddressCommand() *cobra.Command {
	return &cobra.Command{
		Use: "failover-address [STACK]", Short: "Lose the worker that answers for the virtual address in several ways while somebody asks", Args: cobra.MaximumNArgs(1),
		Long: `Lose the worker that answers for the virtual address (edge.mode vip) while somebody on the private network asks ten times a second:
its ingress controller's pod is deleted, it is cut off, its power is gone. For each it prints for how many seconds nobody answered until
another worker did, and again when the worker was back, and how many requests failed; it fails if that is longer than is promised. Each
is mended at its end. It takes some minutes, and needs a stack on real machines with two workers or more: sandbox/stacks has one.`,
		RunE: onStack("vip", func(ctx context.Context, w *workspace.Workspace, options failover.Options) error {
			return failover.RehearseAddress(ctx, failover.AddressOptions{
				Options: options, Kill: disturbance(w, world.Kill), Start: disturbance(w, world.Start),
				Ask: func(ctx context.Context, place netip.AddrPort) error { return world.AskPrivately(ctx, w, place) },
			})
		}),
	}
}

// stackOf is the one that a user names, or the usual one.
func stackOf(given []string, usual string) string {
	if len(given) == 1 {
		return given[0]
	}
	return usual
}

// onStack runs a rehearsal on a stack, one of them by itself.
func onStack(byItself string, rehearse func(context.Context, *workspace.Workspace, failover.Options) error) func(*cobra.Command, []string) error {
	return inWorkspace(func(ctx context.Context, w *workspace.Workspace, given []string, out io.Writer) error {
		stack := stackOf(given, byItself)
		environ, err := w.Environ(stack)
		if err != nil {
			return err
		}
		return rehearse(ctx, w, failover.Options{
			Stack: stack, Cluster: rehearsal.Cluster{Kubectl: w.Binary("kubectl"), Environ: environ}, Out: out,
			Cut: disturbance(w, world.Cut), Restore: disturbance(w, world.Restore),
			Replace: func(ctx context.Context, machine string) error { return replace(ctx, w, stack, machine) },
		})
	})
}

// replace updates a stack so that another machine takes the place of one. What pulumi says is told if it fails.
func replace(ctx context.Context, w *workspace.Workspace, stack, machine string) error {
	var said transcript.Transcript
	server := "urn:pulumi:" + stack + "::exchange-platform::exchange:arvan:Machines$arvancloud:iaas:Server::" + machine
	cmd, err := pulumiProcess(ctx, w, stack, "up", "--yes", "--skip-preview", "--non-interactive", "--replace", server)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("replace %s: %w\n%s", machine, err, said.String())
	}
	return nil
}

// disturbance does something to a machine.
func disturbance(w *workspace.Workspace, action world.Action) func(ctx context.Context, machine string) error {
	return func(ctx context.Context, machine string) error {
		return explainNotRunning(world.Disturb(ctx, w, machine, action, hosts.Slowness{}))
	}
}
