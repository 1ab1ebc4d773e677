package hosts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// apiPort is where an API server is reached on a control plane's public address.
const apiPort = 6443

// handler serves one connection until it ends, and closes it.
type handler func(net.Conn)

// listener is an address that a machine answers on.
type listener struct {
	net.Listener
	done sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// accept serves connections until the listener is closed.
func (l *listener) accept(link *link, serve handler) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn = link.wrap(conn)
		l.mu.Lock()
		l.conns[conn] = true
		l.mu.Unlock()
		go func() {
			serve(conn)
			l.mu.Lock()
			delete(l.conns, conn)
			l.mu.Unlock()
		}()
	}
}

// Close stops listening and ends what was accepted.
func (l *listener) Close() {
	_ = l.Listener.Close()
	l.done.Wait()
	l.drop()
}

// drop ends what was accepted.
func (l *listener) drop() {
	l.mu.Lock()
	conns := maps.Clone(l.conns)
	l.mu.Unlock()
	for conn := range conns {
		_ = conn.Close()
	}
}

// listeners are the addresses a running machine answers on.
type listeners struct {
	mu        sync.Mutex
	closed    bool
	byAddress map[string]*listener
}

// close ends them all, for good.
func (ls *listeners) close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.closed = true
	for _, l := range ls.byAddress {
		l.Close()
	}
}

// drop ends the connections to all of them.
func (ls *listeners) drop() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.byAddress {
		l.drop()
	}
}

// set makes the machine answer on exactly these addresses.
func (ls *listeners) set(m *machine, wanted map[string]handler) error {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed {
		return fmt.Errorf("machine %s is off", m.name())
	}
	if ls.byAddress == nil {
		ls.byAddress = map[string]*listener{}
	}
	for address, l := range ls.byAddress {
		if wanted[address] == nil {
			l.Close()
			delete(ls.byAddress, address)
		}
	}
	for address, serve := range wanted {
		if ls.byAddress[address] != nil {
			continue
		}
		socket, err := net.Listen("tcp", address)
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("%s is in use by another program (another sandbox?): stop it or give this sandbox another address range", address)
		}
		if err != nil {
			return fmt.Errorf("listening on %s: %w", address, err)
		}
		l := &listener{Listener: socket, conns: map[net.Conn]bool{}}
		ls.byAddress[address] = l
		l.done.Go(func() { l.accept(m.link, serve) })
	}
	return nil
}

// listen makes the running machine answer on the addresses its state asks for.
func (m *machine) listen(run *running) error {
	state := m.snapshot()
	wanted := map[string]handler{}
	if public := state.Machine.PublicAddress; public != "" {
		wanted[net.JoinHostPort(public, strconv.Itoa(m.hosts.opts.Port))] = run.ssh.serve
		if state.Node != nil && state.Node.ControlPlane && m.hosts.opts.Cluster != nil {
			wanted[net.JoinHostPort(public, strconv.Itoa(apiPort))] = m.relayAPI
		}
	}
	return run.listeners.set(m, wanted)
}

// relayAPI joins a connection with the real API server.
func (m *machine) relayAPI(conn net.Conn) {
	defer conn.Close()
	server, err := net.DialTimeout("tcp", m.hosts.opts.Cluster.Address(), 5*time.Second)
	if err != nil {
		m.hosts.log.Warn("API server not reached", "machine", m.name(), "error", err)
		return
	}
	splice(conn, server)
}

// splice copies both ways until both ended.
func splice(a, b net.Conn) {
	defer a.Close()
	defer b.Close()
	var group sync.WaitGroup
	oneWay := func(to, from net.Conn) {
		_, err := io.Copy(to, from)
		half, ok := to.(interface{ CloseWrite() error })
		if err != nil || !ok || half.CloseWrite() != nil {
			_ = to.Close()
			_ = from.Close()
		}
	}
	group.Go(func() { oneWay(a, b) })
	group.Go(func() { oneWay(b, a) })
	group.Wait()
}

// route finds who answers when the machine connects to host and port: itself, another machine by a private address of a
// shared network or by its public one, or an address of the world outside.
func (m *machine) route(ctx context.Context, host string, port int) (handler, error) {
	target, err := m.neighbour(host)
	if err != nil {
		return nil, err
	}
	if target == nil {
		return dialOut(ctx, net.JoinHostPort(host, strconv.Itoa(port)))
	}
	state := target.snapshot()
	run, err := target.live()
	if err != nil {
		return nil, fmt.Errorf("connect to %s: no route to host: %w", host, err)
	}
	switch {
	case port == 22 || port == m.hosts.opts.Port:
		return func(conn net.Conn) { run.ssh.serve(target.link.wrap(conn)) }, nil
	case port == apiPort && state.Node != nil && state.Node.ControlPlane && m.hosts.opts.Cluster != nil:
		return func(conn net.Conn) { target.relayAPI(target.link.wrap(conn)) }, nil
	case state.Machine.PublicAddress != "":
		return dialOut(ctx, net.JoinHostPort(state.Machine.PublicAddress, strconv.Itoa(port)))
	default:
		return nil, fmt.Errorf("connect to %s port %d: connection refused", host, port)
	}
}

// ownLoopback is what a machine means by itself; the rest of 127.0.0.0/8 stands for public addresses.
var ownLoopback = netip.MustParsePrefix("127.0.0.0/16")

// neighbour returns the machine behind a host name or address, or nil for one of the world outside.
func (m *machine) neighbour(host string) (*machine, error) {
	own := m.snapshot()
	address, err := netip.ParseAddr(host)
	named := err != nil
	for _, other := range m.hosts.all() {
		state := other.snapshot()
		if host == state.Machine.PublicAddress {
			return other, nil
		}
		if other == m && named && host == state.Hostname {
			return m, nil
		}
		for network, private := range state.Machine.PrivateAddresses {
			if _, shared := own.Machine.PrivateAddresses[network]; !shared {
				continue
			}
			if host == private || named && (host == state.Hostname || host == state.Machine.Name) {
				return other, nil
			}
		}
	}
	if host == "localhost" || !named && (address == netip.IPv6Loopback() || ownLoopback.Contains(address)) {
		return m, nil
	}
	if !named && address.IsPrivate() {
		return nil, fmt.Errorf("connect to %s: no route to host: no machine on the networks of %s has this address", host, own.Machine.Name)
	}
	return nil, nil
}

func dialOut(ctx context.Context, address string) (handler, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var dialer net.Dialer
	far, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return func(conn net.Conn) { splice(conn, far) }, nil
}
