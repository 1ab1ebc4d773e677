package arvan

import (
	_ "embed"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/providers"
)

// rootDisk makes the root file system as large as the disk.
//
//go:embed scripts/root_disk.sh
var rootDisk string

// settle tells machines, those that run already too, what only a first boot would have taken from the user data, or an image may
// leave undone: who may log in, and how large the disk is.
func (m *Machines) settle(ctx *pulumi.Context, args *Args, login *key, child pulumi.ResourceOption) error {
	for _, node := range args.Nodes {
		machine := m.Machines[node.Name]
		if node.Role == Bastion {
			m.Bastion = m.way(node, args, login)
		}
		if node.Name == args.Nodes.First(ControlPlane) {
			m.FirstControlPlane = m.way(node, args, login)
		}
		of := pulumi.Sprintf("of machine %s", machine.ID)
		_, err := m.way(node, args, login).Repeated(ctx, node.Name+rootDiskSuffix,
			providers.Command{Text: pulumi.String(providers.Settled + "sudo -n sh"), Stdin: pulumi.String(rootDisk)},
			providers.Reason{For: pulumi.Sprintf("the disk %s has %d GiB", of, node.DiskGiB)}, child)
		if err != nil {
			return err
		}
		_, err = m.way(node, args, login).Repeated(ctx, node.Name+adminKeysSuffix,
			providers.Command{Text: pulumi.String(providers.Settled + adminKeysCommand), Stdin: adminKeysProgram(args.Cloud.AdminSSHKeys, login), Silent: true},
			providers.Reason{For: pulumi.Sprintf("the administrators' keys %s: %s", of, keyNames(args.Cloud.AdminSSHKeys))}, child)
		if err != nil {
			return err
		}
	}
	return args.tellAdminKeys(ctx)
}

const (
	rootDiskSuffix  = "-root-disk"
	adminKeysSuffix = "-admin-keys"
)

// way is how SSH reaches a machine: through the bastion, if there is one.
func (m *Machines) way(node Node, args *Args, key *key) *providers.Machine {
	login := providers.Login{User: args.Cloud.User, Port: args.Cloud.SSHPort, PrivateKey: key.private}
	machine, bastion := m.Machines[node.Name], args.Nodes.First(Bastion)
	if bastion == "" || bastion == node.Name {
		return &providers.Machine{Login: login, Host: machine.PublicAddress, HostKey: machine.HostKey}
	}
	through := m.Machines[bastion]
	return &providers.Machine{
		Login: login, Host: machine.PrivateAddress, HostKey: machine.HostKey,
		Through: &providers.Machine{Login: login, Host: through.PublicAddress, HostKey: through.HostKey},
	}
}
