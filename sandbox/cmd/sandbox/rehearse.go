package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/failover"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// rehearseCommand does to a platform on real machines what may happen to it, and measures.
func rehearseCommand() *cobra.Command {
	command := &cobra.Command{Use: "rehearse", Short: "Rehearse a loss on real machines, and measure what it costs"}
	command.AddCommand(&cobra.Command{
		Use: "failover [STACK]", Short: "Lose the database's primary in several ways while somebody writes", Args: cobra.MaximumNArgs(1),
		Long: `Lose the database's primary while somebody writes through HAProxy: its process is killed, another server takes its place, its
machine is cut off. For each it prints for how many seconds nothing was written, and how many of the acknowledged writes are not
there afterwards; it fails if that is more than is promised. It takes some minutes, and needs a stack on real machines.`,
		RunE: inWorkspace(func(ctx context.Context, w *workspace.Workspace, given []string, out io.Writer) error {
			stack := "prod"
			if len(given) == 1 {
				stack = given[0]
			}
			environ, err := w.Environ(stack)
			if err != nil {
				return err
			}
			do := func(action world.Action) func(context.Context, string) error {
				return func(ctx context.Context, machine string) error {
					return explainNotRunning(world.Disturb(ctx, w, machine, action, hosts.Slowness{}))
				}
			}
			return failover.Rehearse(ctx, failover.Options{
				Kubectl: w.Binary("kubectl"), Environ: environ, Out: out, Cut: do(world.Cut), Restore: do(world.Restore),
			})
		}),
	})
	command.AddCommand(rehearseAlertsCommand())
	return command
}
