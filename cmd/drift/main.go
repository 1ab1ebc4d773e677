// Command drift compares an environment with what its program wants: ./scripts/drift --help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/command"
	"github.com/iransre/exchange-platform/internal/drift"
	"github.com/iransre/exchange-platform/internal/kube"
	"github.com/iransre/exchange-platform/internal/review"
)

const usage = `usage: ./scripts/drift [options] STACK

Compares what the program wants with what there is, field by field: the objects of the cluster, the inside of Helm releases, and the account.
It says who changed something and when, with the command that undoes it, as markdown. It changes nothing, unless it is told to --undo.

`

// How it ends.
const (
	failed = 1 // not everything could be compared, or nothing at all
	found  = 4
)

func main() { command.Main(run) }

// options are what is asked for.
type options struct {
	root, stack, out, metrics, undo string
	record                          bool
}

func parse(arguments []string, help io.Writer) (*options, error) {
	var asked options
	set := flag.NewFlagSet("drift", flag.ContinueOnError)
	set.SetOutput(help)
	set.StringVar(&asked.root, "root", ".", "the `folder` of the checkout; the script gives its own")
	set.StringVar(&asked.out, "out", "", "write the report to this `file`, not to standard output")
	set.StringVar(&asked.metrics, "metrics", "", "write how much was found to this `file`, as Prometheus reads it")
	set.BoolVar(&asked.record, "record", false, "note in the cluster when it was compared and how that ended: the alerts DriftFound and "+
		"DriftIsNotLookedFor watch that")
	set.StringVar(&asked.undo, "undo", "", "make this `object` of the cluster as the program wants it: apps/v1/Deployment/web/shop")
	set.Usage = func() {
		fmt.Fprint(help, usage)
		set.PrintDefaults()
		fmt.Fprintf(help, "\nexit codes: 0 (nothing is otherwise), %d (something is), %d (something could not be compared, so nobody knows)\n", found, failed)
	}
	if err := set.Parse(arguments); err != nil {
		return nil, err
	}
	if set.NArg() != 1 {
		return nil, errors.New("which stack? for example: ./scripts/drift prod; options stand before it")
	}
	asked.stack = set.Arg(0)
	return &asked, nil
}

// run returns the exit code; with an error it is not 0.
func run(ctx context.Context, arguments []string, out, help io.Writer) (int, error) {
	asked, err := parse(arguments, help)
	if errors.Is(err, flag.ErrHelp) {
		return 0, err
	}
	if err != nil {
		return failed, err
	}
	cluster, err := asked.cluster(ctx)
	if err != nil {
		return failed, err
	}
	if asked.undo != "" {
		return asked.undone(ctx, cluster, out)
	}
	report := &drift.Report{Stack: asked.stack, Made: time.Now()}
	if err := cluster.Compare(ctx, report); err != nil {
		return failed, err
	}
	if err := asked.account(ctx, report); err != nil {
		report.Unasked = append(report.Unasked, "the account: "+err.Error())
	}
	if err := asked.write(ctx, cluster, report, out); err != nil {
		return failed, err
	}
	switch {
	case len(report.Unasked) > 0:
		return failed, nil
	case len(report.Findings) > 0:
		return found, nil
	}
	return 0, nil
}

func (o *options) write(ctx context.Context, cluster *drift.Cluster, report *drift.Report, out io.Writer) error {
	var problems []error
	if o.out != "" {
		problems = append(problems, os.WriteFile(o.out, []byte(report.Markdown()), 0o644))
	} else {
		_, err := io.WriteString(out, report.Markdown())
		problems = append(problems, err)
	}
	if o.metrics != "" {
		problems = append(problems, os.WriteFile(o.metrics, []byte(report.Metrics()), 0o644))
	}
	if o.record {
		if err := cluster.Record(ctx, report); err != nil {
			problems = append(problems, fmt.Errorf("note in the cluster how it ended: %w", err))
		}
	}
	return errors.Join(problems...)
}

func (o *options) undone(ctx context.Context, cluster *drift.Cluster, out io.Writer) (int, error) {
	undone, err := cluster.Undo(ctx, o.undo)
	if err != nil {
		return failed, err
	}
	if len(undone) == 0 {
		fmt.Fprintf(out, "%s is as the program wants it\n", o.undo)
	}
	for _, each := range undone {
		fmt.Fprintf(out, "undone: %s\n", strings.TrimSuffix(each.Object+" "+each.Field, " "))
	}
	return 0, nil
}

// cluster is the stack's cluster with what the state says of it. The state's secrets are in memory, and nowhere else.
func (o *options) cluster(ctx context.Context) (*drift.Cluster, error) {
	text, err := command.Pulumi(ctx, o.root, nil, "stack", "export", "--show-secrets", "--stack", o.stack)
	if err != nil {
		return nil, err
	}
	state, err := drift.ReadState(text)
	if err != nil {
		return nil, fmt.Errorf("stack %s: %w", o.stack, err)
	}
	client, err := kube.New(state.Kubeconfig)
	if err != nil {
		return nil, err
	}
	return &drift.Cluster{Client: client, State: state, Stack: o.stack}, nil
}

// account compares the account with the state. It takes no lock and writes nothing.
func (o *options) account(ctx context.Context, report *drift.Report) error {
	events, err := os.CreateTemp("", "drift-*.json")
	if err != nil {
		return err
	}
	defer os.Remove(events.Name())
	defer events.Close()
	logged, environ := review.EventLog(events.Name())
	_, failure := command.Pulumi(ctx, o.root, environ, append([]string{"refresh", "--preview-only", "--non-interactive", "--stack", o.stack}, logged...)...)
	if err := report.Account(events); err != nil || failure != nil {
		return errors.Join(failure, err)
	}
	return nil
}
