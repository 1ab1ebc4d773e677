package systemd

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestserver"
)

// Register answers systemctl, systemd-run and journalctl.
func (m *Manager) Register(server *guestserver.Server) {
	handle := server.Handle
	handle("GET "+guestapi.Units+"{$}", func(w http.ResponseWriter, _ *http.Request) error {
		return json.NewEncoder(w).Encode(m.list())
	})
	handle("POST "+guestapi.Units+"{$}", func(w http.ResponseWriter, r *http.Request) error {
		var spec guestapi.UnitSpec
		if err := json.NewDecoder(r.Body).Decode(&spec); err != nil {
			return err
		}
		u, err := m.startTransient(spec)
		if err != nil {
			return err
		}
		if r.URL.Query().Has("wait") {
			return json.NewEncoder(w).Encode(m.wait(r.Context(), u))
		}
		return json.NewEncoder(w).Encode(m.show(spec.Name))
	})
	handle("GET "+guestapi.Units+"{name}", func(w http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("name")
		if u := m.current(name); u != nil && r.URL.Query().Has("wait") {
			return json.NewEncoder(w).Encode(m.wait(r.Context(), u))
		}
		return json.NewEncoder(w).Encode(m.show(name))
	})
	handle("GET "+guestapi.Units+"{name}/journal", func(w http.ResponseWriter, r *http.Request) error {
		query := r.URL.Query()
		lines := -1
		if text := query.Get("lines"); text != "" {
			var err error
			if lines, err = strconv.Atoi(text); err != nil {
				return fmt.Errorf("lines: %w", err)
			}
		}
		asked := journalQuery{lines: lines, follow: query.Has("follow"), plain: query.Has("plain")}
		return copyJournal(r.Context(), guestserver.Flushing(w), m.machine.Journals, unitName(r.PathValue("name")), m.machine.Hostname(), asked)
	})
	handle("POST "+guestapi.Units+"{name}/{action}", func(_ http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("name")
		switch action := r.PathValue("action"); action {
		case "start":
			if err := m.start(name); err != nil || r.URL.Query().Has("no-block") {
				return err
			}
			return m.finish(r.Context(), name)
		case "stop":
			return m.stop(r.Context(), name)
		case "restart":
			if err := m.stop(r.Context(), name); err != nil && !errors.Is(err, errNoUnit) {
				return err
			}
			if err := m.start(name); err != nil || r.URL.Query().Has("no-block") {
				return err
			}
			return m.finish(r.Context(), name)
		case "reset-failed":
			return m.resetFailed(strings.TrimPrefix(name, "*"))
		case "enable":
			return m.enable(name)
		case "disable":
			return m.disable(name)
		case "kill":
			number, err := strconv.Atoi(r.URL.Query().Get("signal"))
			if err != nil {
				return fmt.Errorf("signal: %w", err)
			}
			return m.kill(name, syscall.Signal(number))
		default:
			return fmt.Errorf("unknown action %q", action)
		}
	})
}
