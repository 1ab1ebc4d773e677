package emulator

import (
	"fmt"
	"net/http"
)

// statusQuota is the non-standard status with which v1 refuses what the quota does not allow.
const statusQuota = 420

// Quota limits what one zone may hold. A zero field takes the default.
type Quota struct {
	Servers        int `json:"servers"`
	Cores          int `json:"cores"`
	MemoryGB       int `json:"memoryGB"`
	SSHKeys        int `json:"sshKeys"`
	SecurityGroups int `json:"securityGroups"`
	ServerGroups   int `json:"serverGroups"`
	FloatingIPs    int `json:"floatingIPs"`
	Volumes        int `json:"volumes"`
	VolumeGB       int `json:"volumeGB"`
	Networks       int `json:"networks"`
	Snapshots      int `json:"snapshots"`
}

func (q Quota) withDefaults() Quota {
	fill := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	fill(&q.Servers, 1000)
	fill(&q.Cores, 8000)
	fill(&q.MemoryGB, 16000)
	fill(&q.SSHKeys, 100)
	fill(&q.SecurityGroups, 100)
	fill(&q.ServerGroups, 100)
	fill(&q.FloatingIPs, 100)
	fill(&q.Volumes, 1000)
	fill(&q.VolumeGB, 100000)
	fill(&q.Networks, 100)
	fill(&q.Snapshots, 100)
	return q
}

// overQuota refuses when used plus added is more than limit.
func overQuota(kind string, used, added, limit int) (reply, bool) {
	if used+added <= limit {
		return reply{}, false
	}
	return failure(statusQuota, fmt.Sprintf("Quota exceeded for %s: %d used, %d requested, limit %d.", kind, used, added, limit)), true
}

func quotaRoutes(r *router) {
	r.handle("GET /quota", readQuota)
	r.handle("GET /quotas", readPlainQuota)
}

func readQuota(c *call) reply {
	limit := func(value int) map[string]any { return map[string]any{"unlimited": false, "value": value} }
	q, cores, memory := c.emulator.options.Quota, 0, 0
	for _, s := range c.zone.Servers {
		plan := catalogue.plan(s.Plan)
		cores, memory = cores+plan.Cores, memory+plan.MemoryGB
	}
	return withData(http.StatusOK, map[string]any{
		"max_total_instances":        limit(q.Servers),
		"total_instances_used":       len(c.zone.Servers),
		"max_total_cores":            limit(q.Cores),
		"total_cores_used":           cores,
		"max_total_ram_size":         limit(q.MemoryGB * 1024),
		"total_ram_used":             memory * 1024,
		"max_total_keypairs":         limit(q.SSHKeys),
		"total_keypairs_used":        len(c.zone.SSHKeys),
		"max_security_groups":        limit(q.SecurityGroups),
		"total_security_groups_used": len(c.zone.Groups),
		"max_security_group_rules":   limit(1000),
		"max_server_groups":          limit(q.ServerGroups),
		"total_server_groups_used":   len(c.zone.ServerGroups),
		"max_total_floating_ips":     limit(q.FloatingIPs),
		"total_floating_ips_used":    len(c.zone.FloatingIPs),
		"max_image_meta":             limit(128),
		"max_personality":            limit(5),
		"max_personality_size":       limit(10240),
		"max_server_meta":            limit(128),
		"max_server_group_members":   limit(100),
	})
}
