package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/iransre/exchange-platform/sandbox/alerts"
	"github.com/iransre/exchange-platform/sandbox/messages"
	"github.com/iransre/exchange-platform/sandbox/rehearsal"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// rehearseAlertsCommand breaks what people are told of.
func rehearseAlertsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "alerts [STACK]", Short: "Break five things, and hold what people are told of each against what its rule promises", Args: cobra.MaximumNArgs(1),
		Long: `Break five things: the exchange crashes again and again, the database is killed, a worker dies, another one's disk is full, and the alert that always
fires is silenced, which the dead man's switch on the bastion has to notice. For each it prints after how many seconds the message of it was at what stands for Telegram and
for the SMS provider, how many its rule promises (until a sample is taken, the rule is looked at, has held for as long as it asks, and Alertmanager has waited for what
belongs together), and after how many more, once it was mended, people were told that it is over. It fails if one does not come, comes late, or says something else.

Before, it waits until no target of Prometheus is down and nothing is said. It takes some twenty minutes, and mends what it broke when it is interrupted, too. It needs a stack
on real machines that tells somebody, has a bastion, and two workers without the monitoring and the database: sandbox/stacks has one.`,
		Example: `  export SANDBOX_NAME=watched
  ./scripts/sandbox up watched --machines real
  ./scripts/sandbox rehearse alerts
  ./scripts/sandbox down`,
		RunE: inWorkspace(func(ctx context.Context, w *workspace.Workspace, given []string, out io.Writer) error {
			ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
			defer stop()
			return rehearseAlerts(ctx, w, stackOf(given, "watched"), out)
		}),
	}
}

func rehearseAlerts(ctx context.Context, w *workspace.Workspace, stack string, out io.Writer) error {
	if w.Kind() != workspace.Real {
		return fmt.Errorf("on light machines no container runs, and nothing is watched: ./scripts/sandbox up %s --machines real", stack)
	}
	environ, err := w.Environ(stack)
	if err != nil {
		return err
	}
	machines, err := world.Machines(ctx, w)
	if err != nil {
		return explainNotRunning(err)
	}
	addresses := map[string]string{}
	for _, machine := range machines {
		if machine.Running && len(machine.PrivateAddresses) > 0 {
			addresses[machine.Hostname] = machine.PrivateAddresses[0]
		}
	}
	deadMans, err := os.ReadFile(w.Root + "/components/alerting/switch.py")
	if err != nil {
		return err
	}
	return alerts.Rehearse(ctx, alerts.Options{
		Cluster: rehearsal.Cluster{Kubectl: w.Binary("kubectl"), Environ: environ}, Kubeconfig: w.Kubeconfig(), Machines: addresses, Switch: string(deadMans), Known: trueOfThisMachine(), Out: out,
		Kill: disturbance(w, world.Kill), Start: disturbance(w, world.Start), Fill: disturbance(w, world.Fill), Free: disturbance(w, world.Free),
		Messages: func(ctx context.Context) ([]messages.Arrived, error) { return world.Messages(ctx, w) },
	})
}

// trueOfThisMachine are alerts that machines give which have this one's kernel, whatever runs on them.
func trueOfThisMachine() map[string]string {
	state, err := unix.Adjtimex(&unix.Timex{})
	if err == nil && state == unix.TIME_ERROR {
		return map[string]string{"NodesClockIsWrong": "the machines have this machine's clock, which follows no other one"}
	}
	return nil
}
