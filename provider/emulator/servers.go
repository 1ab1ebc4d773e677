package emulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// server is a virtual machine, from the call that creates it until it is not listed any more.
type server struct {
	ID           string         `json:"id"`
	TaskID       string         `json:"taskId"` // set when it was made asynchronously
	Name         string         `json:"name"`
	Plan         string         `json:"plan"`
	ImageID      string         `json:"imageId"`
	Status       string         `json:"status"`
	TaskState    string         `json:"taskState"`
	Error        string         `json:"error,omitempty"`
	KeyName      string         `json:"keyName"`
	PublicKey    string         `json:"publicKey"`
	UserData     string         `json:"userData,omitempty"`
	Disk         int            `json:"disk"`
	Rootless     bool           `json:"rootless"` // its root disk was detached
	HA           bool           `json:"ha"`
	Backup       bool           `json:"backup"`
	Groups       []string       `json:"groups"`
	ServerGroup  string         `json:"serverGroup,omitempty"`
	Tags         []string       `json:"tags"`
	Created      time.Time      `json:"created"`
	Next         *transition    `json:"next,omitempty"` // the state it is on the way to
	AddressStep  Step           `json:"addressStep"`    // how long public addresses stay hidden once the server is ACTIVE
	Installation int            `json:"installation"`   // counts rebuilds
	Actions      []serverAction `json:"actions"`
}

// transition is a state change under way.
type transition struct {
	Status string `json:"status"`
	Wait   *wait  `json:"wait"`
	Error  string `json:"error,omitempty"`
}

// serverAction is one line of a server's history.
type serverAction struct {
	Action string    `json:"action"`
	Start  time.Time `json:"start"`
}

func (s *server) key() string { return s.ID }

// statusGone is where a deleted server is on the way to: from the lists.
const statusGone = "DELETED"

func (s *server) deleting() bool { return s.Next != nil && s.Next.Status == statusGone }

// liveServer finds a server that is not being deleted.
func (z *zone) liveServer(id string) (*server, bool) {
	s, ok := z.server(id)
	if !ok || s.deleting() {
		return nil, false
	}
	return s, true
}

func serverRoutes(r *router) {
	r.handle("GET /servers", listServers)
	r.handle("POST /servers", createServers)
	r.handle("GET /servers/{id}", readServer)
	r.handle("DELETE /servers/{id}", deleteServer)
	r.handle("GET /servers/options", readServerOptions)
	r.handle("GET /servers/delete-reasons", func(*call) reply { return withData(http.StatusOK, []any{}) })
	r.handle("GET /servers/inquiry/{task}", inquireServer)
	r.handle("POST /servers/discard/{task}", discardServer)
}

func listServers(c *call) reply {
	c.readServers()
	var wanted []string
	if ids := c.query.Get("networkIDs"); ids != "" {
		wanted = strings.Split(ids, ",")
	}
	servers := []map[string]any{}
	for _, s := range c.zone.Servers {
		onNetwork := func(p *port) bool { return slices.Contains(wanted, p.NetworkID) }
		if wanted == nil || slices.ContainsFunc(c.zone.portsOfServer(s.ID), onNetwork) {
			servers = append(servers, c.serverView(s))
		}
	}
	return withData(http.StatusOK, servers)
}

func readServer(c *call) reply {
	c.readServer(c.param("id"))
	s, ok := c.zone.server(c.param("id"))
	if !ok {
		return failure(c.emulator.options.Variants.MissingServerStatus, "Server not found.")
	}
	return withData(http.StatusOK, c.serverView(s))
}

// deleteServer answers at once; the server stays in the lists for a while.
func deleteServer(c *call) reply {
	s, ok := c.zone.liveServer(c.param("id"))
	if !ok {
		return notFound("Server")
	}
	c.deleteServer(s)
	return withMessage(http.StatusAccepted, "The server is being deleted.")
}

func (c *call) deleteServer(s *server) {
	s.TaskState = "deleting"
	s.Next = &transition{Status: statusGone, Wait: c.emulator.options.Pace.Delete.begin(c.now)}
	s.note("delete", c.now)
	for _, v := range slices.Clone(c.zone.Volumes) {
		if v.ServerID == s.ID && c.emulator.options.Variants.VolumesGoWithServer {
			c.zone.Volumes = without(c.zone.Volumes, v.ID)
			c.emulator.volumeGone(v)
		}
		v.detachFrom(s.ID)
	}
	c.changed()
	c.emulator.machineChanged(c.zone, s)
}

func readServerOptions(c *call) reply {
	limit := c.emulator.options.Quota.Servers
	return withData(http.StatusOK, map[string]any{
		"region_id": 1, "currency": "IRR", "requires_payment_method": false, "droplet_count": len(c.zone.Servers), "droplet_limit": limit,
		"image_name": "ubuntu", "image_version": "24.04", "network_id": c.zone.publicNetwork().ID,
		"ipv6_support": false,
	})
}

// inquireServer tells what became of an asynchronous creation.
func inquireServer(c *call) reply {
	s, ok := c.zone.serverOfTask(c.param("task"))
	if ok {
		c.readServer(s.ID)
		s, ok = c.zone.serverOfTask(c.param("task"))
	}
	if !ok {
		return notFound("Task")
	}
	return withData(http.StatusOK, c.serverView(s))
}

// discardServer removes what a failed asynchronous creation left.
func discardServer(c *call) reply {
	s, ok := c.zone.serverOfTask(c.param("task"))
	if !ok {
		return notFound("Task")
	}
	if s.Status != "ERROR" {
		return failure(http.StatusConflict, "The task is not in the ERROR state.")
	}
	c.deleteServer(s)
	return withMessage(http.StatusOK, "The task is discarded.")
}

func (z *zone) serverOfTask(task string) (*server, bool) {
	for _, s := range z.Servers {
		if task != "" && s.TaskID == task {
			return s, true
		}
	}
	return nil, false
}

// note adds to the server's history.
func (s *server) note(action string, now time.Time) {
	s.Actions = append(s.Actions, serverAction{action, now})
}
