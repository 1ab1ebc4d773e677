package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// Volume is the resource arvancloud:storage:Volume: a disk that lives apart from servers.
type Volume struct {
	kind[VolumeArgs, VolumeState, client.Volume]
}

// VolumeArgs are the inputs of a Volume.
type VolumeArgs struct {
	Zone        string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Name        string `pulumi:"name" doc:"Name of the volume."`
	Description string `pulumi:"description,optional" doc:"What the volume is for."`
	Size        int    `pulumi:"size" provider:"replaceOnChanges" doc:"Size in GB. The API cannot grow a volume, so a change replaces it, with all that is on it."`
	Type        string `pulumi:"type,optional" provider:"replaceOnChanges" doc:"ssd (default) or hdd."`
}

// VolumeState is what is known of a Volume.
type VolumeState struct {
	VolumeArgs
	VolumeID      string  `pulumi:"volumeId" doc:"Id of the volume."`
	PricePerHour  float64 `pulumi:"pricePerHour" preview:"known" doc:"Price of an hour in rials, from what the API adds to a plan for a disk of this size; 0 when not told."`
	PricePerMonth float64 `pulumi:"pricePerMonth" preview:"known" doc:"Price of a month in rials; 0 when not told."`
}

// Annotate describes the resource in the schema.
func (v *Volume) Annotate(a infer.Annotator) {
	a.SetToken(moduleStorage, "Volume")
	a.Describe(&v, documented("A disk that lives apart from servers; see VolumeAttachment. Protect volumes that hold data: what replaces "+
		"one, and deletion, destroys what is on it.", formVolume, "storage:Volume", "name: backups\nsize: 100\ntype: hdd"))
}

// Annotate describes the inputs in the schema.
func (s *VolumeArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

// Annotate describes the outputs in the schema.
func (s *VolumeState) Annotate(a infer.Annotator) { describeFields(a, s) }

const defaultVolumeType = "ssd"

func newVolume() *Volume {
	return &Volume{kind[VolumeArgs, VolumeState, client.Volume]{
		name: kindVolume, form: formVolume, lingers: true,
		place: func(args VolumeArgs) string { return args.Zone },
		list: func(ctx context.Context, s *session, zone string) ([]client.Volume, error) {
			return s.Volumes(ctx, zone)
		},
		id:    func(volume client.Volume) string { return volume.ID },
		check: checkVolume,
		same: func(args VolumeArgs, volume client.Volume) bool {
			return volume.Name == args.Name && int(volume.Size) == args.Size && strings.EqualFold(volume.Type, args.Type) &&
				volume.Description == args.Description && len(volume.Attachments) == 0 && volume.Status != "deleting"
		},
		make: func(ctx context.Context, s *session, args VolumeArgs) (client.Volume, error) {
			return s.CreateVolume(ctx, args.Zone,
				client.VolumeRequest{Name: args.Name, Description: args.Description, Size: args.Size, Type: args.Type})
		},
		waiting: func(volume client.Volume) (string, error) {
			switch volume.Status {
			case client.VolumeAvailable, client.VolumeInUse:
				return "", nil
			case client.VolumeError:
				return "", fmt.Errorf("the volume %s is in the state error: delete or replace it", volume.Name)
			}
			return fmt.Sprintf("waiting while the volume %s is %s", volume.Name, volume.Status), nil
		},
		state: func(args VolumeArgs, volume client.Volume, before VolumeState) VolumeState {
			state := before
			state.VolumeArgs = args
			state.VolumeID = or(&volume.ID, before.VolumeID)
			return state
		},
		price: func(ctx context.Context, s *session, args VolumeArgs, state *VolumeState) {
			if price, told := s.volumePrice(ctx, args.Zone, args.Size); told {
				state.PricePerHour, state.PricePerMonth = float64(price.PerHour), float64(price.PerMonth)
			}
		},
		observe: func(args VolumeArgs, volume client.Volume, _ bool, id identity) VolumeArgs {
			return VolumeArgs{Zone: id.place, Name: volume.Name, Description: volume.Description, Size: int(volume.Size),
				Type: strings.ToLower(volume.Type)}
		},
		change: func(ctx context.Context, s *session, id identity, _ VolumeState, args VolumeArgs) error {
			return s.UpdateVolume(ctx, id.place, id.object, args.Name, args.Description)
		},
		remove: func(ctx context.Context, s *session, id identity, _ VolumeState) error {
			return s.DeleteVolume(ctx, id.place, id.object)
		},
	}}
}

func checkVolume(ctx context.Context, c *checker, args *VolumeArgs) {
	c.zone(ctx, &args.Zone)
	c.name("name", args.Name)
	if c.known("size") && args.Size < 1 {
		c.fail("size", "%d GB is no size: use 1 or more", args.Size)
	}
	if c.decided("type") && args.Type == "" {
		args.Type = defaultVolumeType
	}
	if c.known("type") {
		c.choice("type", args.Type, "ssd", "hdd")
	}
}
