// Package command is what the commands of this repository have in common.
package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

// Main runs a command until it ends, or is interrupted, and exits with its code. With an error, which is said, that is 1 if it is 0; having asked for
// help is none. Package log does not do for that: in a program with Pulumi's SDK in it, what log is given is never seen.
func Main(run func(ctx context.Context, arguments []string, out, help io.Writer) (code int, err error)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Do is Main for what is given nothing and ends with no code of its own.
func Do(run func(ctx context.Context) error) {
	Main(func(ctx context.Context, _ []string, _, _ io.Writer) (int, error) { return 0, run(ctx) })
}

// Pulumi runs Pulumi's CLI in a checkout, with more variables, and returns what it printed; an error has what it said.
func Pulumi(ctx context.Context, root string, environ []string, arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "pulumi", arguments...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), environ...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var problems bytes.Buffer
	cmd.Stderr = &problems
	printed, err := cmd.Output()
	if err != nil {
		return printed, fmt.Errorf("pulumi %s: %w\n%s", strings.Join(arguments, " "), err, strings.TrimSpace(problems.String()))
	}
	return printed, nil
}
