package emulator

import "slices"

// serverView is the server on the wire. The memory of its flavor is in MB, unlike a plan's.
func (c *call) serverView(s *server) map[string]any {
	networks := []string{}
	addresses := map[string][]map[string]any{}
	ports := c.zone.portsOfServer(s.ID)
	for _, p := range ports {
		networks = append(networks, p.NetworkID)
		if c.zone.addressShows(p) {
			n, _ := find(c.zone.Networks, p.NetworkID)
			addresses[n.Name] = append(addresses[n.Name], map[string]any{
				"mac_addr": p.MAC, "version": "4", "addr": p.IP, "type": "fixed", "is_public": p.Public, "is_vpc": false,
			})
			if f, ok := c.zone.floatingOf(p.ID); ok {
				addresses[n.Name] = append(addresses[n.Name], map[string]any{
					"mac_addr": p.MAC, "version": "4", "addr": f.Address, "type": "floating", "is_public": true, "is_vpc": false,
				})
			}
		}
	}
	groups := []map[string]any{}
	for _, g := range c.zone.Groups {
		if slices.Contains(s.Groups, g.ID) {
			groups = append(groups, c.groupReference(g, ports))
		}
	}
	tags := []map[string]any{}
	for _, t := range c.zone.Tags {
		if slices.Contains(t.Members, s.ID) {
			tags = append(tags, t.view())
		}
	}
	var taskState any
	if s.TaskState != "" {
		taskState = s.TaskState
	}
	size := catalogue.plan(s.Plan)
	system, _ := c.zone.image(s.ImageID)
	return map[string]any{
		"id": s.ID, "name": s.Name, "status": s.Status, "task_state": taskState, "task_id": s.TaskID, "error": s.Error,
		"created": timestamp(s.Created), "password": "", "key_name": s.KeyName, "ar_next": "", "ha_enabled": s.HA, "backup_enabled": s.Backup,
		"volume_backed": true, "spot": false, "domain": "", "cluster_id": "", "dedicated_server_id": "", "networks": networks, "vpcs": nil,
		"tags": tags, "image": system.view(c.zone.Code), "security_groups": groups, "addresses": addresses,
		"flavor": map[string]any{
			"id": size.ID, "name": "ar-" + size.ID, "ram": size.MemoryGB * 1024, "swap": "", "vcpus": size.Cores, "disk": s.Disk, "free_server": false,
		},
		"prepaid_package_purchase": nil,
	}
}

// serversOn are the servers of a network, as networks and subnets list them.
func (z *zone) serversOn(n *network) []map[string]any {
	servers := []map[string]any{}
	for _, p := range z.portsOf(func(p *port) bool { return p.NetworkID == n.ID }) {
		s, ok := z.server(p.ServerID)
		if !ok || !z.addressShows(p) {
			continue
		}
		groups := []map[string]any{}
		for _, g := range z.Groups {
			if slices.Contains(p.Groups, g.ID) {
				groups = append(groups, map[string]any{"id": g.ID, "name": g.Name})
			}
		}
		public := []map[string]any{}
		if p.Public {
			public = append(public, map[string]any{"ip_address": p.IP, "subnet_id": n.Subnet.ID})
		}
		servers = append(servers, map[string]any{
			"id": s.ID, "name": s.Name, "addresses": map[string]any{n.Name: []string{p.IP}}, "public_ip": public, "security_groups": p.Groups,
			"ips": []map[string]any{{
				"ip": p.IP, "mac_address": p.MAC, "port_id": p.ID, "port_security_enabled": p.Security, "ptr": z.ptrOf(p.IP), "public": p.Public,
				"subnet_id": n.Subnet.ID, "subnet_name": n.Subnet.Name, "version": "4", "float_ip": z.floatingReference(p.ID),
				"security_groups": groups,
			}},
		})
	}
	return servers
}
