package storage

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// VolumeAttachmentArgs are the inputs of a VolumeAttachment.
type VolumeAttachmentArgs struct {
	Zone     string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone of both. Default: the zone of the provider's configuration."`
	VolumeID string `pulumi:"volumeId" provider:"replaceOnChanges" doc:"Id of the volume (output volumeId of a Volume)."`
	ServerID string `pulumi:"serverId" provider:"replaceOnChanges" doc:"Id of the server (output serverId of a Server)."`
}

// VolumeAttachmentState is what is known of a VolumeAttachment.
type VolumeAttachmentState struct {
	VolumeAttachmentArgs
	Device string `pulumi:"device" doc:"Name of the disk inside the server, for example /dev/vdb."`
}

// pluggedVolume is one attachment of one volume.
type pluggedVolume struct {
	volumeID, status string
	client.VolumeAttachment
}

// VolumeAttachment is the resource arvancloud:storage:VolumeAttachment: a volume plugged into a server.
var VolumeAttachment = &resource.Kind[VolumeAttachmentArgs, VolumeAttachmentState, pluggedVolume]{
	Type:        "storage:VolumeAttachment",
	Name:        "volume attachment",
	IDs:         "<zone>/<volume id>/<server id>",
	About:       "A volume plugged into a server. Both have to be in the same zone.",
	Example:     "volumeId: ${volume.volumeId}\nserverId: ${server.serverId}",
	Replacement: resource.DeletesFirst,

	Lingers: true,
	Place:   func(args VolumeAttachmentArgs) string { return args.Zone },
	List:    pluggedVolumes,
	ID:      func(plugged pluggedVolume) string { return plugged.volumeID + "/" + plugged.ServerID },
	Check: func(ctx context.Context, c *resource.Checker, args *VolumeAttachmentArgs) {
		c.Zone(ctx, &args.Zone)
		c.Given("volumeId", args.VolumeID)
		c.Given("serverId", args.ServerID)
	},
	Same: func(args VolumeAttachmentArgs, plugged pluggedVolume) bool {
		return plugged.volumeID == args.VolumeID && plugged.ServerID == args.ServerID
	},
	Make: func(ctx context.Context, s *resource.Session, args VolumeAttachmentArgs) (pluggedVolume, error) {
		made := pluggedVolume{volumeID: args.VolumeID, VolumeAttachment: client.VolumeAttachment{ServerID: args.ServerID}}
		return made, s.AttachVolume(ctx, args.Zone, args.VolumeID, args.ServerID)
	},
	Waiting: func(plugged pluggedVolume) (string, error) {
		if plugged.status == client.VolumeInUse {
			return "", nil
		}
		return fmt.Sprintf("waiting while the volume %s is %s", plugged.volumeID, plugged.status), nil
	},
	State: func(args VolumeAttachmentArgs, plugged pluggedVolume, before VolumeAttachmentState) VolumeAttachmentState {
		return VolumeAttachmentState{VolumeAttachmentArgs: args, Device: cmp.Or(plugged.Device, before.Device)}
	},
	Observe: func(_ VolumeAttachmentArgs, plugged pluggedVolume, _ bool, id resource.Identity) VolumeAttachmentArgs {
		return VolumeAttachmentArgs{Zone: id.Place, VolumeID: plugged.volumeID, ServerID: plugged.ServerID}
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ VolumeAttachmentState) error {
		volumeID, serverID, _ := strings.Cut(id.Object, "/")
		plugged, err := pluggedVolumes(ctx, s, id.Place)
		for _, one := range plugged {
			if one.volumeID == volumeID && one.ServerID == serverID && one.status != "detaching" {
				return s.DetachVolume(ctx, id.Place, volumeID, serverID)
			}
		}
		return err
	},
}

// pluggedVolumes lists a zone's attachments.
func pluggedVolumes(ctx context.Context, s *resource.Session, zone string) ([]pluggedVolume, error) {
	volumes, err := s.Volumes(ctx, zone)
	var plugged []pluggedVolume
	for _, volume := range volumes {
		for _, attachment := range volume.Attachments {
			plugged = append(plugged, pluggedVolume{volume.ID, volume.Status, attachment})
		}
	}
	return plugged, err
}
