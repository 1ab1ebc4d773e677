package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/rehearsal"
	"github.com/iransre/exchange-platform/sandbox/restore"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// drillCommand begins a restore drill now.
func drillCommand() *cobra.Command {
	return &cobra.Command{
		Use: "drill [STACK]", Short: "Restore the database's newest backup now, as the schedule does, and print what it took", Args: cobra.MaximumNArgs(1),
		Long: `Restore the database's newest backup now, as the schedule does, and print what it took.

On light machines the operator of PostgreSQL and its servers are simulated: the drill begins, its Job ends, and nothing is restored,
which is then said. In a real cluster: kubectl -n restore-drill create job now --from=cronjob/restore-drill`,
		RunE: inWorkspace(func(ctx context.Context, w *workspace.Workspace, given []string, out io.Writer) error {
			return drill(ctx, w, stackOf(given, "prod"), out)
		}),
	}
}

func drill(ctx context.Context, w *workspace.Workspace, stack string, out io.Writer) error {
	environ, err := w.Environ(stack)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "a drill begins; it takes some minutes")
	results, err := restore.Drill(ctx, rehearsal.Cluster{Kubectl: w.Binary("kubectl"), Environ: environ}, 4*time.Hour)
	if err != nil {
		return err
	}
	if results == (restore.Results{}) {
		return errors.New("the drill's Job has ended, and nothing was restored: its pod, the operator and the servers are simulated, and no container ran")
	}
	fmt.Fprintln(out, results.Metrics+results.Problem)
	return nil
}
