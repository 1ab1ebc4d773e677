package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/constant"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// errSaid ends a program whose user has been told why.
var errSaid = errors.New("the reason has been logged")

// Run runs Deploy as the program of `pulumi up`. It is pulumi.Run but for what the user reads: the error itself, without
// the frame "an unhandled error occurred: program failed".
func Run() {
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		err := Deploy(ctx)
		if err == nil {
			return nil
		}
		return errors.Join(errSaid, ctx.Log.Error(err.Error(), nil))
	})
	if err == nil {
		return
	}
	if !errors.Is(err, errSaid) {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	os.Exit(constant.ExitStatusLoggedError)
}

// Deploy is the program: it reads the stack's configuration and, if nothing is wrong with it, describes the environment and
// tells what it is to others.
func Deploy(ctx *pulumi.Context) error {
	if err := checkRoom(freeMebibytes); err != nil {
		return err
	}
	raw, err := rawConfig()
	if err != nil {
		return err
	}
	last, err := recall(ctx)
	if err != nil {
		return err
	}
	cfg, err := load(ctx.Project(), ctx.Stack(), raw, last.settled)
	if err != nil {
		return err
	}
	if err := plainSecrets(ctx, cfg); err != nil {
		return err
	}
	warned, err := warnings(cfg)
	if err != nil {
		return err
	}
	for _, warning := range warned {
		if err := ctx.Log.Warn(warning, nil); err != nil {
			return err
		}
	}
	parts, err := deploy(ctx, cfg, last)
	if err != nil || parts == nil {
		return err
	}
	told, err := contract(parts)
	if err != nil {
		return err
	}
	for name, value := range told {
		ctx.Export(name, value)
	}
	return nil
}

// plainSecrets refuses secrets that anybody can read who has the stack file.
func plainSecrets(ctx *pulumi.Context, cfg *Config) error {
	var problems field.ErrorList
	for _, path := range settings.Secrets(cfg) {
		if section, _, _ := strings.Cut(path.String(), "."); !ctx.IsConfigSecret(ctx.Project() + ":" + section) {
			problems = append(problems, field.Forbidden(path, fmt.Sprintf("stands in plain text in the stack file: make it a secret with "+
				"pulumi config set --secret --path '%s:%s', and give its owner another one if somebody has read it", ctx.Project(), path)))
		}
	}
	if len(problems) > 0 {
		return invalid(problems)
	}
	return nil
}

// rawConfig is the whole configuration as the CLI hands it over. The SDK reads single keys only, and so could not tell
// that one is unknown.
func rawConfig() (map[string]string, error) {
	raw := map[string]string{}
	if text := os.Getenv(pulumi.EnvConfig); text != "" {
		if err := json.Unmarshal([]byte(text), &raw); err != nil {
			return nil, fmt.Errorf("the configuration from the Pulumi CLI (%s): %w", pulumi.EnvConfig, err)
		}
	}
	return raw, nil
}
