// Package guestserver is where the parts of a machine answer the stand-ins inside it: HTTP on a unix socket of the machine's own.
package guestserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// Refusal is an error that the stand-ins tell from others by its HTTP status.
type Refusal struct {
	Status int
	Reason string
}

// Error gives the reason.
func (r *Refusal) Error() string { return r.Reason }

// Server answers the stand-ins of one machine while it runs.
type Server struct {
	mux  *http.ServeMux
	http *http.Server
	done sync.WaitGroup
}

// New makes a server that knows no path yet.
func New() *Server {
	mux := http.NewServeMux()
	return &Server{mux: mux, http: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}}
}

// Handle answers requests of a pattern, in the words of http.ServeMux. An error becomes the answer.
func (s *Server) Handle(pattern string, answer func(w http.ResponseWriter, r *http.Request) error) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		err := answer(w, r)
		if err == nil {
			return
		}
		status := http.StatusUnprocessableEntity
		var refusal *Refusal
		if errors.As(err, &refusal) {
			status = refusal.Status
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(guestapi.Error{Message: err.Error()})
	})
}

// Start serves on a socket of this path until Close. The socket's name is reached through its open directory, because a socket's
// path may only have 107 bytes and a checkout may lie deep.
func (s *Server) Start(path string) error {
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
	s.done.Go(func() { _ = s.http.Serve(socket) })
	return nil
}

// Close ends the server and its connections.
func (s *Server) Close() {
	_ = s.http.Close()
	s.done.Wait()
}

// Hijack takes the connection of a request out of HTTP's hands, having told the stand-in so.
func Hijack(w http.ResponseWriter) (net.Conn, error) {
	hijacked, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return nil, err
	}
	if _, err := hijacked.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: stream\r\n\r\n")); err != nil {
		return nil, errors.Join(err, hijacked.Close())
	}
	return bufferedConn{hijacked.(*net.UnixConn), buffered}, nil
}

// bufferedConn reads first what the HTTP server had read already.
type bufferedConn struct {
	*net.UnixConn
	reader interface{ Read([]byte) (int, error) }
}

// Read reads.
func (c bufferedConn) Read(p []byte) (int, error) { return c.reader.Read(p) }

// Flushing sends each write at once: somebody may be watching.
func Flushing(w http.ResponseWriter) http.ResponseWriter { return flushing{w} }

type flushing struct{ http.ResponseWriter }

// Write writes and flushes.
func (f flushing) Write(p []byte) (int, error) {
	n, err := f.ResponseWriter.Write(p)
	if flusher, ok := f.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
	return n, err
}
