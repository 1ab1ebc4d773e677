package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// Snapshot is the resource arvancloud:storage:Snapshot: the content of a volume or of a server's root disk at one time.
type Snapshot struct {
	kind[SnapshotArgs, SnapshotState, client.Snapshot]
}

// SnapshotArgs are the inputs of a Snapshot.
type SnapshotArgs struct {
	Zone        string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone. Default: the zone of the provider's configuration."`
	Name        string `pulumi:"name" doc:"Name of the snapshot."`
	Description string `pulumi:"description,optional" doc:"What the snapshot is for."`
	VolumeID    string `pulumi:"volumeId,optional" provider:"replaceOnChanges" doc:"Id of the volume to keep the content of; either this or serverId."`
	ServerID    string `pulumi:"serverId,optional" provider:"replaceOnChanges" doc:"Id of the server to keep the root disk of; either this or volumeId."`
}

// SnapshotState is what is known of a Snapshot.
type SnapshotState struct {
	SnapshotArgs
	SnapshotID string `pulumi:"snapshotId" doc:"Id of the snapshot."`
	Size       int    `pulumi:"size" doc:"Size of the disk in GB."`
}

// Annotate describes the resource in the schema.
func (v *Snapshot) Annotate(a infer.Annotator) {
	a.SetToken(moduleStorage, "Snapshot")
	a.Describe(&v, documented("The content of a volume, or of a server's root disk, at the time the resource is made.", formSnapshot,
		"storage:Snapshot", "name: before-upgrade\nvolumeId: ${volume.volumeId}"))
}

// Annotate describes the inputs in the schema.
func (s *SnapshotArgs) Annotate(a infer.Annotator) { describeFields(a, s) }

// Annotate describes the outputs in the schema.
func (s *SnapshotState) Annotate(a infer.Annotator) { describeFields(a, s) }

func newSnapshot() *Snapshot {
	return &Snapshot{kind[SnapshotArgs, SnapshotState, client.Snapshot]{
		name: kindSnapshot, form: formSnapshot, lingers: true,
		place: func(args SnapshotArgs) string { return args.Zone },
		list: func(ctx context.Context, s *session, zone string) ([]client.Snapshot, error) {
			return s.Snapshots(ctx, zone)
		},
		id: func(snapshot client.Snapshot) string { return snapshot.ID },
		check: func(ctx context.Context, c *checker, args *SnapshotArgs) {
			c.zone(ctx, &args.Zone)
			c.name("name", args.Name)
			if c.decided("volumeId") && c.decided("serverId") && (args.VolumeID == "") == (args.ServerID == "") {
				c.fail("volumeId", "give either this or serverId")
			}
		},
		same: func(args SnapshotArgs, snapshot client.Snapshot) bool {
			of := snapshot.VolumeID == args.VolumeID
			if args.ServerID != "" {
				of = snapshot.ServerID == args.ServerID
			}
			return of && snapshot.Name == args.Name && snapshot.Description == args.Description && snapshot.Status != "deleting"
		},
		make: func(ctx context.Context, s *session, args SnapshotArgs) (client.Snapshot, error) {
			if args.ServerID != "" {
				return client.Snapshot{}, s.SnapshotServer(ctx, args.Zone, args.ServerID, args.Name, args.Description)
			}
			return client.Snapshot{}, s.SnapshotVolume(ctx, args.Zone, args.VolumeID, args.Name, args.Description)
		},
		waiting: func(snapshot client.Snapshot) (string, error) {
			switch {
			case snapshot.Status == "error":
				return "", fmt.Errorf("the snapshot %s is in the state error: delete or replace it", snapshot.Name)
			case slices.Contains([]string{"creating", "queued", "saving", "uploading"}, snapshot.Status):
				return fmt.Sprintf("waiting while the snapshot %s is %s", snapshot.Name, snapshot.Status), nil
			}
			return "", nil
		},
		state: func(args SnapshotArgs, snapshot client.Snapshot, before SnapshotState) SnapshotState {
			if snapshot.ID == "" {
				return SnapshotState{args, before.SnapshotID, before.Size}
			}
			return SnapshotState{args, snapshot.ID, int(snapshot.Size)}
		},
		observe: func(args SnapshotArgs, snapshot client.Snapshot, imported bool, id identity) SnapshotArgs {
			args.Zone, args.Name, args.Description = id.place, snapshot.Name, snapshot.Description
			// A snapshot of a server may tell its root disk, too.
			if imported && snapshot.ServerID != "" {
				args.ServerID = snapshot.ServerID
			} else if imported {
				args.VolumeID = snapshot.VolumeID
			}
			return args
		},
		change: func(ctx context.Context, s *session, id identity, _ SnapshotState, args SnapshotArgs) error {
			return s.UpdateSnapshot(ctx, id.place, id.object, args.Name, args.Description)
		},
		remove: func(ctx context.Context, s *session, id identity, _ SnapshotState) error {
			return s.DeleteSnapshot(ctx, id.place, id.object)
		},
	}}
}
