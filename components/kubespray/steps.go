package kubespray

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/providers"
)

// stateRoot is where a runner keeps what belongs to each cluster.
const stateRoot = "/var/lib/exchange-platform/kubespray"

// readyScript waits until cloud-init has finished. Another text would make all machines be waited for anew.
const readyScript = providers.FirstBoot + `echo '{"ready":true}'`

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

// steps registers the remote commands of one cluster. Those on the runner are repeated for every change of the cluster; a
// machine is waited for once.
type steps struct {
	ctx   *pulumi.Context
	name  string
	args  *Args
	child pulumi.ResourceOption
}

// onRunner registers a command on the runner.
func (s *steps) onRunner(name string, what providers.Command, reason providers.Reason, opts ...pulumi.ResourceOption) (*providers.RemoteCommand, error) {
	return s.args.machine(s.args.node(s.args.Runner)).Repeated(s.ctx, s.name+"-"+name, what, reason, append(opts, s.child)...)
}

// ready waits for each machine to have finished its first boot.
func (s *steps) ready() (map[string]*providers.RemoteCommand, error) {
	ready := map[string]*providers.RemoteCommand{}
	for _, node := range s.args.Nodes {
		waited, err := s.args.machine(node).Once(s.ctx, s.name+"-ready-"+node.Name, providers.Command{Text: pulumi.String(readyScript)}, nil, s.child)
		if err != nil {
			return nil, err
		}
		ready[node.Name] = waited
	}
	return ready, nil
}

// upload puts the bundle onto the runner, once it is planned: a refused change leaves even the runner as it is.
func (s *steps) upload(bundle *bundle, planned pulumi.StringOutput, ready *providers.RemoteCommand) (*providers.RemoteCommand, error) {
	archive := pulumi.All(bundle.archive, planned).ApplyT(func(values []any) string { return values[0].(string) }).(pulumi.StringOutput)
	return s.onRunner("bundle", providers.Command{
		Text: pulumi.Sprintf(uploadScript, s.args.directory()), Stdin: archive, Silent: true, After: []pulumi.Resource{ready},
	}, providers.Reason{}, pulumi.AdditionalSecretOutputs([]string{"stdin"}))
}

// readState reads what the runner knows of the cluster, again for another reason.
func (s *steps) readState(name string, reason pulumi.StringInput, after pulumi.Resource) (*providers.RemoteCommand, error) {
	return s.onRunner(name, providers.Command{
		Text: pulumi.Sprintf(stateScript, s.args.directory()), Silent: true, After: []pulumi.Resource{after},
	}, providers.Reason{For: reason})
}

// check has the runner refuse the plan, if it must, before it or anything else of the stack is touched.
func (s *steps) check(bundle *bundle, planned pulumi.StringOutput, upload *providers.RemoteCommand) (*providers.RemoteCommand, error) {
	return s.order("check", "check", bundle, planned, []pulumi.Resource{upload})
}

// run has the runner carry out the plan, or goes on waiting for a run that leads to the same.
func (s *steps) run(bundle *bundle, planned pulumi.StringOutput, check *providers.RemoteCommand, ready map[string]*providers.RemoteCommand) (*providers.RemoteCommand, error) {
	after := append([]pulumi.Resource{check}, s.args.After...)
	for _, node := range s.args.Nodes {
		after = append(after, ready[node.Name])
	}
	return s.order("run", "up", bundle, planned, after)
}

// order gives the runner the plan with an order. A plan in other words for a cluster that is as wanted changes nothing there.
func (s *steps) order(name, order string, bundle *bundle, planned pulumi.StringOutput, after []pulumi.Resource) (*providers.RemoteCommand, error) {
	return s.onRunner(name, providers.Command{
		Text: s.args.runnerProgram(pulumi.Sprintf("%s --wanted %s", order, bundle.wanted)), Stdin: planned, After: after,
	}, providers.Reason{})
}

// kubeconfig reads the administrator's kubeconfig once the cluster stands, and again only when there is another one to
// read: after an upgrade, which renews its certificate. While it is unknown, a preview cannot tell what becomes of anything
// in the cluster, and would show all of it as changing whenever a node joins, or this program words its command anew.
func (s *steps) kubeconfig(last *known, run *providers.RemoteCommand) (*providers.RemoteCommand, error) {
	version := s.args.Version
	upgraded := last.State == nil || last.State.Shape == nil || last.State.Shape.Kubernetes != version
	return s.onRunner("kubeconfig", providers.Command{
		Text: s.args.runnerProgram(pulumi.String("kubeconfig")), Secret: true, After: []pulumi.Resource{run},
	}, providers.Reason{For: pulumi.String("Kubernetes " + version), None: !upgraded})
}

// tokens is the runner's answer to who asks for a token of a ServiceAccount, once the cluster stands.
func (s *steps) tokens(run *providers.RemoteCommand) *providers.Question {
	return &providers.Question{
		Machine: s.args.machine(s.args.node(s.args.Runner)),
		Text:    s.args.runnerProgram(pulumi.String("grant")),
		After:   []pulumi.Resource{run},
	}
}

// runnerProgram is the command line of the program on the runner.
func (args *Args) runnerProgram(order pulumi.StringInput) pulumi.StringOutput {
	return pulumi.Sprintf("sudo -n python3 %s/bundle/runner %s", args.directory(), order)
}

func (args *Args) directory() string { return fmt.Sprintf("%s/%s", stateRoot, args.Cluster) }

// afterPlan says which plan something is read after.
func afterPlan(planned pulumi.StringOutput) pulumi.StringOutput {
	return planned.ApplyT(func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "after the plan " + hex.EncodeToString(sum[:6])
	}).(pulumi.StringOutput)
}

// machine is how a node is reached: straight at its public address, or through the bastion at its private one.
func (args *Args) machine(node Node) *providers.Machine {
	login := providers.Login{User: args.SSH.User, Port: args.SSH.Port, PrivateKey: args.SSH.PrivateKey}
	if node.PublicAddress != nil {
		return &providers.Machine{Login: login, Host: node.PublicAddress, HostKey: node.HostKey}
	}
	bastion := args.node(args.SSH.Bastion)
	return &providers.Machine{
		Login: login, Host: node.PrivateAddress, HostKey: node.HostKey,
		Through: &providers.Machine{Login: login, Host: bastion.PublicAddress, HostKey: bastion.HostKey},
	}
}

// node returns the node of that name, which was checked to exist.
func (args *Args) node(name string) Node {
	for _, node := range args.Nodes {
		if node.Name == name {
			return node
		}
	}
	panic("the node " + name + " was checked to be there")
}
