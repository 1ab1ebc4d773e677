// Command sandbox runs the platform's program without a cloud: see the README beside the folder `sandbox`.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// errSaid is the failure of a program that has told the user itself.
var errSaid = errors.New("the program has said what is wrong")

func main() {
	// The first interrupt is left to pulumi, which then stops cleanly; we only must not die before it.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)

	root := &cobra.Command{
		Use:           "sandbox",
		Short:         "The exchange platform without a cloud",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		pulumiCommand("up", "Bring a stack up: the real program, the real Pulumi, a world on this machine", "up", "--yes", "--skip-preview"),
		pulumiCommand("preview", "Show what `up` would change", "preview"),
		pulumiCommand("refresh", "Compare the stack's state with the world", "refresh", "--yes", "--skip-preview"),
		pulumiCommand("destroy", "Delete everything a stack made", "destroy", "--yes", "--skip-preview"),
		statusCommand(), envCommand(), openCommand(), logsCommand(), faultCommand(), hostCommand(), etcdCommand(), drillCommand(), rehearseCommand(), alertCommand(), soakCommand(), downCommand(), buildCommand(), serveCommand(),
	)
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, errSaid) {
			fmt.Fprintln(os.Stderr, "error:", err)
		}
		os.Exit(1)
	}
}
