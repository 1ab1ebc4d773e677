package remote

import (
	"context"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is a command on another machine with the life cycle of a resource.
type Command struct{}

// CommandArgs are its inputs.
type CommandArgs struct {
	Lifecycle
	Stdin                  *string           `pulumi:"stdin,optional"`
	Logging                *Logging          `pulumi:"logging,optional"`
	Connection             *Connection       `pulumi:"connection"                      provider:"secret"`
	Environment            map[string]string `pulumi:"environment,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
}

// CommandState is its state.
type CommandState struct {
	CommandArgs
	Output
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
	response.Output.Output, err = req.Inputs.run(ctx, *req.Inputs.Create, Output{})
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

// run runs command over the connection. As in the official provider nothing but the other end stops it: neither a
// timeout nor a cancelled update.
func (c CommandArgs) run(ctx context.Context, command string, previous Output) (Output, error) {
	client, err := c.Connection.Dial(ctx)
	if err != nil {
		return Output{}, err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return Output{}, err
	}
	defer session.Close()

	for name, value := range c.Environment {
		if err := session.Setenv(name, value); err != nil {
			p.GetLogger(ctx).Error(refusedVariable(name))
			return Output{}, fmt.Errorf("could not set environment variable %q: %w", name, err)
		}
	}
	for name, value := range previous.Previous(c.AddPreviousOutputInEnv) {
		if err := session.Setenv(name, value); err != nil {
			p.GetLogger(ctx).Warning(refusedVariable(name))
		}
	}
	if c.Stdin != nil && *c.Stdin != "" {
		session.Stdin = strings.NewReader(*c.Stdin)
	}
	output := newCapture(ctx, c.Logging)
	session.Stdout, session.Stderr = output.Stdout, output.Stderr
	return output.finish(command, session.Run(command))
}

func refusedVariable(name string) string {
	return fmt.Sprintf("Unable to set '%s'. The SSH server sets only the variables its AcceptEnv allows. "+
		"With a Bash-like shell on the other end, the command itself can begin with 'NAME=value'.", name)
}
