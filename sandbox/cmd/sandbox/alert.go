package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/messages"
	"github.com/iransre/exchange-platform/sandbox/tools"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// alertCommand shows what people are told.
func alertCommand() *cobra.Command {
	severity := ""
	command := &cobra.Command{
		Use: "alert [STACK]", Short: "Fire a test alert, and show what arrives at Telegram's and the SMS provider's stand-ins", Args: cobra.MaximumNArgs(1),
		Long: `Fire a test alert through the whole way, have it end, and show what arrives of both at stand-ins of Telegram's API and of the SMS provider's.

The cluster's own Alertmanager is not asked: on light machines no container runs. The same program, of the same version, runs here for as long as
this takes, with what the stack has put into the cluster for it, and so does the stack's adapter for SMS. What differs is the addresses of both
and of the stand-ins, that no proxy is used, and that an end is said at once.`,
		Example: `  ./scripts/sandbox alert prod
  ./scripts/sandbox alert prod --severity ticket`,
		RunE: inWorkspace(func(ctx context.Context, w *workspace.Workspace, given []string, out io.Writer) error {
			stack := "prod"
			if len(given) == 1 {
				stack = given[0]
			}
			return fireAlert(ctx, w, stack, severity, out)
		}),
	}
	command.Flags().StringVar(&severity, "severity", "page", "page, ticket or info: who hears of it")
	return command
}

func fireAlert(ctx context.Context, w *workspace.Workspace, stack, severity string, out io.Writer) error {
	if _, err := world.Ask(ctx, w); errors.Is(err, world.ErrNotRunning) {
		return fmt.Errorf("%w; start it with: ./scripts/sandbox up %s", err, stack)
	} else if err != nil {
		return err
	}
	found, err := wayOfMessages(ctx, w, stack)
	if err != nil {
		return err
	}
	if err := tools.BuildForImages(ctx, w, out, "alertmanager"); err != nil {
		return err
	}
	log, err := os.Create(w.Path("logs", "alert.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	fmt.Fprintf(out, "Alertmanager's pods do not run here: the real Alertmanager and the adapter run beside the cluster, with what %s has given to them there.\n", stack)
	fmt.Fprintf(out, "A test alert of the severity %s is fired; what belongs together is waited for first, as routing says.\n\n", severity)
	start := time.Now()
	rehearsal := &messages.Rehearsal{Alertmanager: tools.ImageProgram(w, "alertmanager"), Patience: time.Minute, Log: log}
	err = rehearsal.Fire(ctx, *found, messages.TestAlert(severity), func(message messages.Arrived) {
		to := ""
		if message.To != "" {
			to = " to " + message.To
		}
		fmt.Fprintf(out, "after %2.0f s, by %s%s:\n  %s\n\n", time.Since(start).Seconds(), message.Way, to, strings.ReplaceAll(message.Text, "\n", "\n  "))
	})
	if err != nil {
		return fmt.Errorf("%w\nthe log of Alertmanager and the adapter: %s", err, log.Name())
	}
	return nil
}

// wayOfMessages reads what the stack has put into its cluster for Alertmanager and the adapter.
func wayOfMessages(ctx context.Context, w *workspace.Workspace, stack string) (*messages.Stack, error) {
	routing, err := clusterData(ctx, w, stack, "monitoring", "secret", "alertmanager-routing")
	if err != nil {
		return nil, err
	}
	if routing == nil {
		return nil, fmt.Errorf("%s tells nobody of alerts: say whom in %s (docs/alerting.md), then ./scripts/sandbox up %s. Here prod has somebody by itself",
			stack, filepath.Base(w.StackFile(stack)), stack)
	}
	secret, err := clusterData(ctx, w, stack, "alerting", "secret", "alert-sms")
	if err != nil || secret == nil {
		return &messages.Stack{Routing: routing}, err
	}
	program, err := clusterData(ctx, w, stack, "alerting", "configmap", "alert-sms")
	if err != nil {
		return nil, err
	}
	if program["sms.py"] == nil {
		return nil, fmt.Errorf("the adapter for SMS has no program in the cluster: ./scripts/sandbox up %s", stack)
	}
	return &messages.Stack{Routing: routing, Adapter: program["sms.py"], Settings: secret["settings.json"], Key: secret["key"]}, nil
}

// clusterData is the data of a Secret or a ConfigMap; nil if there is none of the name.
func clusterData(ctx context.Context, w *workspace.Workspace, stack, namespace, kind, name string) (map[string][]byte, error) {
	environ, err := w.Environ(stack)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, w.Binary("kubectl"), "--request-timeout=10s", "get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output", "json")
	cmd.Env = environ
	var said strings.Builder
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the %s %s/%s: %w: %s", kind, namespace, name, err, said.String())
	}
	if len(text) == 0 {
		return nil, nil
	}
	return dataOf(text, kind == "secret")
}

// dataOf reads an object's data, which is coded in a Secret and is not in a ConfigMap.
func dataOf(text []byte, coded bool) (map[string][]byte, error) {
	if coded {
		var object struct{ Data map[string][]byte }
		err := json.Unmarshal(text, &object)
		return object.Data, err
	}
	var object struct{ Data map[string]string }
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	data := map[string][]byte{}
	for key, value := range object.Data {
		data[key] = []byte(value)
	}
	return data, nil
}
