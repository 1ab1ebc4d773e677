package hosts

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// serveGuest answers the stand-ins inside the machine. The socket's name is reached through its open directory, because
// a socket's path may only have 107 bytes and a checkout may lie deep.
func (m *machine) serveGuest(run *running) error {
	path := filepath.Join(m.root(), guestapi.Socket)
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	socket, err := net.Listen("unix", fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)))
	if err != nil {
		return fmt.Errorf("socket of the stand-ins: %w", err)
	}
	// The listener would otherwise remove its file by a name that is then another's.
	socket.(*net.UnixListener).SetUnlinkOnClose(false)
	server := &http.Server{Handler: m.guestHandler(run), ReadHeaderTimeout: 10 * time.Second}
	run.guest = server
	run.group.Go(func() { _ = server.Serve(socket) })
	return nil
}

func (m *machine) guestHandler(run *running) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, answer func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := answer(w, r); err != nil {
				status := http.StatusUnprocessableEntity
				switch {
				case errors.Is(err, errNoUnit):
					status = http.StatusNotFound
				case errors.Is(err, errUnitBusy):
					status = http.StatusConflict
				}
				w.WriteHeader(status)
				_ = json.NewEncoder(w).Encode(guestapi.Error{Message: err.Error()})
			}
		})
	}
	m.handleUnits(handle, run)
	handle("GET "+guestapi.CloudInit, func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.Query().Has("wait") {
			run.firstBoot.wait(r.Context())
		}
		return json.NewEncoder(w).Encode(run.firstBoot.status())
	})
	handle("POST "+guestapi.Hostname, func(_ http.ResponseWriter, r *http.Request) error {
		var request guestapi.HostnameRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			return err
		}
		return m.rename(request.Name)
	})
	handle("POST "+guestapi.Power+"{action}", func(_ http.ResponseWriter, r *http.Request) error {
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
	handle("POST "+guestapi.Dial, func(w http.ResponseWriter, r *http.Request) error {
		port, err := strconv.Atoi(r.URL.Query().Get("port"))
		if err != nil {
			return fmt.Errorf("port: %w", err)
		}
		return m.dial(w, r, r.URL.Query().Get("host"), port)
	})
	m.handleKubeadm(handle)
	m.handleEtcd(handle)
	return mux
}

type handleFunc = func(pattern string, answer func(w http.ResponseWriter, r *http.Request) error)

func (m *machine) handleUnits(handle handleFunc, run *running) {
	units := run.units
	handle("GET "+guestapi.Units+"{$}", func(w http.ResponseWriter, _ *http.Request) error {
		return json.NewEncoder(w).Encode(units.list())
	})
	handle("POST "+guestapi.Units+"{$}", func(w http.ResponseWriter, r *http.Request) error {
		var spec guestapi.UnitSpec
		if err := json.NewDecoder(r.Body).Decode(&spec); err != nil {
			return err
		}
		u, err := units.startTransient(spec)
		if err != nil {
			return err
		}
		if r.URL.Query().Has("wait") {
			return json.NewEncoder(w).Encode(units.wait(r.Context(), u))
		}
		return json.NewEncoder(w).Encode(units.show(spec.Name))
	})
	handle("GET "+guestapi.Units+"{name}", func(w http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("name")
		if u := units.current(name); u != nil && r.URL.Query().Has("wait") {
			return json.NewEncoder(w).Encode(units.wait(r.Context(), u))
		}
		return json.NewEncoder(w).Encode(units.show(name))
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
		return copyJournal(r.Context(), flushing{w}, m.journalDir(), unitName(r.PathValue("name")), m.hostname(), asked)
	})
	handle("POST "+guestapi.Units+"{name}/{action}", func(_ http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("name")
		switch action := r.PathValue("action"); action {
		case "start":
			if err := units.start(name); err != nil || r.URL.Query().Has("no-block") {
				return err
			}
			return units.finish(r.Context(), name)
		case "stop":
			return units.stop(r.Context(), name)
		case "restart":
			if err := units.stop(r.Context(), name); err != nil && !errors.Is(err, errNoUnit) {
				return err
			}
			if err := units.start(name); err != nil || r.URL.Query().Has("no-block") {
				return err
			}
			return units.finish(r.Context(), name)
		case "reset-failed":
			return units.resetFailed(strings.TrimPrefix(name, "*"))
		case "enable":
			return units.enable(name)
		case "disable":
			return units.disable(name)
		case "kill":
			number, err := strconv.Atoi(r.URL.Query().Get("signal"))
			if err != nil {
				return fmt.Errorf("signal: %w", err)
			}
			return units.kill(name, syscall.Signal(number))
		default:
			return fmt.Errorf("unknown action %q", action)
		}
	})
}

// flushing sends each line at once: somebody may be watching.
type flushing struct{ http.ResponseWriter }

// Write writes and flushes.
func (f flushing) Write(p []byte) (int, error) {
	n, err := f.ResponseWriter.Write(p)
	if flusher, ok := f.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
	return n, err
}

// dial turns the request's connection into one to host and port.
func (m *machine) dial(w http.ResponseWriter, r *http.Request, host string, port int) error {
	answer, err := m.route(r.Context(), host, port)
	if err != nil {
		return err
	}
	hijacked, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return err
	}
	if _, err := hijacked.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: stream\r\n\r\n")); err != nil {
		return hijacked.Close()
	}
	conn := &stream{ReadWriteCloser: bufferedConn{hijacked.(*net.UnixConn), buffered}, local: tcpAddr(host, port), remote: tcpAddr(m.sourceAddress(), 0)}
	answer(m.link.wrap(conn))
	return nil
}

// bufferedConn reads first what the HTTP server had read already.
type bufferedConn struct {
	*net.UnixConn
	reader interface{ Read([]byte) (int, error) }
}

// Read reads.
func (c bufferedConn) Read(p []byte) (int, error) { return c.reader.Read(p) }

// sourceAddress is what others see the machine connect from.
func (m *machine) sourceAddress() string {
	state := m.snapshot()
	for _, address := range state.Machine.PrivateAddresses {
		return address
	}
	return state.Machine.PublicAddress
}

func tcpAddr(host string, port int) net.Addr {
	address, err := netip.ParseAddr(host)
	if err != nil {
		address = netip.IPv4Unspecified()
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(address, uint16(port)))
}

// logged runs what nobody waits for.
func (m *machine) logged(what string, do func() error) {
	if err := do(); err != nil {
		m.hosts.log.Error(what+" failed", "machine", m.name(), "error", err)
	}
}
