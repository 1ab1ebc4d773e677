package failover

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// Options say where the cluster is, and what can be done to its machines.
type Options struct {
	// Kubectl is the program, Environ what leads it to the cluster.
	Kubectl string
	Environ []string
	// Cut takes a machine's network away, and Restore gives it back.
	Cut, Restore func(ctx context.Context, machine string) error
	Out          io.Writer
}

func (o Options) kubectl(ctx context.Context, namespace, input string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, o.Kubectl, append([]string{"--namespace", namespace, "--request-timeout=30s"}, arguments...)...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stderr = o.Environ, strings.NewReader(input), &stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", arguments[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimSpace(string(text)), nil
}

// patience is how long anything may take to be whole again.
const patience = 5 * time.Minute

// until asks every second until nothing is amiss.
func until(ctx context.Context, what string, ask func() (amiss string, err error)) error {
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
