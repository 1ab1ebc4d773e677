package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
			stack := "prod"
			if len(given) == 1 {
				stack = given[0]
			}
			return drill(ctx, w, stack, out)
		}),
	}
}

func drill(ctx context.Context, w *workspace.Workspace, stack string, out io.Writer) error {
	environ, err := w.Environ(stack)
	if err != nil {
		return err
	}
	kubectl := func(arguments ...string) (string, error) {
		cmd := exec.CommandContext(ctx, w.Binary("kubectl"), append([]string{"--namespace", "restore-drill"}, arguments...)...)
		cmd.Env, cmd.Stderr = environ, os.Stderr
		text, err := cmd.Output()
		return strings.TrimSpace(string(text)), err
	}
	job := "drill-" + time.Now().UTC().Format("20060102-150405")
	if _, err := kubectl("create", "job", job, "--from=cronjob/restore-drill"); err != nil {
		return fmt.Errorf("begin a drill: %w; has %s drills? postgres.drill.enabled, and ./scripts/sandbox up %s", err, stack, stack)
	}
	fmt.Fprintln(out, "the drill has begun:", job)
	if _, err := kubectl("wait", "--for=jsonpath={.status.conditions[*].type}", "--timeout=4h", "job/"+job); err != nil {
		return fmt.Errorf("wait for the drill: %w", err)
	}
	results, err := kubectl("get", "configmap", "restore-drill-results", "--ignore-not-found", "--output", "jsonpath={.data.metrics}{.data.problem}")
	if err != nil {
		return err
	}
	if results == "" {
		return errors.New("the drill's Job has ended, and nothing was restored: its pod, the operator and the servers are simulated, and no container ran")
	}
	fmt.Fprintln(out, results)
	return nil
}
