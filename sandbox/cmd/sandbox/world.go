package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/tools"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

func statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "What runs, where, and which parts are stand-ins", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := workspace.Open()
			if err != nil {
				return err
			}
			status, err := world.Ask(cmd.Context(), w)
			if errors.Is(err, world.ErrNotRunning) {
				return fmt.Errorf("%w; start it with: ./scripts/sandbox up demo", err)
			}
			if err != nil {
				return err
			}
			printParts(cmd.OutOrStdout(), w, status)
			if len(status.Machines) > 0 {
				fmt.Fprintln(cmd.OutOrStdout())
				printMachines(cmd.OutOrStdout(), status.Machines)
				fmt.Fprintln(cmd.OutOrStdout())
			}
			printPods(cmd.OutOrStdout(), status.Pods)
			fmt.Fprintf(cmd.OutOrStdout(), "memory: %d MiB in all its processes, %d MiB free on this machine\n", status.MemoryMiB, status.FreeMiB)
			if machines := status.MachinesMiB(); machines > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "machines: %d MiB, with what they cache and use\n", machines)
			}
			return nil
		},
	}
}

// printParts says what is real and what is not, before anything is made.
func printParts(out io.Writer, w *workspace.Workspace, status *world.Status) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PART\tIN THE SANDBOX\tADDRESS\tSTATE")
	for _, part := range status.Parts {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", part.Name, part.Kind, part.Address, part.State)
	}
	for _, tool := range tools.All(w) {
		if !strings.HasPrefix(tool.Name, "pulumi") {
			continue
		}
		kind := tool.Purpose
		if path, linked := tool.Official(); linked {
			kind = "the installed one: " + path
		}
		fmt.Fprintf(table, "%s\t%s\t\tready\n", tool.Name, kind)
	}
	table.Flush()
}

// printPods says how many of a real cluster's pods are real, and which of these are not ready.
func printPods(out io.Writer, pods *world.Pods) {
	if pods == nil {
		return
	}
	fmt.Fprintf(out, "pods: %d real, %d simulated (on the node %s)\n", pods.Real, pods.Simulated, controlplane.SimulatedNode)
	if len(pods.NotReady) > 0 {
		fmt.Fprintf(out, "real pods that are not ready: %s\n", strings.Join(pods.NotReady, " "))
	}
}

func envCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "env [STACK]",
		Short: "Shell lines that let plain pulumi, kubectl and curl work against the sandbox: eval \"$(./scripts/sandbox env)\"",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, given []string) error {
			w, err := workspace.Open()
			if err != nil {
				return err
			}
			stack := "demo"
			if len(given) == 1 {
				stack = given[0]
			}
			variables, err := w.Environment(stack)
			if err != nil {
				return err
			}
			kept, err := w.CheckKubeconfig()
			if err != nil {
				return err
			}
			if !kept {
				fmt.Fprintln(cmd.ErrOrStderr(), "there is no kubeconfig: since the cluster that is there was made, no up of its stack has ended well")
			}
			for _, name := range slices.Sorted(maps.Keys(variables)) {
				fmt.Fprintf(cmd.OutOrStdout(), "export %s='%s'\n", name, variables[name])
			}
			return nil
		},
	}
}

func logsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logs [PART]", Short: "List the logs, or print one", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, given []string) error {
			w, err := workspace.Open()
			if err != nil {
				return err
			}
			names, err := logFiles(w)
			if err != nil {
				return err
			}
			if len(given) == 0 {
				for _, name := range slices.Sorted(maps.Keys(names)) {
					fmt.Fprintf(cmd.OutOrStdout(), "%-28s %s\n", name, names[name])
				}
				return nil
			}
			file, known := names[given[0]]
			if !known {
				return fmt.Errorf("no log %q; there are: %s", given[0], strings.Join(slices.Sorted(maps.Keys(names)), ", "))
			}
			log, err := os.Open(file)
			if err != nil {
				return err
			}
			defer log.Close()
			_, err = io.Copy(cmd.OutOrStdout(), log)
			return err
		},
	}
}

// logFiles are the logs of the world and of the control plane's processes, by name.
func logFiles(w *workspace.Workspace) (map[string]string, error) {
	names := map[string]string{}
	for _, pattern := range []string{w.Path("logs", "*.log"), w.Path("kubernetes", "logs", "*.log")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			names[strings.TrimSuffix(filepath.Base(file), ".log")] = file
		}
	}
	return names, nil
}

func downCommand() *cobra.Command {
	return &cobra.Command{
		Use: "down", Short: "Stop every process of the sandbox; its state stays in .sandbox for the next up", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := workspace.Open()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), 30*time.Second)
			defer cancel()
			if err := world.Stop(ctx, w); err != nil {
				return err
			}
			world.EndLeftovers(w)
			fmt.Fprintln(cmd.OutOrStdout(), "the sandbox is down; `rm -rf .sandbox` would forget it altogether, built programs too")
			return nil
		},
	}
}

func buildCommand() *cobra.Command {
	return &cobra.Command{
		Use: "build", Short: "Build every program the sandbox runs", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := workspace.Open()
			if err != nil {
				return err
			}
			return tools.Build(cmd.Context(), w, cmd.OutOrStdout())
		},
	}
}

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run the world in the foreground (up does it in the background)", Args: cobra.NoArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := workspace.Open()
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			return world.Serve(ctx, w)
		},
	}
}
