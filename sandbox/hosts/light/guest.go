package light

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/iransre/exchange-platform/sandbox/hosts/cloudinit"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestserver"
	"github.com/iransre/exchange-platform/sandbox/hosts/network"
)

// register answers what stand-ins ask of the machine itself: its name, its power, and connections to others.
func (m *machine) register(server *guestserver.Server) {
	server.Handle("POST "+guestapi.Hostname, func(_ http.ResponseWriter, r *http.Request) error {
		var request guestapi.HostnameRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			return err
		}
		return m.rename(request.Name)
	})
	server.Handle("POST "+guestapi.Power+"{action}", func(_ http.ResponseWriter, r *http.Request) error {
		// Detached: the machine's end is also this request's.
		switch r.PathValue("action") {
		case "reboot":
			go m.logged("reboot", m.reboot)
		case "poweroff":
			go m.logged("poweroff", m.powerOff)
		default:
			return fmt.Errorf("unknown power action %q", r.PathValue("action"))
		}
		return nil
	})
	server.Handle("POST "+guestapi.Dial, func(w http.ResponseWriter, r *http.Request) error {
		port, err := strconv.Atoi(r.URL.Query().Get("port"))
		if err != nil {
			return fmt.Errorf("port: %w", err)
		}
		return m.dial(w, r, r.URL.Query().Get("host"), port)
	})
}

// logged runs what nobody waits for.
func (m *machine) logged(what string, do func() error) {
	if err := do(); err != nil {
		m.hosts.log.Error(what+" failed", "machine", m.Name(), "error", err)
	}
}

// dial turns the request's connection into one to host and port.
func (m *machine) dial(w http.ResponseWriter, r *http.Request, host string, port int) error {
	answer, err := m.route(r.Context(), host, port)
	if err != nil {
		return err
	}
	conn, err := guestserver.Hijack(w)
	if err != nil {
		return err
	}
	from := network.Address(m.Identity().Source(), 0)
	answer(m.link.Wrap(network.NewStream(conn, network.Address(host, port), from)))
	return nil
}

// applyIdentity does the part of the user data that decides how the machine is reached, before its SSH server starts.
func (m *machine) applyIdentity(data cloudinit.UserData) error {
	state := m.state.Get()
	if data.Hostname != "" && data.Hostname != state.Hostname {
		if err := m.rename(data.Hostname); err != nil {
			return err
		}
	}
	if data.HostKey != "" {
		if err := m.tree().WriteHostKey([]byte(data.HostKey)); err != nil {
			return err
		}
	}
	return m.tree().WriteAuthorizedKeys(append(append([]string{}, state.Machine.AuthorizedKeys...), data.AuthorizedKeys...))
}

// rename changes the machine's hostname for good; commands started from now on see it.
func (m *machine) rename(name string) error {
	old := m.Hostname()
	if err := m.state.Update(func(s *state) { s.Hostname = name }); err != nil {
		return err
	}
	return m.tree().Rename(old, name)
}
