package emulator

import "time"

// readServers counts a read of every server of the zone and moves forward those whose time has come.
func (c *call) readServers() {
	for _, s := range append([]*server(nil), c.zone.Servers...) {
		c.readServer(s.ID)
	}
}

// readServer does so for one server.
func (c *call) readServer(id string) {
	s, ok := c.zone.server(id)
	if !ok {
		return
	}
	if c.emulator.settle(c.zone, s, c.now) {
		c.changed()
	}
	if s.Next != nil {
		s.Next.Wait.read()
	}
	if s.Status != "BUILD" {
		for _, p := range c.zone.hiddenPorts(s) {
			p.Hidden.read()
		}
	}
}

// settle moves a server forward if its time has come and the machine behind it is where it should be. It is called with the
// world locked and says whether anything changed.
func (e *Emulator) settle(z *zone, s *server, now time.Time) bool {
	shown := s.Status != "BUILD" && z.showAddresses(s, now)
	if s.Next == nil || !s.Next.Wait.over(now) {
		return shown
	}
	settled, since, err := e.machineSettled(s.ID)
	if !settled {
		return shown
	}
	next := *s.Next
	s.Next, s.TaskState = nil, ""
	switch {
	case next.Status == statusGone:
		z.forget(s)
		delete(e.machines, s.ID)
	case next.Error != "":
		s.Status, s.Error = "ERROR", next.Error
	case err != nil:
		s.Status, s.Error = "ERROR", err.Error()
	default:
		if s.Status == "BUILD" {
			for _, p := range z.hiddenPorts(s) {
				p.Hidden = s.AddressStep.begin(next.Wait.due(since))
			}
		}
		s.Status = next.Status
		z.showAddresses(s, now) // they may be due as well, where nobody has looked for long
	}
	return true
}

// settleAll moves everything forward whose time has come, without counting as a read.
func (e *Emulator) settleAll(now time.Time) {
	for _, z := range e.world.Zones {
		e.settleZone(z, now)
	}
}

// settleZone does so in one zone. Where states take time, each call begins with it: what holds something else lets go when its time has
// come, whether anybody has looked at it or not.
func (e *Emulator) settleZone(z *zone, now time.Time) {
	for _, s := range append([]*server(nil), z.Servers...) {
		if e.settle(z, s, now) {
			e.dirty = true
		}
	}
	for _, v := range append([]*volume(nil), z.Volumes...) {
		if v.settle(z, now) {
			e.dirty = true
		}
	}
	for _, s := range append([]*snapshot(nil), z.Snapshots...) {
		if s.settle(z, now) {
			e.dirty = true
		}
	}
	for _, i := range z.Images {
		if i.settle(now) {
			e.dirty = true
		}
	}
}

// addressShows says whether a port's address can be seen yet: private ones once the server is built, public ones a bit later.
func (z *zone) addressShows(p *port) bool {
	s, ok := z.server(p.ServerID)
	if !ok || s.Status == "BUILD" {
		return false
	}
	return p.Hidden == nil
}

// showAddresses shows the addresses of a server that were hidden long enough.
func (z *zone) showAddresses(s *server, now time.Time) bool {
	shown := false
	for _, p := range z.hiddenPorts(s) {
		if p.Hidden.over(now) {
			p.Hidden, shown = nil, true
		}
	}
	return shown
}

func (z *zone) hiddenPorts(s *server) []*port {
	var hidden []*port
	for _, p := range z.portsOfServer(s.ID) {
		if p.Hidden != nil {
			hidden = append(hidden, p)
		}
	}
	return hidden
}
