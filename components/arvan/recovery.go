package arvan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Object is something that the cloud has of an environment, by what its resource and the cloud call it.
type Object struct{ Type, Resource, Name string }

// Objects are all that New makes in the cloud, and what it may have made for another placement.
func (args *Args) Objects(name string) []Object {
	objects := []Object{
		{"arvancloud:iaas:SshKey", name + "-ssh-key", name},
		{"arvancloud:iaas:Network", name + "-network", name},
	}
	for _, group := range []string{name + "-nodes", groupName(name, ControlPlane), groupName(name, Worker), name + "-bastion"} {
		objects = append(objects, Object{"arvancloud:iaas:SecurityGroup", group, group})
	}
	for _, role := range []Role{ControlPlane, Worker} {
		for _, group := range args.groupsOf(name, role) {
			objects = append(objects, Object{GroupType, group.resource, group.name})
		}
	}
	for _, node := range args.Nodes {
		objects = append(objects, Object{ServerType, node.Name, node.Name})
		if node.Data > 0 {
			objects = append(objects, Object{VolumeType, node.Name + dataSuffix, node.Name + dataSuffix})
		}
	}
	return objects
}

// rescueScript lets the program log in again to a machine whose keys were lost with the state. It is run as root by somebody who
// has another way in.
const rescueScript = `# The way back in to %[1]s. Run it there as root, and delete it: it holds the machine's private host key.
set -eu
umask 077
cat >/etc/ssh/ssh_host_ed25519_key.new <<'KEY'
%[2]sKEY
echo '%[3]s' >/etc/ssh/ssh_host_ed25519_key.pub
chmod 644 /etc/ssh/ssh_host_ed25519_key.pub
mv /etc/ssh/ssh_host_ed25519_key.new /etc/ssh/ssh_host_ed25519_key
keys=$(getent passwd '%[4]s' | cut -d: -f6)/.ssh/authorized_keys
grep -qxF '%[5]s' "$keys" || echo '%[5]s' >>"$keys"
systemctl restart ssh || systemctl restart sshd
echo "%[1]s lets the program in again"
`

// Recover makes the keys of an environment anew whose state was lost, as New would, and writes a script for each machine that makes
// them the machine's. Nothing else of it is made: it has to be imported.
func Recover(ctx *pulumi.Context, name string, args *Args, folder string, opts ...pulumi.ResourceOption) error {
	machines := &Machines{}
	if err := ctx.RegisterComponentResource(MachinesType, name, machines, opts...); err != nil {
		return err
	}
	child := pulumi.Composite(pulumi.Parent(machines), pulumi.DeleteBeforeReplace(true))
	login, err := newKey(ctx, name+"-login", child, pulumi.Protect(args.Protect))
	if err != nil {
		return err
	}
	written := pulumi.Array{}
	for _, node := range args.Nodes {
		host, err := newKey(ctx, node.Name+"-host-key", child)
		if err != nil {
			return err
		}
		script := pulumi.All(host.private, host.public, login.public).ApplyT(func(keys []any) (string, error) {
			path := filepath.Join(folder, node.Name+".sh")
			text := fmt.Sprintf(rescueScript, node.Name, keys[0], keys[1], args.Cloud.User, keys[2])
			return path, errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(path, []byte(text), 0o600))
		}).(pulumi.StringOutput)
		written = append(written, pulumi.Unsecret(script))
	}
	return ctx.RegisterResourceOutputs(machines, pulumi.Map{"scripts": written})
}
