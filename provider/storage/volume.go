package storage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// VolumeArgs are the inputs of a Volume.
type VolumeArgs struct {
	Zone        string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Name        string `pulumi:"name" doc:"Name of the volume."`
	Description string `pulumi:"description,optional" doc:"What the volume is for."`
	Size        int    `pulumi:"size" doc:"Size in GB. The API has no call that makes a volume larger: a larger size is taken once the volume has it, made so in the panel. It cannot shrink."`
	Type        string `pulumi:"type,optional" provider:"replaceOnChanges" doc:"ssd (default) or hdd."`
}

// VolumeState is what is known of a Volume.
type VolumeState struct {
	VolumeArgs
	VolumeID      string  `pulumi:"volumeId" doc:"Id of the volume."`
	PricePerHour  float64 `pulumi:"pricePerHour" preview:"known" doc:"Price of an hour in rials, from what the API adds to a plan for a disk of this size; 0 when not told."`
	PricePerMonth float64 `pulumi:"pricePerMonth" preview:"known" doc:"Price of a month in rials; 0 when not told."`
}

const defaultVolumeType = "ssd"

// Volume is the resource arvancloud:storage:Volume: a disk that lives apart from servers.
var Volume = &resource.Kind[VolumeArgs, VolumeState, client.Volume]{
	Type: "storage:Volume",
	Name: "volume",
	IDs:  "<zone>/<volume id>",
	About: "A disk that lives apart from servers; see VolumeAttachment. Protect volumes that hold data: what replaces " +
		"one, and deletion, destroys what is on it.",
	Example: "name: backups\nsize: 100\ntype: hdd",

	Lingers: true,
	Place:   func(args VolumeArgs) string { return args.Zone },
	List: func(ctx context.Context, s *resource.Session, zone string) ([]client.Volume, error) {
		return s.Volumes(ctx, zone)
	},
	ID:    func(volume client.Volume) string { return volume.ID },
	Check: checkVolume,
	Same: func(args VolumeArgs, volume client.Volume) bool {
		return volume.Name == args.Name && int(volume.Size) == args.Size && strings.EqualFold(volume.Type, args.Type) &&
			volume.Description == args.Description && len(volume.Attachments) == 0 && volume.Status != "deleting"
	},
	Make: func(ctx context.Context, s *resource.Session, args VolumeArgs) (client.Volume, error) {
		return s.CreateVolume(ctx, args.Zone,
			client.VolumeRequest{Name: args.Name, Description: args.Description, Size: args.Size, Type: args.Type})
	},
	Waiting: func(volume client.Volume) (string, error) {
		switch volume.Status {
		case client.VolumeAvailable, client.VolumeInUse:
			return "", nil
		case client.VolumeError:
			return "", fmt.Errorf("the volume %s is in the state error: delete or replace it", volume.Name)
		}
		return fmt.Sprintf("waiting while the volume %s is %s", volume.Name, volume.Status), nil
	},
	State: func(args VolumeArgs, volume client.Volume, before VolumeState) VolumeState {
		state := before
		state.VolumeArgs = args
		state.VolumeID = cmp.Or(volume.ID, before.VolumeID)
		return state
	},
	Price: func(ctx context.Context, s *resource.Session, args VolumeArgs, state *VolumeState) {
		if price, told := zone.VolumePrice(ctx, s, args.Zone, args.Size); told {
			state.PricePerHour, state.PricePerMonth = float64(price.PerHour), float64(price.PerMonth)
		}
	},
	Observe: func(args VolumeArgs, volume client.Volume, _ bool, id resource.Identity) VolumeArgs {
		return VolumeArgs{Zone: id.Place, Name: volume.Name, Description: volume.Description, Size: int(volume.Size),
			Type: strings.ToLower(volume.Type)}
	},
	MayChange: func(ctx context.Context, s *resource.Session, before VolumeState, args VolumeArgs, _ bool) error {
		return mayResize(ctx, s, before, args)
	},
	Change: func(ctx context.Context, s *resource.Session, id resource.Identity, _ VolumeState, args VolumeArgs) error {
		return s.UpdateVolume(ctx, id.Place, id.Object, args.Name, args.Description)
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ VolumeState) error {
		return s.DeleteVolume(ctx, id.Place, id.Object)
	},
	Users: zone.UsedByServers(func(ctx context.Context, s *resource.Session, id resource.Identity) (func(client.Server) bool, error) {
		volumes, err := s.Volumes(ctx, id.Place)
		return func(server client.Server) bool {
			return slices.ContainsFunc(volumes, func(volume client.Volume) bool {
				return volume.ID == id.Object && slices.ContainsFunc(volume.Attachments, func(on client.VolumeAttachment) bool { return on.ServerID == server.ID })
			})
		}, err
	}),
}

// mayResize takes another size only where the volume has it already: to replace the volume for it would lose what is on it.
func mayResize(ctx context.Context, s *resource.Session, before VolumeState, args VolumeArgs) error {
	if args.Size == before.Size {
		return nil
	}
	if args.Size < before.Size {
		return fmt.Errorf("size: a volume cannot shrink, and %s has %d GB; to start again with %d GB, replace it, with all that is on it",
			before.Name, before.Size, args.Size)
	}
	volumes, err := s.Volumes(ctx, args.Zone)
	if err != nil {
		return err
	}
	for _, volume := range volumes {
		if volume.ID == before.VolumeID && int(volume.Size) != args.Size {
			return fmt.Errorf("size: the volume %s has %d GB, and ArvanCloud's API has no call that makes one larger: make it %d GB in the panel, "+
				"then run this again. Nothing is replaced for it", before.Name, volume.Size, args.Size)
		}
	}
	return nil
}

func checkVolume(ctx context.Context, c *resource.Checker, args *VolumeArgs) {
	c.Zone(ctx, &args.Zone)
	c.Name("name", args.Name)
	if c.Known("size") && args.Size < 1 {
		c.Fail("size", "%d GB is no size: use 1 or more", args.Size)
	}
	if c.Decided("type") && args.Type == "" {
		args.Type = defaultVolumeType
	}
	if c.Known("type") {
		c.Choice("type", args.Type, "ssd", "hdd")
	}
}
