package emulator

import (
	"fmt"
	"net/http"
	"slices"
)

func serverActionRoutes(r *router) {
	post := func(action string, h func(*call, *server) reply) {
		r.handle("POST /servers/{id}/"+action, func(c *call) reply { return onServer(c, h) })
	}
	post("power-on", powerOn)
	post("power-off", powerOff)
	post("reboot", func(c *call, s *server) reply { return reboot(c, s, "REBOOT") })
	post("hard-reboot", func(c *call, s *server) reply { return reboot(c, s, "HARD_REBOOT") })
	post("rename", renameServer)
	post("rebuild", rebuildServer)
	post("resize", resizeServer)
	post("terminate", terminateServer)
	post("add-public-ip", addPublicIP)
	post("add-security-group", addSecurityGroup)
	post("remove-security-group", removeSecurityGroup)
	r.handle("PUT /servers/{id}/resizeRoot", func(c *call) reply { return onServer(c, resizeRoot) })
	r.handle("GET /servers/{id}/actions", func(c *call) reply { return onServer(c, listActions) })
}

// statusTerminated is the non-standard status of calls on a server that was terminated.
const statusTerminated = 419

// onServer serves an operation on a server that is not being deleted.
func onServer(c *call, h func(*call, *server) reply) reply {
	s, ok := c.zone.liveServer(c.param("id"))
	if !ok {
		return notFound("Server")
	}
	if c.emulator.settle(c.zone, s, c.now) {
		c.changed()
	}
	return h(c, s)
}

// act starts a change of state, if the server is in one of the states that it is possible from.
func (c *call) act(s *server, name string, from []string, during, task, to string, status int) reply {
	if s.Next != nil {
		return failure(http.StatusConflict, fmt.Sprintf("Cannot '%s' while the server is in task_state %s.", name, s.TaskState))
	}
	if !slices.Contains(from, s.Status) {
		return failure(http.StatusConflict, fmt.Sprintf("Cannot '%s' while the server is in status %s.", name, s.Status))
	}
	s.Status, s.TaskState, s.Error = during, task, ""
	s.Next = &transition{Status: to, Wait: c.emulator.options.Pace.Action.begin(c.now)}
	s.note(name, c.now)
	c.changed()
	c.emulator.machineChanged(c.zone, s)
	return withMessage(status, "The request is accepted.")
}

func powerOn(c *call, s *server) reply {
	if s.Status == "SUSPENDED" {
		return failure(statusTerminated, "The server is terminated.")
	}
	if s.Rootless {
		return failure(http.StatusBadRequest, "The server has no root volume.")
	}
	return c.act(s, "power-on", []string{"SHUTOFF"}, "SHUTOFF", "powering-on", "ACTIVE", http.StatusOK)
}

func powerOff(c *call, s *server) reply {
	return c.act(s, "power-off", []string{"ACTIVE"}, "ACTIVE", "powering-off", "SHUTOFF", http.StatusOK)
}

func reboot(c *call, s *server, during string) reply {
	return c.act(s, "reboot", []string{"ACTIVE"}, during, "rebooting", "ACTIVE", http.StatusAccepted)
}

// terminateServer makes the server non-bootable and keeps it: it is not a deletion.
func terminateServer(c *call, s *server) reply {
	return c.act(s, "terminate", []string{"ACTIVE", "SHUTOFF"}, s.Status, "suspending", "SUSPENDED", http.StatusAccepted)
}

func renameServer(c *call, s *server) reply {
	var body struct {
		Name string `json:"name"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Name == "" {
		return invalid(fieldErrors{"name": {"The name field is required."}})
	}
	s.Name = body.Name
	s.note("rename", c.now)
	c.changed()
	return withMessage(http.StatusAccepted, "The server is renamed.")
}

func rebuildServer(c *call, s *server) reply {
	var body struct {
		ImageID string `json:"image_id"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	system, ok := c.zone.image(body.ImageID)
	if !ok || system.Disk > s.Disk {
		return invalid(fieldErrors{"image_id": {"The selected image id is invalid or does not fit on the disk."}})
	}
	if s.Next == nil && (s.Status == "ACTIVE" || s.Status == "SHUTOFF" || s.Status == "ERROR") {
		s.ImageID = body.ImageID
		s.Installation++
	}
	return c.act(s, "rebuild", []string{"ACTIVE", "SHUTOFF", "ERROR"}, "REBUILD", "rebuilding", "ACTIVE", http.StatusAccepted)
}

// resizeServer changes the plan of a server that is off. Its state afterwards is the one it had.
func resizeServer(c *call, s *server) reply {
	var body struct {
		PlanID string `json:"flavor_id"`
		Disk   int    `json:"disk_size"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	size, ok := catalogue.planIn(c.zone.Code, body.PlanID)
	if !ok {
		return invalid(fieldErrors{"flavor_id": {"The selected flavor id is invalid."}})
	}
	if body.Disk != 0 && body.Disk < s.Disk {
		return invalid(fieldErrors{"disk_size": {"The disk cannot be made smaller."}})
	}
	from := []string{"SHUTOFF"}
	if c.emulator.options.Variants.ResizeRunning {
		from = append(from, "ACTIVE")
	}
	answer := c.act(s, "resize", from, "RESIZE", "resize_prep", s.Status, http.StatusAccepted)
	if answer.status == http.StatusAccepted {
		s.Plan, s.Disk = size.ID, max(s.Disk, body.Disk)
	}
	return answer
}

// resizeRoot makes the root disk larger.
func resizeRoot(c *call, s *server) reply {
	var body struct {
		Size int `json:"new_size"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Size <= s.Disk {
		return invalid(fieldErrors{"new_size": {fmt.Sprintf("The new size must be greater than %d.", s.Disk)}})
	}
	s.Disk = body.Size
	s.note("resize-root", c.now)
	c.changed()
	return withMessage(http.StatusAccepted, "The root volume is being resized.")
}

// addPublicIP tells no address: it shows in the lists of ports and addresses.
func addPublicIP(c *call, s *server) reply {
	var body struct {
		Type   string   `json:"type"`
		Groups []string `json:"security_groups"`
		Group  string   `json:"security_group"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Type != "" && body.Type != "ipv4" {
		return invalid(fieldErrors{"type": {"IPv6 is not supported in this region."}})
	}
	groups := body.Groups
	if body.Group != "" {
		groups = append(groups, body.Group)
	}
	for _, id := range groups {
		if _, ok := find(c.zone.Groups, id); !ok {
			return notFound("Security group")
		}
	}
	p, refusal, ok := c.newPublicPort(s)
	if !ok {
		return refusal
	}
	if len(groups) > 0 {
		p.Groups = groups
	}
	p.Hidden = c.emulator.options.Pace.Address.begin(c.now)
	s.note("add-public-ip", c.now)
	c.changed()
	c.emulator.machineChanged(c.zone, s)
	return withMessage(http.StatusCreated, "The public IP is being added.")
}

func addSecurityGroup(c *call, s *server) reply {
	g, refusal, ok := c.groupOfBody()
	if !ok {
		return refusal
	}
	if slices.Contains(s.Groups, g.ID) {
		return failure(http.StatusConflict, "The server already has this security group.")
	}
	s.Groups = append(s.Groups, g.ID)
	for _, p := range c.zone.portsOfServer(s.ID) {
		p.Groups = append(p.Groups, g.ID)
	}
	c.changed()
	return withMessage(http.StatusAccepted, "The security group is being added.")
}

func removeSecurityGroup(c *call, s *server) reply {
	g, refusal, ok := c.groupOfBody()
	if !ok {
		return refusal
	}
	if !slices.Contains(s.Groups, g.ID) {
		return notFound("Security group of the server")
	}
	isIt := func(id string) bool { return id == g.ID }
	s.Groups = slices.DeleteFunc(s.Groups, isIt)
	for _, p := range c.zone.portsOfServer(s.ID) {
		p.Groups = slices.DeleteFunc(p.Groups, isIt)
	}
	c.changed()
	return withMessage(http.StatusAccepted, "The security group is being removed.")
}

func (c *call) groupOfBody() (*securityGroup, reply, bool) {
	var body struct {
		ID string `json:"security_group_id"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return nil, refusal, false
	}
	g, ok := find(c.zone.Groups, body.ID)
	if !ok {
		return nil, notFound("Security group"), false
	}
	return g, reply{}, true
}

// listActions answers 202, as documented.
func listActions(c *call, s *server) reply {
	actions := []map[string]any{}
	for _, a := range s.Actions {
		actions = append(actions, map[string]any{"action": a.Action, "message": "", "start_time": timestamp(a.Start)})
	}
	return withData(http.StatusAccepted, actions)
}
