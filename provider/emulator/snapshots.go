package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// snapshot is what was on the disk of a server, or on a volume, at one time.
type snapshot struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	ServerID    string      `json:"serverId,omitempty"`
	VolumeID    string      `json:"volumeId,omitempty"`
	ImageID     string      `json:"imageId,omitempty"` // of the server at that time
	VolumeType  string      `json:"volumeType,omitempty"`
	Size        int         `json:"size"`
	Status      string      `json:"status"`
	Created     time.Time   `json:"created"`
	Reverted    time.Time   `json:"reverted"`
	Next        *transition `json:"next,omitempty"`
}

func (s *snapshot) key() string { return s.ID }

// statusSnapshotQuota is the status with which snapshots over the quota are refused; everything else has statusQuota.
const statusSnapshotQuota = http.StatusNotAcceptable

func snapshotRoutes(r *router) {
	r.handle("GET /snapshots", listSnapshots)
	r.handle("GET /volumes/snapshots", listVolumeSnapshots)
	r.handle("POST /snapshots/servers/{id}", snapshotServer)
	r.handle("POST /servers/{id}/snapshot", snapshotServer)
	r.handle("POST /snapshots/volumes/{id}", snapshotVolume)
	for _, path := range []string{"/snapshots/{id}", "/volumes/{id}/snapshot"} {
		r.handle("PUT "+path, onSnapshot(updateSnapshot))
		r.handle("DELETE "+path, onSnapshot(deleteSnapshot))
		r.handle("PUT "+path+"/revert", onSnapshot(revertSnapshot))
	}
	r.handle("POST /snapshots/{id}/images", onSnapshot(imageOfSnapshot))
	r.handle("POST /snapshots/{id}/volumes", onSnapshot(volumeOfSnapshot))
	r.handle("POST /volumes/snapshots/{id}/create-volume", onSnapshot(volumeOfSnapshot))
	r.handle("POST /volumes/snapshots/{id}/os-volume", onSnapshot(volumeOfSnapshot))
}

// snapshotBody is what all operations on snapshots send.
type snapshotBody struct {
	Name        *string `json:"name"`
	Description *string `json:"description"`
	SnapshotID  string  `json:"snapshot_id"`
}

// onSnapshot serves an operation on a snapshot that is ready. The path names it, or, in the older descriptions of reverting, the
// server or volume, and the body the snapshot.
func onSnapshot(h func(*call, *snapshot, snapshotBody) reply) handler {
	return func(c *call) reply {
		var body snapshotBody
		if refusal, ok := c.decode(&body); !ok {
			return refusal
		}
		s, ok := find(c.zone.Snapshots, c.param("id"))
		if !ok {
			s, ok = find(c.zone.Snapshots, body.SnapshotID)
		}
		if !ok {
			return notFound("Snapshot")
		}
		s.settle(c.zone, c.now)
		if s.Next != nil {
			return failure(http.StatusConflict, "The snapshot is "+s.Status+".")
		}
		return h(c, s, body)
	}
}

func listSnapshots(c *call) reply {
	return withData(http.StatusOK, c.snapshots(func(*snapshot) bool { return true }))
}

func listVolumeSnapshots(c *call) reply {
	return withData(http.StatusOK, c.snapshots(func(s *snapshot) bool { return s.VolumeID != "" }))
}

func (c *call) snapshots(wanted func(*snapshot) bool) []map[string]any {
	list := []map[string]any{}
	for _, s := range slices.Clone(c.zone.Snapshots) {
		if s.settle(c.zone, c.now) {
			c.changed()
		}
		if s.Next != nil {
			s.Next.Wait.read()
		}
		if s.Status != statusRemoved && wanted(s) {
			list = append(list, c.snapshotView(s))
		}
	}
	return list
}

func snapshotServer(c *call) reply {
	return onServer(c, func(c *call, s *server) reply {
		if s.Next != nil || s.Status != "ACTIVE" && s.Status != "SHUTOFF" {
			return failure(http.StatusConflict, "Cannot 'snapshot' while the server is in status "+s.Status+".")
		}
		s.note("snapshot", c.now)
		return c.newSnapshot(&snapshot{ServerID: s.ID, ImageID: s.ImageID, Size: s.Disk, VolumeType: "ssd"})
	})
}

func snapshotVolume(c *call) reply {
	v, ok := find(c.zone.Volumes, c.param("id"))
	if !ok {
		return notFound("Volume")
	}
	v.settle(c.zone, c.now)
	if v.Next != nil {
		return failure(http.StatusConflict, "The volume is "+v.Status+".")
	}
	return c.newSnapshot(&snapshot{VolumeID: v.ID, ImageID: v.ImageID, Size: v.Size, VolumeType: v.Type})
}

// newSnapshot tells no id: the snapshot shows in the list.
func (c *call) newSnapshot(s *snapshot) reply {
	var body snapshotBody
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Name == nil || *body.Name == "" {
		return invalid(fieldErrors{"name": {"The name field is required."}})
	}
	if used, limit := len(c.zone.Snapshots), c.emulator.options.Quota.Snapshots; used >= limit {
		return failure(statusSnapshotQuota, fmt.Sprintf("Quota exceeded for snapshots: %d used, limit %d.", used, limit))
	}
	s.ID, s.Name, s.Status, s.Created = newID(), *body.Name, "creating", c.now
	if body.Description != nil {
		s.Description = *body.Description
	}
	s.Next = &transition{Status: "available", Wait: c.emulator.options.Pace.Action.begin(c.now)}
	c.zone.Snapshots = append(c.zone.Snapshots, s)
	c.changed()
	return withMessage(http.StatusAccepted, "The snapshot is being created.")
}

func updateSnapshot(c *call, s *snapshot, body snapshotBody) reply {
	if body.Name != nil {
		s.Name = *body.Name
	}
	if body.Description != nil {
		s.Description = *body.Description
	}
	c.changed()
	return withMessage(http.StatusAccepted, "The snapshot is being updated.")
}

func deleteSnapshot(c *call, s *snapshot, _ snapshotBody) reply {
	s.Status = "deleting"
	s.Next = &transition{Status: statusRemoved, Wait: c.emulator.options.Pace.Action.begin(c.now)}
	c.changed()
	return withMessage(http.StatusOK, "The snapshot is being deleted.")
}

// revertSnapshot puts a server, or a volume that is attached to none, back to what it was.
func revertSnapshot(c *call, s *snapshot, _ snapshotBody) reply {
	if s.VolumeID != "" {
		v, ok := find(c.zone.Volumes, s.VolumeID)
		switch {
		case c.emulator.options.Variants.NoVolumeRevert:
			return failure(http.StatusBadRequest, "Reverting a volume is not possible yet.")
		case !ok:
			return notFound("Volume")
		case v.Status != "available":
			return failure(http.StatusConflict, "The volume is "+v.Status+"; it must be available to be reverted.")
		}
		c.goTo(v, "restoring-backup", "available")
		s.Reverted = c.now
		return withMessage(http.StatusAccepted, "The volume is being reverted.")
	}
	machine, ok := c.zone.liveServer(s.ServerID)
	if !ok {
		return notFound("Server")
	}
	answer := c.act(machine, "revert", []string{"ACTIVE", "SHUTOFF"}, "REBUILD", "rebuilding", machine.Status, http.StatusAccepted)
	if answer.status == http.StatusAccepted {
		machine.ImageID, s.Reverted = s.ImageID, c.now
		machine.Installation++
	}
	return answer
}

// volumeOfSnapshot tells no id. What a server starts from makes a bootable volume.
func volumeOfSnapshot(c *call, s *snapshot, body snapshotBody) reply {
	name, description := s.Name, s.Description
	if body.Name != nil && *body.Name != "" {
		name = *body.Name
	}
	if body.Description != nil {
		description = *body.Description
	}
	limits := c.emulator.options.Quota
	if refusal, over := overQuota("volumes", len(c.zone.Volumes), 1, limits.Volumes); over {
		return refusal
	}
	if refusal, over := overQuota("gigabytes", c.zone.volumeGigabytes(), s.Size, limits.VolumeGB); over {
		return refusal
	}
	v := c.newVolume(name, description, s.VolumeType, s.Size)
	v.SnapshotID, v.Bootable, v.ImageID = s.ID, s.ImageID != "", s.ImageID
	c.goTo(v, "creating", "available")
	return withMessage(http.StatusOK, "The volume is being created.")
}

func imageOfSnapshot(c *call, s *snapshot, body snapshotBody) reply {
	if s.ServerID == "" {
		return failure(http.StatusBadRequest, "An image can be made of the snapshot of a server only.")
	}
	name := s.Name
	if body.Name != nil && *body.Name != "" {
		name = *body.Name
	}
	c.newImage(&privateImage{Name: name, Base: s.ImageID, MinDisk: s.Size}, "saving")
	return withMessage(http.StatusAccepted, "The image is being created.")
}

// settle moves a snapshot forward if its time has come.
func (s *snapshot) settle(z *zone, now time.Time) bool {
	if s.Next == nil || !s.Next.Wait.over(now) {
		return false
	}
	s.Status, s.Next = s.Next.Status, nil
	if s.Status == statusRemoved {
		z.Snapshots = without(z.Snapshots, s.ID)
	}
	return true
}

func (s *snapshot) kind() string {
	if s.VolumeID != "" {
		return "volume"
	}
	return "server"
}
