package arvan

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/internal/remote"
)

// settled waits for the first boot, which does the same things, without judging it: that is not for what is said to a machine that
// runs.
const settled = "(" + remote.FirstBoot + ") </dev/null >&2 || :\n"

// settle tells machines, those that run already too, what only a first boot would have taken from the user data: who may
// log in.
func (m *Machines) settle(ctx *pulumi.Context, args *Args, login *key, child pulumi.ResourceOption) error {
	for _, node := range args.Nodes {
		machine := m.Machines[node.Name]
		of := pulumi.Sprintf("of machine %s", machine.ID)
		_, err := m.way(node, args, login).Repeated(ctx, node.Name+adminKeysSuffix,
			remote.Command{Text: pulumi.String(settled + adminKeysCommand), Stdin: adminKeysProgram(args.Cloud.AdminSSHKeys, login), Silent: true},
			remote.Reason{For: pulumi.Sprintf("the administrators' keys %s: %s", of, keyNames(args.Cloud.AdminSSHKeys))}, child)
		if err != nil {
			return err
		}
	}
	return args.tellAdminKeys(ctx)
}

// adminKeysSuffix ends the names of the commands that let keys in.
const adminKeysSuffix = "-admin-keys"

// way is how SSH reaches a machine: through the bastion, if there is one.
func (m *Machines) way(node Node, args *Args, key *key) *remote.Machine {
	login := remote.Login{User: args.Cloud.User, Port: args.Cloud.SSHPort, PrivateKey: key.private}
	machine, bastion := m.Machines[node.Name], args.Nodes.First(Bastion)
	if bastion == "" || bastion == node.Name {
		return &remote.Machine{Login: login, Host: machine.PublicAddress, HostKey: machine.HostKey}
	}
	through := m.Machines[bastion]
	return &remote.Machine{
		Login: login, Host: machine.PrivateAddress, HostKey: machine.HostKey,
		Through: &remote.Machine{Login: login, Host: through.PublicAddress, HostKey: through.HostKey},
	}
}
