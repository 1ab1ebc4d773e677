package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// volume is a disk that lives apart from servers.
type volume struct {
	ID           string      `json:"id"`
	Name         string      `json:"name"`
	Description  string      `json:"description"`
	Type         string      `json:"type"`
	Size         int         `json:"size"`
	Status       string      `json:"status"`
	ServerID     string      `json:"serverId,omitempty"`
	AttachmentID string      `json:"attachmentId,omitempty"`
	AttachedAt   time.Time   `json:"attachedAt"`
	SnapshotID   string      `json:"snapshotId,omitempty"` // that it was made of
	Bootable     bool        `json:"bootable"`             // it was or can be the root disk of a server
	ImageID      string      `json:"imageId,omitempty"`    // of the system on a bootable volume
	Created      time.Time   `json:"created"`
	Next         *transition `json:"next,omitempty"`
}

func (v *volume) key() string { return v.ID }

// statusRemoved is where a deleted volume is on the way to: from the lists.
const statusRemoved = "deleted"

func volumeRoutes(r *router) {
	r.handle("GET /volumes", listVolumes)
	r.handle("GET /volumes/{id}", readVolume) // in the 2022 description only
	r.handle("POST /volumes", createVolume)
	r.handle("PATCH /volumes/{id}", updateVolume)
	r.handle("DELETE /volumes/{id}", deleteVolume)
	r.handle("PATCH /volumes/attach", attachVolume)
	r.handle("PATCH /volumes/detach", detachVolume)
	r.handle("GET /volumes/limits", readVolumeLimits)
	r.handle("GET /volumes/options", readVolumeOptions)
	r.handle("GET /volumes/os-volumes", listRootVolumes)
}

func listVolumes(c *call) reply {
	c.readVolumes()
	volumes := []map[string]any{}
	for _, v := range c.zone.Volumes {
		volumes = append(volumes, c.volumeView(v))
	}
	return withData(http.StatusOK, volumes)
}

func readVolume(c *call) reply {
	v, ok := find(c.zone.Volumes, c.param("id"))
	if !ok || c.emulator.options.Variants.ListsOnly || !c.readVolume(v) {
		return notFound("Volume")
	}
	return withData(http.StatusOK, c.volumeView(v))
}

func createVolume(c *call) reply {
	var body struct {
		Name        string `json:"name"`
		Size        int    `json:"size"`
		Description string `json:"description"`
		Type        string `json:"type"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	errors := fieldErrors{}
	if body.Name == "" {
		errors.add("name", "The name field is required.")
	}
	if body.Size < 1 {
		errors.add("size", "The size must be at least 1.")
	}
	if !slices.Contains([]string{"", "ssd", "hdd"}, strings.ToLower(body.Type)) {
		errors.add("type", "The selected type is invalid.")
	}
	if len(errors) > 0 {
		return invalid(errors)
	}
	limits := c.emulator.options.Quota
	if refusal, over := overQuota("volumes", len(c.zone.Volumes), 1, limits.Volumes); over {
		return refusal
	}
	if refusal, over := overQuota("gigabytes", c.zone.volumeGigabytes(), body.Size, limits.VolumeGB); over {
		return refusal
	}
	v := c.newVolume(body.Name, body.Description, body.Type, body.Size)
	c.goTo(v, "creating", "available")
	return withDataAndMessage(http.StatusCreated, c.volumeView(v), "Volume creation started.")
}

// newVolume makes a volume that can be used at once.
func (c *call) newVolume(name, description, kind string, size int) *volume {
	if kind == "" {
		kind = "ssd"
	}
	v := &volume{
		ID: newID(), Name: name, Description: description, Type: strings.ToLower(kind), Size: max(1, size), Status: "available", Created: c.now,
	}
	c.zone.Volumes = append(c.zone.Volumes, v)
	return v
}

// updateVolume changes name and description; size and type can never be changed.
func updateVolume(c *call) reply {
	v, ok := find(c.zone.Volumes, c.param("id"))
	if !ok {
		return notFound("Volume")
	}
	var body struct {
		Name        *string `json:"name"`
		Description *string `json:"description"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Name != nil {
		if *body.Name == "" {
			return invalid(fieldErrors{"name": {"The name field is required."}})
		}
		v.Name = *body.Name
	}
	if body.Description != nil {
		v.Description = *body.Description
	}
	c.changed()
	return withDataAndMessage(http.StatusOK, c.volumeView(v), "Volume updated successfully.")
}

func deleteVolume(c *call) reply {
	v, ok := find(c.zone.Volumes, c.param("id"))
	if !ok {
		return notFound("Volume")
	}
	v.settle(c.zone, c.now)
	if v.Status != "available" && v.Status != "error" {
		return failure(http.StatusConflict, "The volume is "+v.Status+"; it must be available to be deleted.")
	}
	c.goTo(v, "deleting", statusRemoved)
	c.emulator.volumeGone(v)
	return withMessage(http.StatusAccepted, "The volume is being deleted.")
}

// attachmentBody names a server and a volume.
type attachmentBody struct {
	ServerID string `json:"server_id"`
	VolumeID string `json:"volume_id"`
}

// pair finds the server and the volume.
func (b *attachmentBody) pair(c *call) (*server, *volume, reply, bool) {
	if refusal, ok := c.decode(b); !ok {
		return nil, nil, refusal, false
	}
	s, ok := c.zone.liveServer(b.ServerID)
	if !ok {
		return nil, nil, notFound("Server"), false
	}
	v, ok := find(c.zone.Volumes, b.VolumeID)
	if !ok {
		return nil, nil, notFound("Volume"), false
	}
	v.settle(c.zone, c.now)
	return s, v, reply{}, true
}

func attachVolume(c *call) reply {
	s, v, refusal, ok := new(attachmentBody).pair(c)
	if !ok {
		return refusal
	}
	if v.Status != "available" {
		return failure(http.StatusConflict, "The volume is "+v.Status+"; it must be available to be attached.")
	}
	c.attachVolume(v, s)
	c.goTo(v, "attaching", "in-use")
	c.emulator.machineChanged(c.zone, s)
	return withMessage(http.StatusOK, "The volume is being attached.")
}

// attachVolume ties a volume to a server at once.
func (c *call) attachVolume(v *volume, s *server) {
	v.ServerID, v.AttachmentID, v.AttachedAt, v.Status = s.ID, newID(), c.now, "in-use"
}

func detachVolume(c *call) reply {
	s, v, refusal, ok := new(attachmentBody).pair(c)
	if !ok {
		return refusal
	}
	if v.ServerID != s.ID || v.Status != "in-use" {
		return failure(http.StatusConflict, "The volume is not attached to this server.")
	}
	c.goTo(v, "detaching", "available")
	c.emulator.machineChanged(c.zone, s)
	return withMessage(http.StatusOK, "The volume is being detached.")
}

func (z *zone) volumeGigabytes() int {
	sum := 0
	for _, v := range z.Volumes {
		sum += v.Size
	}
	return sum
}

// goTo starts a change of a volume's state.
func (c *call) goTo(v *volume, during, to string) {
	v.Status = during
	v.Next = &transition{Status: to, Wait: c.emulator.options.Pace.Action.begin(c.now)}
	if c.emulator.options.Variants.TerraformProvider { // it waits for no volume: what it asked for has to be done when it is answered
		v.Next.Wait = &wait{}
		v.settle(c.zone, c.now)
	}
	c.changed()
}

// readVolumes counts a read of every volume of the zone.
func (c *call) readVolumes() {
	for _, v := range slices.Clone(c.zone.Volumes) {
		c.readVolume(v)
	}
}

// readVolume counts a read of a volume and says whether it is still there.
func (c *call) readVolume(v *volume) bool {
	if v.settle(c.zone, c.now) {
		c.changed()
	}
	if v.Next != nil {
		v.Next.Wait.read()
	}
	_, there := find(c.zone.Volumes, v.ID)
	return there
}

// settle moves a volume forward if its time has come.
func (v *volume) settle(z *zone, now time.Time) bool {
	if v.Next == nil || !v.Next.Wait.over(now) {
		return false
	}
	v.Status, v.Next = v.Next.Status, nil
	switch v.Status {
	case "available":
		v.ServerID, v.AttachmentID = "", ""
	case statusRemoved:
		z.Volumes = without(z.Volumes, v.ID)
	}
	return true
}

// detachFrom frees the volume of a server that goes away.
func (v *volume) detachFrom(server string) {
	if v.ServerID == server {
		v.ServerID, v.AttachmentID, v.Status, v.Next = "", "", "available", nil
	}
}

func (v *volume) hourly() float64 { return float64(v.Size) * catalogue.VolumeHourlyPerGB[v.Type] }

func (c *call) volumeView(v *volume) map[string]any {
	attachments := []map[string]any{}
	if s, ok := c.zone.server(v.ServerID); ok {
		attachments = append(attachments, map[string]any{
			"id": v.ID, "attachment_id": v.AttachmentID, "device": c.zone.device(v), "host_name": "", "server_id": s.ID, "server_name": s.Name,
			"volume_id": v.ID, "attached_at": timestamp(v.AttachedAt),
		})
	}
	return map[string]any{
		"id": v.ID, "name": v.Name, "size": v.Size, "status": v.Status, "description": v.Description, "created_at": timestamp(v.Created),
		"volume_type_name": v.Type, "snapshot_id": v.SnapshotID, "source_volume_id": "", "bootable": strconv.FormatBool(v.Bootable),
		"attachments": attachments,
	}
}

// device is the name of the disk inside of the server: the root disk is vda, volumes follow in the order of the list.
func (z *zone) device(v *volume) string {
	letter := 'b'
	for _, other := range z.Volumes {
		if other.ID == v.ID {
			break
		}
		if other.ServerID == v.ServerID {
			letter++
		}
	}
	return "/dev/vd" + string(letter)
}
