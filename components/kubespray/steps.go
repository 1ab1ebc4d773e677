package kubespray

import (
	"fmt"

	"github.com/pulumi/pulumi-command/sdk/go/command/remote"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// stateRoot is where a runner keeps what belongs to each cluster.
const stateRoot = "/var/lib/exchange-platform/kubespray"

const (
	// A machine that boots refuses connections at once; attempts are up to five seconds apart, so this is about ten minutes.
	dialAttempts = 120
	// dialSeconds bounds one attempt.
	dialSeconds = 15
)

// readyScript waits until cloud-init has finished, saying so now and then: an SSH connection without traffic may be
// dropped. Exit status 2 of cloud-init means that it is done but had to work around something.
const readyScript = `set -u
if command -v cloud-init >/dev/null; then
  timeout 900 cloud-init status --wait >/dev/null 2>&1 &
  waited=0
  while kill -0 $! 2>/dev/null; do
    sleep 0.2; waited=$((waited + 1))
    [ $((waited % 75)) -ne 0 ] || echo "waiting for cloud-init"
  done
  wait $!
  case $? in
    0|2) ;;
    124) echo "cloud-init is not done after 15 minutes: see /var/log/cloud-init-output.log"; exit 1 ;;
    *) echo "cloud-init failed:"; cloud-init status --long; exit 1 ;;
  esac
fi
echo '{"ready":true}'`

// uploadScript replaces the bundle as a whole, so that no run ever sees half of one; what a killed upload left goes. %s is the
// cluster's directory.
const uploadScript = `sudo -n sh -c 'set -eu; umask 077; dir=%s; mkdir -p "$dir"; cd "$dir"
rm -rf bundle.*; new=$(mktemp -d bundle.XXXXXX); trap "rm -rf $new" EXIT
base64 -d | tar -xf - -C "$new" --no-same-owner || {
  echo "the plan cannot be stored in $dir on $(uname -n): if its disk is full, make room there and run up again"; df -h .; exit 1; } >&2
[ ! -e bundle ] || mv bundle bundle.old; mv "$new" bundle; rm -rf bundle.old'`

// stateScript prints what the runner knows, before and after it was ever asked to do something. %s is the cluster's
// directory.
const stateScript = `sudo -n sh -c 'cd %s 2>/dev/null && printf "{\"state\":%%s,\"timings\":%%s}" \
"$(cat state.json 2>/dev/null || echo null)" "$(cat timings.json 2>/dev/null || echo null)" || echo "{}"'`

// steps registers the remote commands of one cluster. Each is short or only waits, can be repeated, and is made anew when
// one of its triggers changes. The connection is left out of the comparison: a changed key or a longer patience is no
// reason to do anything again. A command that is made anew does use the connection as it is then, and the address and host
// key of the machine are among the triggers.
type steps struct {
	ctx   *pulumi.Context
	name  string
	args  *Args
	child pulumi.ResourceOption
}

// step is one remote command.
type step struct {
	name     string
	node     Node
	command  pulumi.StringInput
	stdin    pulumi.StringInput
	triggers pulumi.Array
	// ignored are inputs whose change is no reason to do anything again, besides the connection.
	ignored []string
	// logging is none where the output is secret.
	logging remote.Logging
	after   []pulumi.Resource
}

func (s *steps) register(step step, opts ...pulumi.ResourceOption) (*remote.Command, error) {
	triggers := append(pulumi.Array{step.node.reachedAt(), step.node.HostKey, step.command}, step.triggers...)
	args := &remote.CommandArgs{
		AddPreviousOutputInEnv: pulumi.Bool(false),
		Connection:             s.connection(step.node),
		Create:                 step.command.ToStringOutput(),
		Logging:                step.logging,
		Triggers:               triggers,
	}
	if step.stdin != nil {
		args.Stdin = step.stdin.ToStringOutput()
	}
	opts = append(opts, s.child, pulumi.IgnoreChanges(append([]string{"connection"}, step.ignored...)), pulumi.DependsOn(step.after))
	return remote.NewCommand(s.ctx, s.name+"-"+step.name, args, opts...)
}

// connection is the way to a node: straight to its public address, or through the bastion to its private one.
func (s *steps) connection(node Node) *remote.ConnectionArgs {
	key := pulumi.ToSecret(s.args.Access.PrivateKey.ToStringOutput()).(pulumi.StringOutput)
	connection := &remote.ConnectionArgs{
		Host:           node.reachedAt(),
		Port:           pulumi.Float64(float64(s.args.Access.Port)),
		User:           pulumi.String(s.args.Access.User),
		PrivateKey:     key,
		HostKey:        node.HostKey.ToStringOutput(),
		DialErrorLimit: pulumi.Int(dialAttempts),
		PerDialTimeout: pulumi.Int(dialSeconds),
	}
	if node.PublicAddress == nil {
		bastion := s.args.node(s.args.Access.Bastion)
		connection.Proxy = &remote.ProxyConnectionArgs{
			Host:           bastion.PublicAddress,
			Port:           pulumi.Float64(float64(s.args.Access.Port)),
			User:           pulumi.String(s.args.Access.User),
			PrivateKey:     key,
			HostKey:        bastion.HostKey.ToStringOutput(),
			DialErrorLimit: pulumi.Int(dialAttempts),
			PerDialTimeout: pulumi.Int(dialSeconds),
		}
	}
	return connection
}

// ready waits for each machine to have finished its first boot.
func (s *steps) ready() (map[string]*remote.Command, error) {
	ready := map[string]*remote.Command{}
	for _, node := range s.args.Nodes {
		command, err := s.register(step{
			name: "ready-" + node.Name, node: node,
			command: pulumi.String(readyScript),
			logging: remote.LoggingStdoutAndStderr,
		})
		if err != nil {
			return nil, err
		}
		ready[node.Name] = command
	}
	return ready, nil
}

// upload puts the bundle onto the runner, once it is planned: a refused change leaves even the runner as it is.
func (s *steps) upload(bundle *bundle, planned pulumi.StringOutput, ready *remote.Command) (*remote.Command, error) {
	return s.register(step{
		name: "bundle", node: s.runner(),
		command:  pulumi.Sprintf(uploadScript, s.directory()),
		stdin:    bundle.archive,
		triggers: pulumi.Array{pulumi.All(bundle.digest, planned).ApplyT(func(values []any) string { return values[0].(string) })},
		logging:  remote.LoggingNone,
		after:    []pulumi.Resource{ready},
	}, pulumi.AdditionalSecretOutputs([]string{"stdin"}))
}

// state reads what the runner knows of the cluster.
func (s *steps) state(name string, triggers pulumi.Array, after pulumi.Resource) (*remote.Command, error) {
	return s.register(step{
		name: name, node: s.runner(),
		command:  pulumi.Sprintf(stateScript, s.directory()),
		triggers: triggers,
		logging:  remote.LoggingNone,
		after:    []pulumi.Resource{after},
	})
}

// check has the runner refuse the plan, if it must, before it or anything else of the stack is touched.
func (s *steps) check(bundle *bundle, planned pulumi.StringOutput, upload *remote.Command) (*remote.Command, error) {
	return s.hand("check", "check", bundle, planned, []pulumi.Resource{upload})
}

// run has the runner carry out the plan, or goes on waiting for a run that leads to the same.
func (s *steps) run(bundle *bundle, planned pulumi.StringOutput, check *remote.Command, ready map[string]*remote.Command) (*remote.Command, error) {
	after := []pulumi.Resource{check}
	for _, node := range s.args.Nodes {
		after = append(after, ready[node.Name])
	}
	return s.hand("run", "up", bundle, planned, after)
}

// hand gives the runner the plan with an order. That is repeated for another wanted cluster and for another state found, not
// for another wording of the plan between the two.
func (s *steps) hand(name, order string, bundle *bundle, planned pulumi.StringOutput, after []pulumi.Resource) (*remote.Command, error) {
	return s.register(step{
		name: name, node: s.runner(),
		command:  s.tell(order, bundle),
		stdin:    planned,
		triggers: pulumi.Array{against(planned)},
		ignored:  []string{"stdin"},
		logging:  remote.LoggingStdoutAndStderr,
		after:    after,
	})
}

// kubeconfig reads the administrator's kubeconfig once the cluster stands, and again only when there is another one to
// read: after an upgrade, which renews its certificate. While it is unknown, a preview cannot tell what becomes of anything
// in the cluster, and would show all of it as changing whenever a node joins.
func (s *steps) kubeconfig(run *remote.Command) (*remote.Command, error) {
	return s.register(step{
		name: "kubeconfig", node: s.runner(),
		command:  pulumi.Sprintf("sudo -n python3 %s/bundle/runner kubeconfig", s.directory()),
		triggers: pulumi.Array{pulumi.String(s.args.KubernetesVersion)},
		logging:  remote.LoggingNone,
		after:    []pulumi.Resource{run},
	}, pulumi.AdditionalSecretOutputs([]string{"stdout", "stderr"}))
}

// tell is the command line that gives the runner program an order concerning what this bundle wants.
func (s *steps) tell(order string, bundle *bundle) pulumi.StringOutput {
	return pulumi.Sprintf("sudo -n python3 %s/bundle/runner %s --wanted %s", s.directory(), order, bundle.wanted)
}

func (s *steps) directory() string { return fmt.Sprintf("%s/%s", stateRoot, s.args.Cluster) }

func (s *steps) runner() Node { return s.args.node(s.args.Runner) }

// node returns the node of that name, which was checked to exist.
func (args *Args) node(name string) Node {
	for _, node := range args.Nodes {
		if node.Name == name {
			return node
		}
	}
	panic("the node " + name + " was checked to be there")
}

// reachedAt is the address SSH goes to.
func (node Node) reachedAt() pulumi.StringInput {
	if node.PublicAddress != nil {
		return node.PublicAddress
	}
	return node.PrivateAddress
}
