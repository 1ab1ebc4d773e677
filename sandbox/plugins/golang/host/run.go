package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/constant"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// interruptGrace is how long an interrupted program may take to end before it is killed.
const interruptGrace = 5 * time.Second

// options are the runtime options of Pulumi.yaml this host knows.
type options struct {
	// Binary is a program built beforehand: a name on PATH or a path.
	Binary string
	// BuildTarget is where the built program is kept, so that an unchanged one is not linked again.
	BuildTarget string
}

func parseOptions(info *pulumirpc.ProgramInfo) (options, error) {
	var opts options
	values := info.GetOptions().AsMap()
	for name, field := range map[string]*string{"binary": &opts.Binary, "buildTarget": &opts.BuildTarget} {
		value, there := values[name]
		if !there {
			continue
		}
		text, ok := value.(string)
		if !ok {
			return opts, fmt.Errorf("runtime option %s must be a string, not %T", name, value)
		}
		*field = text
	}
	if opts.Binary != "" && opts.BuildTarget != "" {
		return opts, errors.New("runtime options binary and buildTarget exclude each other: keep one")
	}
	return opts, nil
}

// Run builds the program, unless the options name a built one, and runs it to its end.
func (h *Host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	engine, address, connection, err := h.engineClient()
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	if req.GetAttachDebugger() {
		return nil, errors.New("this stand-in cannot attach a debugger: use the official Go language host")
	}
	opts, err := parseOptions(req.GetInfo())
	if err != nil {
		return nil, err
	}
	env, err := programEnvironment(req, address)
	if err != nil {
		return nil, err
	}
	// Either the engine's cancellation or the end of its request ends the program.
	running, stop := context.WithCancel(h.running)
	defer stop()
	defer context.AfterFunc(ctx, stop)()

	program := opts.Binary
	if program != "" {
		if program, err = findBinary(req.GetInfo().GetProgramDirectory(), program); err != nil {
			return nil, err
		}
	} else {
		var remove func()
		program, remove, err = build(running, engine, req.GetInfo().GetProgramDirectory(), opts.BuildTarget)
		if err != nil {
			return nil, err
		}
		defer remove()
	}
	return execute(running, program, req.GetPwd(), env), nil
}

// findBinary resolves a prebuilt program: on PATH, or relative to the program's directory.
func findBinary(dir, name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return filepath.Abs(path)
	}
	path, err := exec.LookPath(filepath.Join(dir, name))
	if err != nil {
		return "", fmt.Errorf("runtime option binary: unable to find %q on PATH or in %s: build it first, or use buildTarget",
			name, dir)
	}
	return path, nil
}

// execute runs the program in dir and translates how it ended into what the engine expects.
func execute(ctx context.Context, program, dir string, env []string) *pulumirpc.RunResponse {
	command := exec.CommandContext(ctx, program)
	command.Dir, command.Env = dir, env
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = interruptGrace
	err := command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}
	case !errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("run %s: %v", program, err)}
	case exit.ExitCode() == constant.ExitStatusLoggedError:
		// The SDK has told the engine already.
		return &pulumirpc.RunResponse{Bail: true}
	case exit.ExitCode() < 0:
		return &pulumirpc.RunResponse{Error: "program ended: " + exit.ProcessState.String()}
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("program exited with non-zero exit code: %d", exit.ExitCode())}
	}
}

// programEnvironment hands the run's parameters to the program in the variables the Go SDK reads.
func programEnvironment(req *pulumirpc.RunRequest, engine string) ([]string, error) {
	config, err := json.Marshal(req.GetConfig())
	if err != nil {
		return nil, fmt.Errorf("encode the configuration: %w", err)
	}
	secretKeys := []byte("[]")
	if keys := req.GetConfigSecretKeys(); keys != nil {
		if secretKeys, err = json.Marshal(keys); err != nil {
			return nil, fmt.Errorf("encode the secret keys: %w", err)
		}
	}
	env := environment()
	for _, variable := range []struct{ name, value string }{
		{pulumi.EnvOrganization, req.GetOrganization()},
		{pulumi.EnvProject, req.GetProject()},
		{pulumi.EnvPulumiRootDirectory, req.GetInfo().GetRootDirectory()},
		{pulumi.EnvStack, req.GetStack()},
		{pulumi.EnvConfig, string(config)},
		{pulumi.EnvConfigSecretKeys, string(secretKeys)},
		{pulumi.EnvDryRun, strconv.FormatBool(req.GetDryRun())},
		{pulumi.EnvParallel, strconv.Itoa(int(req.GetParallel()))},
		{pulumi.EnvMonitor, req.GetMonitorAddress()},
		{pulumi.EnvEngine, engine},
	} {
		if variable.value != "" {
			env = append(env, variable.name+"="+variable.value)
		}
	}
	return env, nil
}
