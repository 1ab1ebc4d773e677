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

// Ask runs kubectl in a namespace, with an input, and returns what it prints, without spaces around it. Errors hold what it complains of.
func (c Cluster) Ask(ctx context.Context, namespace, input string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.Kubectl, append([]string{"--namespace", namespace, "--request-timeout=30s"}, arguments...)...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stderr = c.Environ, strings.NewReader(input), &stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", arguments[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimSpace(string(text)), nil
}

// Until asks every second until nothing is amiss, for as long as patience is.
func Until(ctx context.Context, patience time.Duration, what string, ask func() (amiss string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		amiss, err := ask()
		if err != nil || amiss == "" {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s for %s: %s", patience, what, amiss)
		case <-again.C:
		}
	}
}
