package arvan

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/providers"
)

// VolumeType is the type of a data volume in a stack's state.
const VolumeType = "arvancloud:storage:Volume"

const (
	dataSuffix     = "-data"
	attachedSuffix = "-data-attachment"
	dataDiskSuffix = "-data-disk"
)

// Data are the sizes in GiB of the data volumes that the stack's last update left, by the names of their nodes.
type Data map[string]int

// Take keeps the size of a volume, if it is a node's.
func (d Data) Take(resource string, gib int) {
	if node, is := strings.CutSuffix(resource, dataSuffix); is {
		d[node] = gib
	}
}

// Refusals say which volumes cannot become what is wanted while their nodes stay.
func (d Data) Refusals(wanted Nodes) []string {
	var reasons []string
	for _, node := range wanted {
		switch left := d[node.Name]; {
		case left == 0 || node.Data >= left:
		case node.Data == 0:
			reasons = append(reasons, fmt.Sprintf("%s would lose its data volume of %d GiB, on which volumes of pods lie: put data back, "+
				"or exchange the machine for one of another name (docs/cluster.md)", node.Name, left))
		default:
			reasons = append(reasons, fmt.Sprintf("the data volume of %s cannot shrink from %d to %d GiB: restore data, "+
				"or exchange the machine for one of another name (docs/cluster.md)", node.Name, left, node.Data))
		}
	}
	return reasons
}

// Left are the volumes of nodes that are no more.
func (d Data) Left(wanted Nodes) []string {
	var names []string
	for node := range d {
		if !slices.ContainsFunc(wanted, func(n Node) bool { return n.Name == node }) {
			names = append(names, node+dataSuffix)
		}
	}
	slices.Sort(names)
	return names
}

// dataDisk formats, mounts and grows a data volume.
//
//go:embed scripts/data_disk.sh
var dataDisk string

// attachData gives each machine that has one its data volume, mounted. The volume is the node's, not the machine's: another machine of the
// name gets it with all that is on it.
func (m *Machines) attachData(ctx *pulumi.Context, args *Args, login *key, child pulumi.ResourceOption) error {
	for _, node := range args.Nodes {
		if node.Data == 0 {
			continue
		}
		// Of a node that leaves, and of a stack that is taken down by force, the cloud keeps it. It is not protected, or no node
		// could leave in one update.
		volume, err := providers.NewVolume(ctx, node.Name+dataSuffix, &providers.VolumeArgs{
			Name: pulumi.String(node.Name + dataSuffix), Description: pulumi.String("Data of " + node.Name),
			Size: pulumi.Int(node.Data), Zone: pulumi.String(args.Cloud.Zone),
		}, child, pulumi.RetainOnDelete(args.Protect))
		if err != nil {
			return err
		}
		machine := m.Machines[node.Name]
		attached, err := providers.NewVolumeAttachment(ctx, node.Name+attachedSuffix, &providers.VolumeAttachmentArgs{
			VolumeId: volume.VolumeId, ServerId: machine.ID, Zone: pulumi.String(args.Cloud.Zone),
		}, child)
		if err != nil {
			return err
		}
		mounted, err := m.way(node, args, login).Repeated(ctx, node.Name+dataDiskSuffix, providers.Command{
			Text:  pulumi.Sprintf("%ssudo -n sh -s -- %s %s %d %s", providers.Settled, args.DataPath, volume.VolumeId, node.Data, attached.Device),
			Stdin: pulumi.String(dataDisk),
		}, providers.Reason{For: pulumi.Sprintf("the data of machine %s", machine.ID)}, child)
		if err != nil {
			return err
		}
		m.volumes, m.Mounted = append(m.volumes, volume), append(m.Mounted, mounted)
	}
	return nil
}
