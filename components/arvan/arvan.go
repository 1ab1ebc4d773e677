// Package arvan makes an environment's machines in ArvanCloud: the private network, the firewalls, and the servers with
// SSH keys the program itself made, so that no connection has to trust a host on first sight.
package arvan

import (
	"net/netip"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/providers"
)

// Args says which machines are wanted, and who may reach them.
type Args struct {
	Cloud   Cloud
	Network Network
	// Nodes are the machines; they are made in any order.
	Nodes Nodes
	// DataPath is where the nodes' data volumes are mounted.
	DataPath string
	// ImageIDs are what the images that are named are in the zone, as far as it has them; new with each build of them.
	ImageIDs map[Image]string
	// Running are the machines that are there already, Groups the server groups, AdminKeys the keys that the last update let in.
	Running   Running
	Groups    Groups
	AdminKeys AdminKeys
	// VirtualAddress is one of the private network that belongs to no machine and that workers answer for; not valid if there is none.
	VirtualAddress netip.Addr
	// Protect refuses to delete what the machines cannot do without and nothing can bring back: their network and the key
	// that logs in to them. Machines themselves come and go.
	Protect bool
}

// MachinesType is the component's type in a stack's state.
const MachinesType = "exchange:arvan:Machines"

// Machines are an environment's servers in their private network.
type Machines struct {
	pulumi.ResourceState

	// Machines by the names of their nodes.
	Machines map[string]Machine
	// Nodes are what other teams are told of the machines.
	Nodes pulumi.Array `output:"nodes"`
	// WebAddresses are where web traffic comes in: the workers' public addresses, or the virtual one.
	WebAddresses pulumi.StringArray `output:"ingress.addresses"`
	// Cost is what the machines cost, by the zone's list of plans; known in previews.
	Cost Cost `output:"cost"`
	// PrivateKey logs in to every server; OpenSSH's format; secret.
	PrivateKey pulumi.StringOutput `pulumi:"privateKey"`
	// Bastion is the way to the bastion; nil if there is none.
	Bastion *providers.Machine
	// FirstControlPlane is the way to that machine.
	FirstControlPlane *providers.Machine
	// NetworkID is the private network's.
	NetworkID pulumi.StringOutput `pulumi:"networkId"`
	// LetThrough are there once the cloud lets packets for the virtual address through to the workers.
	LetThrough []pulumi.Resource
	// Mounted are there once the nodes' data volumes are mounted: what puts data there waits for them.
	Mounted []pulumi.Resource

	nodes   Nodes
	volumes []*providers.Volume
}

// Machine is how one server is reached.
type Machine struct {
	// ID changes when the server is replaced.
	ID                            pulumi.StringOutput
	PublicAddress, PrivateAddress pulumi.StringOutput
	// HostKey is its public SSH host key, known before the server runs.
	HostKey pulumi.StringOutput
	// Image is the name of the operating system it was made from.
	Image pulumi.StringOutput
	// PricePerHour and PricePerMonth are in IRR, by the zone's list of plans; known in previews.
	PricePerHour, PricePerMonth pulumi.Float64Output
}

// New makes the network, the keys, the firewalls and, all at once, the servers. opts must carry the providers arvancloud,
// command and random (pulumi.Providers).
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Machines, error) {
	machines := &Machines{Machines: map[string]Machine{}, nodes: args.Nodes}
	return component.New(ctx, MachinesType, name, machines, opts, func(child pulumi.ResourceOption) error {
		// Names are unique in a zone, and an object of the wanted name and content is taken for one that an interrupted run
		// left behind: with the new made first, a forced replacement would find the old one, and then delete it.
		child = pulumi.Composite(child, pulumi.DeleteBeforeReplace(true))
		keep := pulumi.Protect(args.Protect)
		login, err := newKey(ctx, name+"-login", child, keep)
		if err != nil {
			return err
		}
		sshKey, err := providers.NewSshKey(ctx, name+"-ssh-key", &providers.SshKeyArgs{
			Name: pulumi.String(name), PublicKey: login.public, Zone: pulumi.String(args.Cloud.Zone),
		}, child)
		if err != nil {
			return err
		}
		network, err := providers.NewNetwork(ctx, name+"-network", &providers.NetworkArgs{
			Name: pulumi.String(name), Description: pulumi.String("Traffic between the machines of " + name),
			Cidr: pulumi.String(args.Network.CIDR), Mtu: pulumi.Int(args.Network.MTU), Zone: pulumi.String(args.Cloud.Zone),
			// the machines leave through their public addresses; a second default route would only compete with that
			EnableGateway: pulumi.Bool(false), DhcpRanges: args.dhcpRanges(),
		}, child, keep)
		if err != nil {
			return err
		}
		firewalls, err := newFirewalls(ctx, name, args, child)
		if err != nil {
			return err
		}
		groups, err := newGroups(ctx, name, args, child)
		if err != nil {
			return err
		}
		for _, node := range args.Nodes {
			machine, err := newMachine(ctx, node, args, &surroundings{sshKey, network, firewalls, groups}, child)
			if err != nil {
				return err
			}
			machines.Machines[node.Name] = *machine
		}
		if err := machines.letThrough(ctx, args, network, child); err != nil {
			return err
		}
		if err := machines.settle(ctx, args, login, child); err != nil {
			return err
		}
		if err := machines.attachData(ctx, args, login, child); err != nil {
			return err
		}
		machines.PrivateKey = login.private
		machines.NetworkID = network.NetworkId
		machines.describe(args)
		return nil
	})
}

// surroundings are what all servers share.
type surroundings struct {
	sshKey    *providers.SshKey
	network   *providers.Network
	firewalls firewalls
	groups    groups
}

// image is what the node's machine is to be made from, and which changes of its inputs are none to a machine that runs: what
// only a first boot reads is for new machines, a new build of the same image too. The name of the node's own image is not
// among them; when a machine is replaced for it, the new one takes everything as it is then.
func (n *Node) image(common Image) (image Image, ignored pulumi.ResourceOption) {
	firstBootOnly := []string{"imageId", "initScript"}
	if n.Image != nil {
		return *n.Image, pulumi.IgnoreChanges(firstBootOnly)
	}
	return common, pulumi.IgnoreChanges(append(firstBootOnly, "imageName"))
}

// newMachine makes one server and its host key.
func newMachine(ctx *pulumi.Context, node Node, args *Args, shared *surroundings, child pulumi.ResourceOption) (*Machine, error) {
	hostKey, err := newKey(ctx, node.Name+"-host-key", child)
	if err != nil {
		return nil, err
	}
	image, ignored := node.image(args.Cloud.Image)
	imageID, imageName := args.ImageIDs[image], image.String()
	if imageID == "" { // the zone has it no longer, and the machine is made
		imageID, imageName = args.Running[node.Name].ImageID, args.Running[node.Name].ImageName
	}
	made, err := providers.NewServer(ctx, node.Name, &providers.ServerArgs{
		Name: pulumi.String(node.Name), Zone: pulumi.String(args.Cloud.Zone),
		PlanId: pulumi.String(node.Plan), DiskSize: pulumi.Int(node.DiskGiB),
		ImageId: pulumi.String(imageID), ImageName: pulumi.String(imageName),
		SshKeyName:          shared.sshKey.Name,
		SecurityGroupIds:    shared.firewalls.of(node),
		ServerGroupId:       shared.groups[node.Name],
		Networks:            []providers.ServerNetwork{{NetworkId: shared.network.NetworkId}},
		EnablePublicAddress: pulumi.Bool(true),
		InitScript:          userData(node.Name, args, hostKey),
	}, child, ignored)
	if err != nil {
		return nil, err
	}
	return &Machine{
		ID:            made.ServerId,
		PublicAddress: made.PublicAddress, PrivateAddress: made.PrivateAddress,
		HostKey: hostKey.public, Image: made.ImageName.Elem(),
		PricePerHour: made.PricePerHour, PricePerMonth: made.PricePerMonth,
	}, nil
}
