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

// uploadScript replaces the bundle as a whole, so that no run ever sees half of one. %s is the cluster's directory.
const uploadScript = `sudo -n sh -c 'set -eu; umask 077; dir=%s; mkdir -p "$dir"; cd "$dir"
new=$(mktemp -d bundle.XXXXXX); trap "rm -rf $new" EXIT
base64 -d | tar -xf - -C "$new" --no-same-owner
rm -rf bundle.old; [ ! -e bundle ] || mv bundle bundle.old; mv "$new" bundle; rm -rf bundle.old'`

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
	// logging is none where the output is secret.
	logging remote.Logging
	after   []pulumi.Resource
}

func (s *steps) register(step step, opts ...pulumi.ResourceOption) (*remote.Command, error) {
	triggers := append(pulumi.Array{step.node.PublicAddress, step.node.HostKey, step.command}, step.triggers...)
	args := &remote.CommandArgs{
		AddPreviousOutputInEnv: pulumi.Bool(false),
		Connection: &remote.ConnectionArgs{
			Host:           step.node.PublicAddress,
			Port:           pulumi.Float64(float64(s.args.Access.Port)),
			User:           pulumi.String(s.args.Access.User),
			PrivateKey:     pulumi.ToSecret(s.args.Access.PrivateKey.ToStringOutput()).(pulumi.StringOutput),
			HostKey:        step.node.HostKey.ToStringOutput(),
			DialErrorLimit: pulumi.Int(dialAttempts),
			PerDialTimeout: pulumi.Int(dialSeconds),
		},
		Create:   step.command.ToStringOutput(),
		Logging:  step.logging,
		Triggers: triggers,
	}
	if step.stdin != nil {
		args.Stdin = step.stdin.ToStringOutput()
	}
	opts = append(opts, s.child, pulumi.IgnoreChanges([]string{"connection"}), pulumi.DependsOn(step.after))
	return remote.NewCommand(s.ctx, s.name+"-"+step.name, args, opts...)
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

// upload puts the bundle onto the runner.
func (s *steps) upload(bundle *bundle, ready *remote.Command) (*remote.Command, error) {
	return s.register(step{
		name: "bundle", node: s.runner(),
		command:  pulumi.Sprintf(uploadScript, s.directory()),
		stdin:    bundle.archive,
		triggers: pulumi.Array{bundle.digest},
		logging:  remote.LoggingNone,
		after:    []pulumi.Resource{ready},
	}, pulumi.AdditionalSecretOutputs([]string{"stdin"}))
}

// run has the runner apply the bundle, or goes on waiting for a run of it that is under way.
func (s *steps) run(bundle *bundle, upload *remote.Command, ready map[string]*remote.Command) (*remote.Command, error) {
	after := []pulumi.Resource{upload}
	for _, node := range s.args.Nodes {
		after = append(after, ready[node.Name])
	}
	return s.register(step{
		name: "run", node: s.runner(),
		command: s.tell("up", bundle),
		logging: remote.LoggingStdoutAndStderr,
		after:   after,
	})
}

// kubeconfig reads the administrator's kubeconfig after every run.
func (s *steps) kubeconfig(bundle *bundle, run *remote.Command) (*remote.Command, error) {
	return s.register(step{
		name: "kubeconfig", node: s.runner(),
		command:  s.tell("kubeconfig", bundle),
		triggers: pulumi.Array{run.ID()},
		logging:  remote.LoggingNone,
		after:    []pulumi.Resource{run},
	}, pulumi.AdditionalSecretOutputs([]string{"stdout", "stderr"}))
}

// tell is the command line that gives the runner program an order concerning this bundle's plan.
func (s *steps) tell(order string, bundle *bundle) pulumi.StringOutput {
	return pulumi.Sprintf("sudo -n python3 %s/bundle/runner %s --plan %s", s.directory(), order, bundle.plan)
}

func (s *steps) directory() string { return fmt.Sprintf("%s/%s", stateRoot, s.args.Cluster) }

func (s *steps) runner() Node {
	for _, node := range s.args.Nodes {
		if node.Name == s.args.Runner {
			return node
		}
	}
	panic("the runner was checked to be one of the nodes")
}
