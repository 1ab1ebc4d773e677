package local

import (
	"testing"

	"github.com/pulumi/pulumi-go-provider/infer"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/plugins/command/process"
)

func TestCommandRunsInAShell(t *testing.T) {
	dir, create, remove := t.TempDir(), `read line; echo "$line in $(basename "$PWD") as $NAME"; echo warned >&2`, `echo "$PULUMI_COMMAND_STDOUT" > left`
	stdin := "hello\n"
	args := CommandArgs{
		Lifecycle:  process.Lifecycle{Create: &create, Delete: &remove},
		Invocation: Invocation{Dir: &dir, Stdin: &stdin, Environment: &map[string]string{"NAME": "demo"}},
	}
	created, err := (&Command{}).Create(t.Context(), infer.CreateRequest[CommandArgs]{Name: "step", Inputs: args})
	assert.NilError(t, err)
	assert.Equal(t, created.Output.Stdout, "hello in 001 as demo")
	assert.Equal(t, created.Output.Stderr, "warned")
	_, err = (&Command{}).Delete(t.Context(), infer.DeleteRequest[CommandState]{State: created.Output})
	assert.NilError(t, err)
}

func TestFailedCommandShowsItsOutput(t *testing.T) {
	_, err := (&Run{}).Invoke(t.Context(), infer.FunctionRequest[RunArgs]{Input: RunArgs{Command: "echo why; exit 3"}})
	assert.Error(t, err, "exit status 3: running \"echo why; exit 3\":\nwhy\n")
}
