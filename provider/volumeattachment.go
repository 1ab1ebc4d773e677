package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// VolumeAttachment is the resource arvancloud:storage:VolumeAttachment: a volume plugged into a server.
type VolumeAttachment struct {
	kind[VolumeAttachmentArgs, VolumeAttachmentState, pluggedVolume]
}

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

// Annotate describes the resource in the schema.
func (v *VolumeAttachment) Annotate(a infer.Annotator) {
	a.SetToken(moduleStorage, "VolumeAttachment")
	a.Describe(&v, documented("A volume plugged into a server. Both have to be in the same zone.", formVolumeAttachment,
		"storage:VolumeAttachment", "volumeId: ${volume.volumeId}\nserverId: ${server.serverId}"))
}

// Annotate describes the inputs in the schema.
func (s *VolumeAttachmentArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

// Annotate describes the outputs in the schema.
func (s *VolumeAttachmentState) Annotate(a infer.Annotator) { describeFields(a, s) }

func newVolumeAttachment() *VolumeAttachment {
	return &VolumeAttachment{kind[VolumeAttachmentArgs, VolumeAttachmentState, pluggedVolume]{
		name: kindVolumeAttachment, form: formVolumeAttachment, lingers: true,
		place: func(args VolumeAttachmentArgs) string { return args.Zone },
		list:  pluggedVolumes,
		id:    func(plugged pluggedVolume) string { return plugged.volumeID + "/" + plugged.ServerID },
		check: func(ctx context.Context, c *checker, args *VolumeAttachmentArgs) {
			c.zone(ctx, &args.Zone)
			c.given("volumeId", args.VolumeID)
			c.given("serverId", args.ServerID)
		},
		same: func(args VolumeAttachmentArgs, plugged pluggedVolume) bool {
			return plugged.volumeID == args.VolumeID && plugged.ServerID == args.ServerID
		},
		make: func(ctx context.Context, s *session, args VolumeAttachmentArgs) (pluggedVolume, error) {
			made := pluggedVolume{volumeID: args.VolumeID, VolumeAttachment: client.VolumeAttachment{ServerID: args.ServerID}}
			return made, s.AttachVolume(ctx, args.Zone, args.VolumeID, args.ServerID)
		},
		waiting: func(plugged pluggedVolume) (string, error) {
			if plugged.status == client.VolumeInUse {
				return "", nil
			}
			return fmt.Sprintf("waiting while the volume %s is %s", plugged.volumeID, plugged.status), nil
		},
		state: func(args VolumeAttachmentArgs, plugged pluggedVolume, before VolumeAttachmentState) VolumeAttachmentState {
			return VolumeAttachmentState{VolumeAttachmentArgs: args, Device: or(&plugged.Device, before.Device)}
		},
		observe: func(_ VolumeAttachmentArgs, plugged pluggedVolume, _ bool, id identity) VolumeAttachmentArgs {
			return VolumeAttachmentArgs{Zone: id.place, VolumeID: plugged.volumeID, ServerID: plugged.ServerID}
		},
		remove: func(ctx context.Context, s *session, id identity, _ VolumeAttachmentState) error {
			volumeID, serverID, _ := strings.Cut(id.object, "/")
			plugged, err := pluggedVolumes(ctx, s, id.place)
			for _, one := range plugged {
				if one.volumeID == volumeID && one.ServerID == serverID && one.status != "detaching" {
					return s.DetachVolume(ctx, id.place, volumeID, serverID)
				}
			}
			return err
		},
	}}
}

// pluggedVolumes lists a zone's attachments.
func pluggedVolumes(ctx context.Context, s *session, zone string) ([]pluggedVolume, error) {
	volumes, err := s.Volumes(ctx, zone)
	var plugged []pluggedVolume
	for _, volume := range volumes {
		for _, attachment := range volume.Attachments {
			plugged = append(plugged, pluggedVolume{volume.ID, volume.Status, attachment})
		}
	}
	return plugged, err
}
