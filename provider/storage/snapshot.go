package storage

import (
	"context"
	"fmt"
	"slices"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

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

// Snapshot is the resource arvancloud:storage:Snapshot: the content of a volume or of a server's root disk at one time.
var Snapshot = &resource.Kind[SnapshotArgs, SnapshotState, client.Snapshot]{
	Type:    "storage:Snapshot",
	Name:    "snapshot",
	IDs:     "<zone>/<snapshot id>",
	About:   "The content of a volume, or of a server's root disk, at the time the resource is made.",
	Example: "name: before-upgrade\nvolumeId: ${volume.volumeId}",

	Lingers: true,
	Place:   func(args SnapshotArgs) string { return args.Zone },
	List: func(ctx context.Context, s *resource.Session, zone string) ([]client.Snapshot, error) {
		return s.Snapshots(ctx, zone)
	},
	ID: func(snapshot client.Snapshot) string { return snapshot.ID },
	Check: func(ctx context.Context, c *resource.Checker, args *SnapshotArgs) {
		c.Zone(ctx, &args.Zone)
		c.Name("name", args.Name)
		if c.Decided("volumeId") && c.Decided("serverId") && (args.VolumeID == "") == (args.ServerID == "") {
			c.Fail("volumeId", "give either this or serverId")
		}
	},
	Same: func(args SnapshotArgs, snapshot client.Snapshot) bool {
		of := snapshot.VolumeID == args.VolumeID
		if args.ServerID != "" {
			of = snapshot.ServerID == args.ServerID
		}
		return of && snapshot.Name == args.Name && snapshot.Description == args.Description && snapshot.Status != "deleting"
	},
	Make: func(ctx context.Context, s *resource.Session, args SnapshotArgs) (client.Snapshot, error) {
		if args.ServerID != "" {
			return client.Snapshot{}, s.SnapshotServer(ctx, args.Zone, args.ServerID, args.Name, args.Description)
		}
		return client.Snapshot{}, s.SnapshotVolume(ctx, args.Zone, args.VolumeID, args.Name, args.Description)
	},
	Waiting: func(snapshot client.Snapshot) (string, error) {
		switch {
		case snapshot.Status == "error":
			return "", fmt.Errorf("the snapshot %s is in the state error: delete or replace it", snapshot.Name)
		case slices.Contains([]string{"creating", "queued", "saving", "uploading"}, snapshot.Status):
			return fmt.Sprintf("waiting while the snapshot %s is %s", snapshot.Name, snapshot.Status), nil
		}
		return "", nil
	},
	State: func(args SnapshotArgs, snapshot client.Snapshot, before SnapshotState) SnapshotState {
		if snapshot.ID == "" {
			return SnapshotState{args, before.SnapshotID, before.Size}
		}
		return SnapshotState{args, snapshot.ID, int(snapshot.Size)}
	},
	Observe: func(args SnapshotArgs, snapshot client.Snapshot, imported bool, id resource.Identity) SnapshotArgs {
		args.Zone, args.Name, args.Description = id.Place, snapshot.Name, snapshot.Description
		// A snapshot of a server may tell its root disk, too.
		if imported && snapshot.ServerID != "" {
			args.ServerID = snapshot.ServerID
		} else if imported {
			args.VolumeID = snapshot.VolumeID
		}
		return args
	},
	Change: func(ctx context.Context, s *resource.Session, id resource.Identity, _ SnapshotState, args SnapshotArgs) error {
		return s.UpdateSnapshot(ctx, id.Place, id.Object, args.Name, args.Description)
	},
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ SnapshotState) error {
		return s.DeleteSnapshot(ctx, id.Place, id.Object)
	},
}
