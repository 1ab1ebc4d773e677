package emulator

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
)

// serverBody is what the creation of servers sends. Fields that the emulator has no use for are left out and ignored.
type serverBody struct {
	Name           string   `json:"name"`
	PlanID         string   `json:"flavor_id"`
	ImageID        string   `json:"image_id"`
	NetworkID      string   `json:"network_id"`
	NetworkIDs     []string `json:"network_ids"`
	SecurityGroups []struct {
		ID string `json:"name"` // the field is called name and carries the id
	} `json:"security_groups"`
	UseKey      bool   `json:"ssh_key"`
	KeyName     any    `json:"key_name"` // a string, or the number 0 for none
	Count       int    `json:"count"`
	CreateType  string `json:"create_type"`
	DiskSize    int    `json:"disk_size"`
	UserData    string `json:"init_script"`
	HA          bool   `json:"ha_enabled"`
	EnableIPv4  bool   `json:"enable_ipv4"`
	ServerGroup string `json:"server_group_id"`
	Backup      bool   `json:"enable_backup"`
	Volumes     []struct {
		Name        string `json:"name"`
		Size        int    `json:"size"`
		Description string `json:"description"`
		Type        string `json:"type"`
	} `json:"server_volumes"`
	VolumeIDs []string `json:"volumeAttachments"`
}

// order is a creation that was found possible.
type order struct {
	body     serverBody
	plan     plan
	key      *sshKey
	groups   []string
	networks []*network
	public   bool
	disk     int
}

// createServers makes one server, or count of them. The reply shows the first while it is still BUILD; only this reply ever
// holds the password of a server without a key.
func createServers(c *call) reply {
	var body serverBody
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	o, errors := c.order(body)
	if len(errors) > 0 {
		return invalid(errors)
	}
	count := max(1, body.Count)
	if refusal, over := c.serverQuota(o.plan, count); over {
		return refusal
	}
	var made []*server
	for i := range count {
		name := body.Name
		if count > 1 {
			name = fmt.Sprintf("%s-%d", body.Name, i+1)
		}
		s, refusal, ok := c.build(o, name)
		if !ok {
			for _, s := range append(made, s) {
				c.zone.forget(s)
			}
			return refusal
		}
		made = append(made, s)
	}
	asynchronous := c.query.Get("Async") == "true"
	for _, s := range made {
		if asynchronous {
			s.TaskID = newID()
		}
		c.emulator.machineChanged(c.zone, s)
	}
	c.changed()
	view := c.serverView(made[0])
	if o.key == nil {
		view["password"] = newPassword()
	}
	if asynchronous {
		view["id"] = "" // not known yet; the inquiry of the task tells it
	}
	return withDataAndMessage(c.emulator.options.Variants.CreateServerStatus, view, "Server creation started.")
}

// order checks everything that a creation refers to.
func (c *call) order(body serverBody) (order, fieldErrors) {
	o, errors := order{body: body, disk: body.DiskSize}, fieldErrors{}
	if body.Name == "" {
		errors.add("name", "The name field is required.")
	}
	var planFound, imageFound bool
	if o.plan, planFound = catalogue.planIn(c.zone.Code, body.PlanID); !planFound {
		errors.add("flavor_id", "The selected flavor id is invalid.")
	}
	system, imageFound := c.zone.image(body.ImageID)
	if !imageFound {
		errors.add("image_id", "The selected image id is invalid.")
	}
	if o.disk == 0 {
		o.disk = o.plan.Disk
	}
	if imageFound && planFound && o.disk < system.Disk {
		errors.add("disk_size", fmt.Sprintf("The disk size must be at least %d for this image.", system.Disk))
	}
	if imageFound && planFound && o.plan.MemoryGB*1024 < system.RAM {
		errors.add("flavor_id", fmt.Sprintf("The flavor must have at least %d MB of memory for this image.", system.RAM))
	}
	o.key = c.orderKey(body, errors)
	o.groups = c.orderGroups(body, errors)
	o.networks, o.public = c.orderNetworks(body, errors)
	if _, ok := find(c.zone.ServerGroups, body.ServerGroup); body.ServerGroup != "" && !ok {
		errors.add("server_group_id", "The selected server group id is invalid.")
	}
	for _, id := range body.VolumeIDs {
		if v, ok := find(c.zone.Volumes, id); !ok || v.Status != "available" {
			errors.add("volumeAttachments", "The volume "+id+" does not exist or is in use.")
		}
	}
	return o, errors
}

func (c *call) orderKey(body serverBody, errors fieldErrors) *sshKey {
	name, _ := body.KeyName.(string)
	if name == "" || name == "0" {
		if body.UseKey {
			errors.add("key_name", "The key name field is required when ssh key is true.")
		}
		return nil
	}
	k, ok := find(c.zone.SSHKeys, name)
	if !ok {
		errors.add("key_name", "The selected key name is invalid.")
		return nil
	}
	return k
}

// orderGroups resolves the security groups; without any the server gets the default group.
func (c *call) orderGroups(body serverBody, errors fieldErrors) []string {
	var groups []string
	for _, wanted := range body.SecurityGroups {
		if _, ok := find(c.zone.Groups, wanted.ID); !ok {
			errors.add("security_groups", "The security group "+wanted.ID+" does not exist: the name field takes the id of a group.")
		} else if !slices.Contains(groups, wanted.ID) {
			groups = append(groups, wanted.ID)
		}
	}
	if len(body.SecurityGroups) == 0 {
		groups = []string{c.zone.Groups[0].ID}
	}
	return groups
}

// orderNetworks resolves the networks. The public one gives the server a public address, as enable_ipv4 does.
func (c *call) orderNetworks(body serverBody, errors fieldErrors) (private []*network, public bool) {
	public = body.EnableIPv4
	ids := body.NetworkIDs
	if body.NetworkID != "" {
		ids = append([]string{body.NetworkID}, ids...)
	}
	for _, id := range ids {
		n, ok := find(c.zone.Networks, id)
		switch {
		case !ok:
			errors.add("network_ids", "The network "+id+" does not exist.")
		case n.Public:
			public = true
		case !slices.Contains(private, n):
			private = append(private, n)
		}
	}
	if len(ids) == 0 && !public {
		errors.add("network_ids", "The network ids field is required.")
	}
	return private, public
}

func (c *call) serverQuota(p plan, count int) (reply, bool) {
	limits, cores, memory := c.emulator.options.Quota, 0, 0
	for _, s := range c.zone.Servers {
		used := catalogue.plan(s.Plan)
		cores, memory = cores+used.Cores, memory+used.MemoryGB
	}
	if refusal, over := overQuota("instances", len(c.zone.Servers), count, limits.Servers); over {
		return refusal, true
	}
	if refusal, over := overQuota("cores", cores, count*p.Cores, limits.Cores); over {
		return refusal, true
	}
	return overQuota("ram (GB)", memory, count*p.MemoryGB, limits.MemoryGB)
}

// build makes one server of an order and puts it on its networks. Not ok leaves a part of it, for the caller to forget.
func (c *call) build(o order, name string) (*server, reply, bool) {
	pace := c.emulator.options.Pace
	s := &server{
		ID: newID(), Name: name, Plan: o.plan.ID, ImageID: o.body.ImageID, Status: "BUILD", TaskState: "spawning", UserData: o.body.UserData,
		Disk: o.disk, HA: o.body.HA, Backup: o.body.Backup, Groups: o.groups, ServerGroup: o.body.ServerGroup, Created: c.now,
		Next: &transition{Status: "ACTIVE", Wait: pace.Build.begin(c.now)}, AddressStep: pace.Address, Tags: []string{},
	}
	if o.key != nil {
		s.KeyName, s.PublicKey = o.key.Name, o.key.PublicKey
	}
	c.effects.onCreate(s, c.now)
	s.note("create", c.now)
	c.zone.addServer(s)
	for _, n := range o.networks {
		if _, refusal, ok := c.newPrivatePort(n, s, ""); !ok {
			return s, refusal, false
		}
	}
	if o.public {
		p, refusal, ok := c.newPublicPort(s)
		if !ok {
			return s, refusal, false
		}
		p.Hidden = s.AddressStep.begin(c.now)
	}
	for i, v := range o.body.Volumes {
		volumeName := v.Name
		if volumeName == "" {
			volumeName = fmt.Sprintf("%s-volume-%d", name, i+1)
		}
		c.attachVolume(c.newVolume(volumeName, v.Description, v.Type, v.Size), s)
	}
	for _, id := range o.body.VolumeIDs {
		v, _ := find(c.zone.Volumes, id)
		c.attachVolume(v, s)
	}
	return s, reply{}, true
}

// forget removes every trace of a server.
func (z *zone) forget(s *server) {
	z.removeServer(s)
	for _, p := range z.portsOfServer(s.ID) {
		z.removePort(p)
	}
	for _, v := range z.Volumes {
		v.detachFrom(s.ID)
	}
	for _, t := range z.Tags {
		t.detach(s.ID)
	}
}

// newPassword is the one-time root password.
func newPassword() string { return strings.ToLower(rand.Text()[:16]) }
