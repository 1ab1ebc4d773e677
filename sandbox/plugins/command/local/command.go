// Package local runs commands on this machine: command:local:Command and command:local:run.
package local

import (
	"context"
	"os"
	"os/exec"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/iransre/exchange-platform/sandbox/plugins/command/process"
)

// Invocation says how a command is run.
type Invocation struct {
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *process.Logging   `pulumi:"logging,optional"`
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
}

// run runs command and returns what it printed.
func (i Invocation) run(ctx context.Context, command string, previous process.Output) (process.Output, error) {
	args := []string{"/bin/sh", "-c"}
	if i.Interpreter != nil && len(*i.Interpreter) > 0 {
		args = append([]string(nil), *i.Interpreter...)
	}
	args = append(args, command)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	if i.Dir != nil {
		cmd.Dir = *i.Dir
	}
	cmd.Env = os.Environ()
	if i.Environment != nil {
		for name, value := range *i.Environment {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	for name, value := range previous.Previous(i.AddPreviousOutputInEnv) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if i.Stdin != nil && *i.Stdin != "" {
		cmd.Stdin = strings.NewReader(*i.Stdin)
	}
	capture := process.NewCapture(ctx, i.Logging)
	cmd.Stdout, cmd.Stderr = capture.Stdout, capture.Stderr
	return capture.Finish(command, cmd.Run())
}

// Command is a command with the life cycle of a resource.
type Command struct{}

// CommandArgs are its inputs.
type CommandArgs struct {
	process.Lifecycle
	Invocation
}

// CommandState is its state.
type CommandState struct {
	CommandArgs
	process.Output
}

// Create runs the create command.
func (*Command) Create(
	ctx context.Context, req infer.CreateRequest[CommandArgs],
) (infer.CreateResponse[CommandState], error) {
	response := infer.CreateResponse[CommandState]{Output: CommandState{CommandArgs: req.Inputs}}
	var err error
	if response.ID, err = resource.NewUniqueHex(req.Name, 8, 0); err != nil || req.DryRun || req.Inputs.Create == nil {
		return response, err
	}
	response.Output.Output, err = req.Inputs.run(ctx, *req.Inputs.Create, process.Output{})
	return response, err
}

// Update runs the update command.
func (*Command) Update(
	ctx context.Context, req infer.UpdateRequest[CommandArgs, CommandState],
) (infer.UpdateResponse[CommandState], error) {
	response := infer.UpdateResponse[CommandState]{Output: CommandState{CommandArgs: req.Inputs, Output: req.State.Output}}
	command := req.Inputs.OnUpdate()
	if req.DryRun || command == nil {
		return response, nil
	}
	output, err := req.Inputs.run(ctx, *command, req.State.Output)
	if err == nil {
		response.Output.Output = output
	}
	return response, err
}

// Delete runs the delete command.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	if req.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	_, err := req.State.run(ctx, *req.State.Delete, req.State.Output)
	return infer.DeleteResponse{}, err
}

// Run is a command that runs on every preview and update.
type Run struct{}

// RunArgs are its inputs.
type RunArgs struct {
	Invocation
	Command string `pulumi:"command"`
}

// RunResult is its result.
type RunResult struct {
	RunArgs
	process.Output
}

// Invoke runs the command.
func (*Run) Invoke(
	ctx context.Context, req infer.FunctionRequest[RunArgs],
) (infer.FunctionResponse[RunResult], error) {
	output, err := req.Input.run(ctx, req.Input.Command, process.Output{})
	return infer.FunctionResponse[RunResult]{Output: RunResult{RunArgs: req.Input, Output: output}}, err
}
