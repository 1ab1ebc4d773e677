package providers

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// RemoteCommand is a command that was run on a machine over SSH.
type RemoteCommand struct {
	pulumi.CustomResourceState

	// Stdout and Stderr are what it printed.
	Stdout pulumi.StringOutput `pulumi:"stdout"`
	Stderr pulumi.StringOutput `pulumi:"stderr"`
}

// RemoteCommandArgs says what is run where.
type RemoteCommandArgs struct {
	Connection Connection
	// Create is run when the resource is made, and again, as an update of it, when any of its inputs but Triggers changes.
	Create pulumi.StringInput
	// Delete is run when the resource is deleted, without standard input; nil for nothing.
	Delete pulumi.StringInput
	// Stdin is handed to Create; nil for none.
	Stdin pulumi.StringInput
	// Triggers replace the resource when they change; nil for none.
	Triggers pulumi.Array
	// Quiet keeps what it prints out of the log.
	Quiet bool
}

// Connection is how SSH gets to a machine.
type Connection struct {
	User                      string
	Port                      int
	Host, PrivateKey, HostKey pulumi.StringInput
	// DialAttempts is how often it is tried; DialSeconds is how long one attempt may take.
	DialAttempts, DialSeconds int
	// Proxy is the machine in between; nil if there is none.
	Proxy *Connection
}

// NewRemoteCommand registers a command.
func NewRemoteCommand(
	ctx *pulumi.Context, name string, args *RemoteCommandArgs, opts ...pulumi.ResourceOption,
) (*RemoteCommand, error) {
	inputs := pulumi.Map{
		"addPreviousOutputInEnv": pulumi.Bool(false),
		"connection":             pulumi.ToSecret(args.Connection.inputs()),
		"create":                 args.Create,
		"logging":                pulumi.String("stdoutAndStderr"),
	}
	if args.Quiet {
		inputs["logging"] = pulumi.String("none")
	}
	if args.Delete != nil {
		inputs["delete"] = args.Delete
	}
	if args.Stdin != nil {
		inputs["stdin"] = args.Stdin
	}
	if args.Triggers != nil {
		inputs["triggers"] = args.Triggers
	}
	command := &RemoteCommand{}
	// The last two as the SDK does.
	opts = append(opts, pulumi.Version(CommandVersion), pulumi.AdditionalSecretOutputs([]string{"connection"}),
		pulumi.ReplaceOnChanges([]string{"triggers[*]"}))
	return command, ctx.RegisterResource("command:remote:Command", name, inputs, command, opts...)
}

func (c *Connection) inputs() pulumi.Map {
	inputs := pulumi.Map{
		"host":           c.Host,
		"port":           pulumi.Float64(float64(c.Port)),
		"user":           pulumi.String(c.User),
		"privateKey":     c.PrivateKey,
		"hostKey":        c.HostKey,
		"dialErrorLimit": pulumi.Int(c.DialAttempts),
		"perDialTimeout": pulumi.Int(c.DialSeconds),
	}
	if c.Proxy != nil {
		inputs["proxy"] = c.Proxy.inputs()
	}
	return inputs
}
