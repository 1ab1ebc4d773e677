package emulator

import (
	"context"
	"sync"
	"time"
)

// machineState follows one server's machine. Changes are counted; a single goroutine per server carries them out, so that
// calls to Machines for one server never overlap and the last wish wins.
type machineState struct {
	zone         *zone
	wanted       int       // counts changes
	reached      int       // the change that was carried out last
	at           time.Time // when it was
	installation int       // the installation that runs, 0 = none
	running      bool
	err          error
}

// machineChanged tells that a server's machine has to follow. It is called with the world locked.
func (e *Emulator) machineChanged(z *zone, s *server) {
	state := e.machines[s.ID]
	if state == nil {
		state = &machineState{zone: z}
		e.machines[s.ID] = state
	}
	state.wanted++
	if e.options.Machines == nil {
		state.reached, state.at = state.wanted, e.now()
		return
	}
	if !state.running {
		state.running = true
		e.boots.Add(1)
		go e.followMachine(s.ID, state)
	}
}

// machineSettled says whether the machine is where the server wants it, since when, and what went wrong on the way.
func (e *Emulator) machineSettled(id string) (bool, time.Time, error) {
	state := e.machines[id]
	if state == nil {
		return true, time.Time{}, nil
	}
	return state.reached == state.wanted, state.at, state.err
}

// followMachine carries changes out until there is none left.
func (e *Emulator) followMachine(id string, state *machineState) {
	defer e.boots.Done()
	for {
		e.mu.Lock()
		if state.reached == state.wanted {
			state.running = false
			e.mu.Unlock()
			return
		}
		target := state.wanted
		s, exists := state.zone.server(id)
		wish := machineWish{remove: true}
		if exists {
			wish = e.wish(state, s)
		}
		e.mu.Unlock()

		err := e.carryOut(id, wish)
		if err != nil {
			e.logger.Warn("emulator: machine", "id", id, "name", wish.machine.Name, "error", err)
		}
		e.mu.Lock()
		if e.ctx.Err() != nil {
			// Closing: whatever was cancelled is done again after the restart.
			state.running = false
			e.mu.Unlock()
			return
		}
		state.reached, state.err, state.at = target, err, e.now()
		if wish.boot {
			state.installation = wish.installation
		}
		e.mu.Unlock()
	}
}

// machineWish is what has to be done with a machine, in the order of the fields.
type machineWish struct {
	remove       bool
	stop         bool
	boot         bool
	machine      Machine
	installation int
}

// wish reads from a server what its machine should be. It is called with the world locked.
func (e *Emulator) wish(state *machineState, s *server) machineWish {
	status := s.Status
	if s.Next != nil {
		status = s.Next.Status
	}
	switch {
	case status == statusGone:
		return machineWish{remove: true}
	case status == "SHUTOFF":
		return machineWish{stop: true}
	case status != "ACTIVE" || s.Next != nil && s.Next.Error != "":
		return machineWish{}
	}
	rebuilt := state.installation != 0 && state.installation != s.Installation+1
	return machineWish{
		remove: rebuilt, stop: s.TaskState == "rebooting", boot: true, machine: e.machineOf(state.zone, s), installation: s.Installation + 1,
	}
}

func (e *Emulator) carryOut(id string, wish machineWish) error {
	machines := e.options.Machines
	if wish.remove {
		// A removal must happen even while the emulator closes: the server is gone from its state.
		machines.Remove(context.WithoutCancel(e.ctx), id)
	}
	if stopper, ok := machines.(Stopper); ok && wish.stop {
		if err := stopper.Stop(e.ctx, id); err != nil {
			return err
		}
	}
	if wish.boot {
		return machines.Boot(e.ctx, wish.machine)
	}
	return nil
}

// machineOf describes the machine of a server.
func (e *Emulator) machineOf(z *zone, s *server) Machine {
	m := Machine{ID: s.ID, Name: s.Name, Zone: z.Code, UserData: s.UserData, DiskGiB: s.Disk, PrivateAddresses: map[string]string{}, Subnets: map[string]string{}}
	if system, ok := z.image(s.ImageID); ok {
		m.Image = system.Distribution + "/" + system.Version
	}
	if s.PublicKey != "" {
		m.AuthorizedKeys = []string{s.PublicKey}
	}
	for _, p := range z.portsOfServer(s.ID) {
		if !p.Public {
			m.PrivateAddresses[p.NetworkID] = p.IP
			if n, ok := find(z.Networks, p.NetworkID); ok {
				m.Subnets[p.NetworkID] = n.Subnet.CIDR
			}
		} else if m.PublicAddress == "" {
			m.PublicAddress = p.IP
		}
		if floating, ok := z.floatingOf(p.ID); ok && m.PublicAddress == "" {
			m.PublicAddress = floating.Address
		}
	}
	for _, v := range z.Volumes {
		if v.ServerID == s.ID && !v.Bootable && (v.Status == "attaching" || v.Status == "in-use") {
			m.Volumes = append(m.Volumes, Volume{ID: v.ID, GiB: v.Size, Device: z.device(v)})
		}
	}
	return m
}

// volumeGone tells that nobody will ask for a volume again. It is called with the world locked.
func (e *Emulator) volumeGone(v *volume) {
	if remover, ok := e.options.Machines.(VolumeRemover); ok {
		e.boots.Go(func() { remover.RemoveVolume(context.WithoutCancel(e.ctx), v.ID) })
	}
}

// resumeMachines boots again what ran when the emulator was closed, and waits for it: whoever talks to the emulator after
// that finds the machines where the API says they are. One that does not come up is off, and can be switched on again.
func (e *Emulator) resumeMachines() {
	if e.options.Machines == nil {
		return
	}
	var booted sync.WaitGroup
	e.mu.Lock()
	for _, z := range e.world.Zones {
		for _, s := range z.Servers {
			if s.Status != "ACTIVE" || s.Next != nil {
				e.machineChanged(z, s)
				continue
			}
			machine, state := e.machineOf(z, s), &machineState{zone: z, installation: s.Installation + 1}
			e.machines[s.ID] = state
			booted.Go(func() {
				if err := e.options.Machines.Boot(e.ctx, machine); err != nil {
					e.logger.Warn("emulator: machine not booted after restart", "id", machine.ID, "name", machine.Name, "error", err)
					e.mu.Lock()
					s.Status, s.Error, e.dirty = "SHUTOFF", err.Error(), true
					e.mu.Unlock()
				}
			})
		}
	}
	e.mu.Unlock()
	booted.Wait()
}
