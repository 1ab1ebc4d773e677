package emulator

import "net/http"

func rootVolumeRoutes(r *router) {
	r.handle("PUT /servers/{id}/attachRoot", func(c *call) reply { return onServer(c, attachRoot) })
	r.handle("PUT /servers/{id}/detachRoot", func(c *call) reply { return onServer(c, detachRoot) })
}

// listRootVolumes lists the volumes that a server can start from.
func listRootVolumes(c *call) reply {
	c.readVolumes()
	volumes := []map[string]any{}
	for _, v := range c.zone.Volumes {
		if v.Bootable {
			volumes = append(volumes, c.volumeView(v))
		}
	}
	return withData(http.StatusOK, volumes)
}

// detachRoot makes the root disk of a server that is off a volume of its own.
func detachRoot(c *call, s *server) reply {
	if s.Next != nil || s.Status != "SHUTOFF" {
		return failure(http.StatusBadRequest, "The server must be off to have its root volume detached.")
	}
	if s.Rootless {
		return failure(http.StatusBadRequest, "The server has no root volume.")
	}
	v, attached := c.rootVolumeOf(s)
	if !attached {
		v = c.newVolume(s.Name+"-root", "", "ssd", s.Disk)
		v.Bootable, v.ImageID = true, s.ImageID
	}
	v.ServerID, v.AttachmentID = s.ID, newID()
	c.goTo(v, "detaching", "available")
	s.Rootless = true
	s.note("detach-root", c.now)
	return withMessage(http.StatusOK, "The root volume is being detached.")
}

// attachRoot makes a volume the root disk of a server that has none.
func attachRoot(c *call, s *server) reply {
	var body struct {
		VolumeID string `json:"volume_id"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	v, ok := find(c.zone.Volumes, body.VolumeID)
	if !ok {
		return notFound("Volume")
	}
	v.settle(c.zone, c.now)
	switch {
	case !v.Bootable || v.Status != "available":
		return failure(http.StatusBadRequest, "The volume must be bootable and available to become a root volume.")
	case !s.Rootless || s.Next != nil || s.Status != "SHUTOFF":
		return failure(http.StatusBadRequest, "The server must be off and have no root volume.")
	}
	c.attachVolume(v, s)
	c.goTo(v, "attaching", "in-use")
	if s.ImageID != v.ImageID {
		s.Installation++ // another system than the one that ran
	}
	s.Rootless, s.ImageID, s.Disk = false, v.ImageID, v.Size
	s.note("attach-root", c.now)
	return withMessage(http.StatusOK, "The root volume is being attached.")
}

// rootVolumeOf is the root disk of a server that is a volume, because it was attached as such.
func (c *call) rootVolumeOf(s *server) (*volume, bool) {
	for _, v := range c.zone.Volumes {
		if v.Bootable && v.ServerID == s.ID {
			return v, true
		}
	}
	return nil, false
}
