package emulator

import "time"

// volume is a disk that lives apart from servers.
type volume struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Type        string      `json:"type"`
	Size        int         `json:"size"`
	Status      string      `json:"status"`
	ServerID    string      `json:"serverId,omitempty"`
	AttachedAt  time.Time   `json:"attachedAt"`
	Created     time.Time   `json:"created"`
	Next        *transition `json:"next,omitempty"`
}

func (v *volume) key() string { return v.ID }

func (v *volume) settle(*zone, time.Time) bool { return false }

func (v *volume) hourly() float64 { return float64(v.Size) * catalogue.VolumeHourlyPerGB[v.Type] }

func (v *volume) detachFrom(server string) {
	if v.ServerID == server {
		v.ServerID, v.Status = "", "available"
	}
}

func (c *call) newVolume(name, description, kind string, size int) *volume {
	v := &volume{ID: newID(), Name: name, Description: description, Type: kind, Size: size, Status: "available", Created: c.now}
	c.zone.Volumes = append(c.zone.Volumes, v)
	return v
}

func (c *call) attachVolume(v *volume, s *server) { v.ServerID, v.Status = s.ID, "in-use" }
