package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// faultCommand switches the emulator's faults: what a cloud does on its bad days.
func faultCommand() *cobra.Command {
	command := &cobra.Command{Use: "fault", Short: "Make the ArvanCloud emulator misbehave: list, add, random, clear"}
	command.AddCommand(
		&cobra.Command{
			Use: "list", Short: "The faults that are on", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return faults(cmd.Context(), cmd.OutOrStdout(), http.MethodGet, "", nil)
			},
		},
		addFaultCommand(),
		randomFaultsCommand(),
		&cobra.Command{
			Use: "clear [ID]", Short: "Switch one fault off, or all", Args: cobra.MaximumNArgs(1),
			RunE: func(cmd *cobra.Command, ids []string) error {
				return faults(cmd.Context(), cmd.OutOrStdout(), http.MethodDelete, strings.Join(append([]string{""}, ids...), "/"), nil)
			},
		},
	)
	return command
}

func addFaultCommand() *cobra.Command {
	var fault emulator.Fault
	var delay time.Duration
	command := &cobra.Command{
		Use:   "add KIND",
		Short: "Switch a fault on",
		Long: `Switch a fault on. Kinds: latency, refuse, refuse-applied, reset, reset-applied, build-error, slow-build, late-address, stale-list.

For example, one creation of a server is done and then answered with 502:
  sandbox fault add refuse-applied --method POST --path /servers --status 502 --times 1`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, kind []string) error {
			fault.Kind = emulator.FaultKind(kind[0])
			fault.Delay = emulator.Duration(delay)
			return faults(cmd.Context(), cmd.OutOrStdout(), http.MethodPost, "", fault)
		},
	}
	flags := command.Flags()
	flags.StringVar(&fault.Method, "method", "", "only calls of this HTTP method")
	flags.StringVar(&fault.Path, "path", "", "only calls of this path behind the zone, for example /servers or /servers/*")
	flags.IntVar(&fault.Skip, "skip", 0, "let so many matching calls through first")
	flags.IntVar(&fault.Times, "times", 0, "end after so many hits; 0 is never")
	flags.Float64Var(&fault.Chance, "chance", 0, "the probability of a hit; 0 hits every call")
	flags.Uint64Var(&fault.Seed, "seed", 0, "what chance is drawn from")
	flags.IntVar(&fault.Status, "status", 0, "the HTTP status of a refusal")
	flags.StringVar(&fault.RetryAfter, "retry-after", "", "the header Retry-After of a refusal")
	flags.DurationVar(&delay, "delay", 0, "how long a latency or a slow state takes")
	flags.IntVar(&fault.Reads, "reads", 0, "for how many reads a state or an old list lasts")
	return command
}

func randomFaultsCommand() *cobra.Command {
	var plan struct {
		Seed  uint64 `json:"seed"`
		Count int    `json:"count"`
	}
	command := &cobra.Command{
		Use: "random", Short: "Switch on a plan of faults that depends on the seed alone", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return faults(cmd.Context(), cmd.OutOrStdout(), http.MethodPost, "/random", plan)
		},
	}
	command.Flags().Uint64Var(&plan.Seed, "seed", 1, "the same seed gives the same plan")
	command.Flags().IntVar(&plan.Count, "count", 5, "how many faults")
	return command
}

// faults makes one call to the emulator's faults and prints those that are on afterwards.
func faults(ctx context.Context, out io.Writer, method, path string, body any) error {
	w, err := workspace.Open()
	if err != nil {
		return err
	}
	url := w.APIURL() + "/_emulator/faults"
	if method != http.MethodGet {
		if _, err := callEmulator(ctx, method, url+path, body); err != nil {
			return err
		}
	}
	answer, err := callEmulator(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	var list []emulator.Fault
	if err := json.Unmarshal(answer, &list); err != nil {
		return fmt.Errorf("the emulator's answer: %w", err)
	}
	if len(list) == 0 {
		fmt.Fprintln(out, "no fault is on")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tKIND\tMETHOD\tPATH\tSTATUS\tTIMES")
	for _, fault := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\n", fault.ID, fault.Kind, fault.Method, fault.Path, fault.Status, fault.Times)
	}
	return table.Flush()
}

func callEmulator(ctx context.Context, method, url string, body any) ([]byte, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, errors.New("the sandbox is not running; start it with: ./scripts/sandbox up demo")
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 400 {
		return nil, fmt.Errorf("the emulator refuses: %s", bytes.TrimSpace(answer))
	}
	return answer, nil
}
