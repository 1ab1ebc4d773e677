package emulator

import "net/http"

func readVolumeLimits(c *call) reply {
	limits := c.emulator.options.Quota
	return withData(http.StatusOK, map[string]any{
		"max_total_volumes": limits.Volumes, "total_volumes_used": len(c.zone.Volumes), "max_total_volume_gigabytes": limits.VolumeGB,
		"total_gigabytes_used": c.zone.volumeGigabytes(), "max_total_snapshots": limits.Snapshots,
		"total_snapshots_used": len(c.zone.Snapshots), "max_total_backups": 0,
		"total_backups_used": 0, "max_total_backup_gigabytes": 0, "total_backup_gigabytes_used": 0,
	})
}

// GrowVolume makes a volume larger, as its owner would in the panel: the API has no call for it. It says whether there is such a volume,
// by id or name, that is not larger already.
func (e *Emulator) GrowVolume(name string, gigabytes int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, z := range e.world.Zones {
		for _, v := range z.Volumes {
			if v.ID != name && v.Name != name || v.Size > gigabytes {
				continue
			}
			v.Size, e.dirty = gigabytes, true
			if s, attached := z.liveServer(v.ServerID); attached {
				e.machineChanged(z, s)
			}
			return true
		}
	}
	return false
}

func readVolumeOptions(*call) reply {
	perKind := func(ssd, hdd any) map[string]any { return map[string]any{"ssd": ssd, "hdd": hdd} }
	return withData(http.StatusOK, map[string]any{
		"iops_per_gig": perKind(30, 3), "iops_sec_max": perKind("20000", "500"), "throughput_kb_per_gig": perKind(1024, 256),
		"throughput_sec_max": perKind("300", "60"), "throughput_sec_min": perKind(50, 10),
	})
}
