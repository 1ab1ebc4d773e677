package emulator

// snapshotView is the snapshot on the wire. Names are those that the server or the volume has now.
func (c *call) snapshotView(s *snapshot) map[string]any {
	serverName, volumeName, reverted := "", "", ""
	if machine, ok := c.zone.server(s.ServerID); ok {
		serverName = machine.Name
	}
	if v, ok := find(c.zone.Volumes, s.VolumeID); ok {
		volumeName = v.Name
	}
	if !s.Reverted.IsZero() {
		reverted = timestamp(s.Reverted)
	}
	return map[string]any{
		"id": s.ID, "name": s.Name, "description": s.Description, "size": s.Size, "real_size": int64(s.Size) * gigabyte, "real_size_status": true,
		"status": s.Status, "type": s.kind(), "volume_id": s.VolumeID, "volume_name": volumeName, "server_id": s.ServerID,
		"server_name": serverName, "image_id": s.ImageID, "reverted_on": reverted, "created_at": timestamp(s.Created),
	}
}
