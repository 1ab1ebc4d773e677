// Package rehearsal is what rehearsals of losses and deliveries share: how they ask a cluster, and how they wait.
package rehearsal

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Cluster is one that is asked with kubectl.
type Cluster struct {
	// Kubectl is the program, Environ what leads it to the cluster.
	Kubectl string
	Environ []string
}

// Ask runs kubectl in a namespace, which is empty for what is in none or in all, with an input, and returns what it prints, without spaces around it. Errors hold what it complains of.
func (c Cluster) Ask(ctx context.Context, namespace, input string, arguments ...string) (string, error) {
	options := []string{"--request-timeout=30s"}
	if namespace != "" {
		options = append(options, "--namespace="+namespace)
	}
	cmd := exec.CommandContext(ctx, c.Kubectl, append(options, arguments...)...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stderr = c.Environ, strings.NewReader(input), &stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", arguments[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimSpace(string(text)), nil
}

// Until asks every second until nothing is amiss, for as long as patience is. Who interrupts it is told so, and not of patience.
func Until(ctx context.Context, patience time.Duration, what string, ask func() (amiss string, err error)) error {
	return UntilEvery(ctx, time.Second, patience, what, ask)
}

// UntilEvery is Until for questions that cost so much that they would disturb what they ask about.
func UntilEvery(ctx context.Context, interval, patience time.Duration, what string, ask func() (amiss string, err error)) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	again := time.NewTicker(interval)
	defer again.Stop()
	for {
		amiss, err := ask()
		if err != nil || amiss == "" {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late.C:
			return fmt.Errorf("waited %s for %s: %s", patience, what, amiss)
		case <-again.C:
		}
	}
}
