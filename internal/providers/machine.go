package providers

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	// A machine that boots refuses connections at once; attempts are up to five seconds apart, so this is about ten minutes.
	dialAttempts = 120
	// dialSeconds bounds one attempt.
	dialSeconds = 15
)

// Login is how SSH gets into a machine.
type Login struct {
	User       string
	Port       int
	PrivateKey pulumi.StringInput
}

// Machine is where commands run.
type Machine struct {
	Login
	// Host is the address SSH goes to; HostKey ("ssh-ed25519 AAAA…") is what must answer there.
	Host, HostKey pulumi.StringInput
	// Through is the machine in between, nil if there is none.
	Through *Machine
}

// Command is one remote command. It is short or only waits, can be repeated, and prints little.
type Command struct {
	Text pulumi.StringInput
	// Stdin is where secrets are handed over.
	Stdin pulumi.StringInput
	// Delete takes back what the command has made, once nobody wants that any more; nil if there is nothing to take back.
	Delete pulumi.StringInput
	// Silent keeps what the command prints out of the log; Secret also keeps it encrypted in the state.
	Silent, Secret bool
	After          []pulumi.Resource
}

// Reason is why a command is run again.
type Reason struct {
	// For is what it is run for, another one being a reason. It becomes a comment at the end of the command's text, so that
	// a preview shows it. Nil if text and standard input say all.
	For pulumi.StringInput
	// None makes any other text no reason, whatever it is run for.
	None bool
}

// Repeated registers a command that is run again, as an update of its resource, when its text, its standard input or the way
// to the machine changes.
func (m *Machine) Repeated(
	ctx *pulumi.Context, name string, command Command, reason Reason, opts ...pulumi.ResourceOption,
) (*RemoteCommand, error) {
	if reason.For != nil {
		command.Text = pulumi.Sprintf("%s\n# %s", command.Text, reason.For)
	}
	// An update uses the connection, which must follow the machine; a longer patience is no reason to do anything again.
	// Earlier versions gave triggers: a change of those would replace.
	ignored := []string{"triggers", "connection.dialErrorLimit", "connection.perDialTimeout"}
	if m.Through != nil {
		ignored = append(ignored, "connection.proxy.dialErrorLimit", "connection.proxy.perDialTimeout")
	}
	if reason.None {
		ignored = append(ignored, "create")
	}
	return m.register(ctx, name, command, nil, append(opts, pulumi.IgnoreChanges(ignored)))
}

// Once registers a command that is run once for a thing and again, as a replacement of its resource, for another one: other
// values, another machine, another text. Whatever else changes is no reason.
func (m *Machine) Once(
	ctx *pulumi.Context, name string, command Command, thing pulumi.Array, opts ...pulumi.ResourceOption,
) (*RemoteCommand, error) {
	triggers := append(pulumi.Array{m.Host, m.HostKey, command.Text}, thing...)
	// A replacement uses the connection as it is then.
	return m.register(ctx, name, command, triggers, append(opts, pulumi.IgnoreChanges([]string{"connection"})))
}

func (m *Machine) register(
	ctx *pulumi.Context, name string, command Command, triggers pulumi.Array, opts []pulumi.ResourceOption,
) (*RemoteCommand, error) {
	args := &RemoteCommandArgs{
		Connection: *m.connection(), Create: command.Text, Stdin: command.Stdin, Delete: command.Delete, Triggers: triggers,
		Quiet: command.Secret || command.Silent,
	}
	if command.Stdin != nil {
		opts = append(opts, pulumi.HideDiffs([]string{"stdin"})) // what it is for is in the command's text, or among the messages
	}
	if command.Secret {
		opts = append(opts, pulumi.AdditionalSecretOutputs([]string{"stdout", "stderr"}))
	}
	return NewRemoteCommand(ctx, name, args, append(opts, pulumi.DependsOn(command.After))...)
}

// connection is the way to the machine.
func (m *Machine) connection() *Connection {
	connection := &Connection{
		User: m.User, Port: m.Port, Host: m.Host, PrivateKey: m.key(), HostKey: m.HostKey,
		DialAttempts: dialAttempts, DialSeconds: dialSeconds,
	}
	if m.Through != nil {
		connection.Proxy = m.Through.connection()
	}
	return connection
}

func (m *Machine) key() pulumi.StringOutput {
	return pulumi.ToSecret(m.PrivateKey.ToStringOutput()).(pulumi.StringOutput)
}

// Question is a command whose output is secret and depends on what is asked of it on standard input. A component that makes
// one hands it to others, which need not know the machine.
type Question struct {
	Machine *Machine
	Text    pulumi.StringInput
	// After is what must be there before it can be answered.
	After []pulumi.Resource
}

// Ask asks once for a thing, and again when the thing is another one.
func (q *Question) Ask(
	ctx *pulumi.Context, name, asked string, thing pulumi.Array, after pulumi.Resource, opts ...pulumi.ResourceOption,
) (pulumi.StringOutput, error) {
	command := Command{
		Text: q.Text, Stdin: pulumi.String(asked), Secret: true, After: append([]pulumi.Resource{after}, q.After...),
	}
	answer, err := q.Machine.Once(ctx, name, command, append(pulumi.Array{pulumi.String(asked)}, thing...), opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return answer.Stdout, nil
}
