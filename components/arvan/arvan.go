// Package arvan makes an environment's machines in ArvanCloud: the private network, the firewalls, and the servers with
// SSH keys the program itself made, so that no connection has to trust a host on first sight.
package arvan

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/sdks/arvancloud/iaas"
)

// Args says which machines are wanted, and who may reach them.
type Args struct {
	// Zone of everything made here.
	Zone string
	// Image is the operating system of new machines. One that runs keeps the one it was made from.
	Image Image
	// Servers are made in any order; each has a name of its own.
	Servers []Server
	// CIDR is the private network's range, MTU its packet size in bytes.
	CIDR string
	MTU  int
	// SSHPort is where the servers' SSH servers listen.
	SSHPort int
	// AdminCIDRs reach the Kubernetes API on the control planes, and SSH: on the bastion if there is one, which reaches the
	// others through the private network, otherwise on every server. WebCIDRs reach the workers' web ports.
	AdminCIDRs, WebCIDRs []string
	// AdminSSHKeys may log in besides the program's own key; in the form of authorized_keys.
	AdminSSHKeys []string
	// Placement is the policy ("anti-affinity", "soft-anti-affinity") by which the control planes, and the workers, are kept
	// on physical machines apart. Empty leaves it to the cloud.
	Placement string
	// Protect refuses to delete what the servers cannot do without and nothing can bring back: their network and the key
	// that logs in to them. Servers themselves come and go.
	Protect bool
}

// Server is one machine.
type Server struct {
	Name string
	Kind Kind
	// Plan is the id of a size in the zone.
	Plan    string
	DiskGiB int
	// Image, if it is set, is the server's own operating system: a server made from one of another name is replaced.
	Image *Image
}

// Image is an operating system.
type Image struct {
	// Name is what people call it ("ubuntu 24.04"); ID is what it is in the zone, and new with each build of it.
	Name, ID string
}

// Kind is what a server is for, which decides who reaches it.
type Kind string

const (
	// ControlPlane servers answer the Kubernetes API.
	ControlPlane Kind = "control-plane"
	// Worker servers take web traffic.
	Worker Kind = "worker"
	// Bastion is the one server that administrators reach by SSH.
	Bastion Kind = "bastion"
)

// Machines are an environment's servers in their private network.
type Machines struct {
	pulumi.ResourceState

	// Machines by server name.
	Machines map[string]Machine
	// PrivateKey logs in to every server; OpenSSH's format; secret.
	PrivateKey pulumi.StringOutput `pulumi:"privateKey"`
	// NetworkID is the private network's.
	NetworkID pulumi.StringOutput `pulumi:"networkId"`
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

// New makes the network, the keys, the firewalls and, all at once, the servers. opts must carry the providers arvancloud
// and random (pulumi.Providers).
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Machines, error) {
	machines := &Machines{Machines: map[string]Machine{}}
	return component.New(ctx, "exchange:arvan:Machines", name, machines, opts, func(child pulumi.ResourceOption) error {
		// Names are unique in a zone, and an object of the wanted name and content is taken for one that an interrupted run
		// left behind: with the new made first, a forced replacement would find the old one, and then delete it.
		child = pulumi.Composite(child, pulumi.DeleteBeforeReplace(true))
		keep := pulumi.Protect(args.Protect)
		login, err := newKey(ctx, name+"-login", child, keep)
		if err != nil {
			return err
		}
		sshKey, err := iaas.NewSshKey(ctx, name+"-ssh-key", &iaas.SshKeyArgs{
			Name: pulumi.String(name), PublicKey: login.public, Zone: pulumi.String(args.Zone),
		}, child)
		if err != nil {
			return err
		}
		network, err := iaas.NewNetwork(ctx, name+"-network", &iaas.NetworkArgs{
			Name: pulumi.String(name), Description: pulumi.String("Traffic between the machines of " + name),
			Cidr: pulumi.String(args.CIDR), Mtu: pulumi.Int(args.MTU), Zone: pulumi.String(args.Zone),
			// the machines leave through their public addresses; a second default route would only compete with that
			EnableGateway: pulumi.Bool(false),
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
		for _, server := range args.Servers {
			machine, err := newMachine(ctx, server, args, &surroundings{sshKey, network, firewalls, groups}, child)
			if err != nil {
				return err
			}
			machines.Machines[server.Name] = *machine
		}
		machines.PrivateKey = login.private
		machines.NetworkID = network.NetworkId
		return nil
	})
}

// surroundings are what all servers share.
type surroundings struct {
	sshKey    *iaas.SshKey
	network   *iaas.Network
	firewalls firewalls
	groups    groups
}

// image is what the server is to be made from, and which changes of its inputs are none to a server that runs: what only a
// first boot reads is for new machines, a new build of the same image too. The name of the server's own image is not among
// them; when a server is replaced for it, the new one takes everything as it is then.
func (s *Server) image(common Image) (image Image, ignored pulumi.ResourceOption) {
	firstBootOnly := []string{"imageId", "initScript"}
	if s.Image != nil {
		return *s.Image, pulumi.IgnoreChanges(firstBootOnly)
	}
	return common, pulumi.IgnoreChanges(append(firstBootOnly, "imageName"))
}

// newMachine makes one server and its host key.
func newMachine(ctx *pulumi.Context, server Server, args *Args, shared *surroundings, child pulumi.ResourceOption) (*Machine, error) {
	hostKey, err := newKey(ctx, server.Name+"-host-key", child)
	if err != nil {
		return nil, err
	}
	image, ignored := server.image(args.Image)
	made, err := iaas.NewServer(ctx, server.Name, &iaas.ServerArgs{
		Name: pulumi.String(server.Name), Zone: pulumi.String(args.Zone),
		PlanId: pulumi.String(server.Plan), DiskSize: pulumi.Int(server.DiskGiB),
		ImageId: pulumi.String(image.ID), ImageName: pulumi.String(image.Name),
		SshKeyName:          shared.sshKey.Name,
		SecurityGroupIds:    shared.firewalls.of(server),
		ServerGroupId:       shared.groups.of(server),
		Networks:            iaas.ServerNetworkArray{iaas.ServerNetworkArgs{NetworkId: shared.network.NetworkId}},
		EnablePublicAddress: pulumi.Bool(true),
		InitScript:          userData(server.Name, args, hostKey),
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
