package world

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/pki"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// edge is the CDN in front of machines that really serve something: on an address of its own, on the ports of the web.
type edge struct {
	plain, secure net.Listener
	handler       *emulator.Edge
	names         func() []string
}

// visitable are machines that answer on the ports that their programs listen on.
type visitable interface {
	Dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error)
}

// newEdge returns nil where no machine serves anything.
func newEdge(w *workspace.Workspace, cloud *emulator.Emulator, machines hosts.Machines, logger *slog.Logger) (*edge, error) {
	real, ok := machines.(visitable)
	if !ok {
		return nil, nil
	}
	made := &certificates{folder: pki.Folder(w.Path("secrets")), made: map[string]*tls.Certificate{}}
	if _, err := made.folder.Authority(edgeAuthority); err != nil { // browsers are told of it before they come
		return nil, err
	}
	from := netip.MustParseAddr(emulator.EdgeAddress)
	e := &edge{names: cloud.ProxiedNames, handler: cloud.Edge(func(ctx context.Context, origin netip.AddrPort) (net.Conn, error) {
		return real.Dial(ctx, from, origin)
	})}
	var err error
	if e.plain, err = listenFirst(logger, w.EdgeAddress(), 80, workspace.EdgePort); err != nil {
		return nil, err
	}
	secure, err := listenFirst(logger, w.EdgeAddress(), 443, workspace.EdgeSecurePort)
	if err != nil {
		return nil, errors.Join(err, e.plain.Close())
	}
	e.secure = tls.NewListener(secure, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return made.of(strings.ToLower(hello.ServerName))
	}})
	return e, nil
}

// listenFirst listens on the first port that is free: some machine's own web server may have every address.
func listenFirst(logger *slog.Logger, address netip.Addr, ports ...int) (net.Listener, error) {
	var errs []error
	for _, port := range ports {
		listener, err := net.Listen("tcp", netip.AddrPortFrom(address, uint16(port)).String())
		if err == nil {
			return listener, nil
		}
		errs = append(errs, err)
		if !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EACCES) {
			break
		}
		logger.Warn("a port of the CDN is taken", "error", err)
	}
	return nil, fmt.Errorf("the CDN: %w", errors.Join(errs...))
}

func (e *edge) sites() []site {
	if e == nil {
		return nil
	}
	return []site{{e.plain, e.handler}, {e.secure, e.handler}}
}

func (e *edge) close() {
	if e != nil {
		_ = e.plain.Close()
		_ = e.secure.Close()
	}
}

// status is what is told of it; nil for one that is not there.
func (e *edge) status() *Edge {
	if e == nil {
		return nil
	}
	return &Edge{HTTP: e.plain.Addr().String(), HTTPS: e.secure.Addr().String(), Names: e.names()}
}

// edgeAuthority signs what the CDN shows to browsers; EdgeAuthorityFile is its certificate, among the sandbox's secrets.
const (
	edgeAuthority     = "cdn-ca"
	EdgeAuthorityFile = edgeAuthority + ".crt"
)

// certificates are made for the names that are asked for.
type certificates struct {
	folder pki.Folder

	mu   sync.Mutex
	made map[string]*tls.Certificate
}

func (c *certificates) of(name string) (*tls.Certificate, error) {
	if name == "" {
		name = "cdn"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.made[name]; found != nil {
		return found, nil
	}
	certificate, err := c.folder.Server(edgeAuthority, "cdn", name) // the key is the same for all
	if err != nil {
		return nil, err
	}
	c.made[name] = &certificate
	return &certificate, nil
}
