package network

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"sync"
	"syscall"
)

// listener is an address that a machine answers on.
type listener struct {
	net.Listener
	done sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// accept serves connections until the listener is closed.
func (l *listener) accept(link *Link, serve Handler) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn = link.Wrap(conn)
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

// Listeners are the addresses a running machine answers on.
type Listeners struct {
	// Listen makes the sockets; nil makes them in this machine's own network.
	Listen func(address string) (net.Listener, error)

	mu        sync.Mutex
	closed    bool
	byAddress map[string]*listener
}

// Close ends them all, for good.
func (ls *Listeners) Close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.closed = true
	for _, l := range ls.byAddress {
		l.Close()
	}
}

// Drop ends the connections to all of them.
func (ls *Listeners) Drop() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.byAddress {
		l.drop()
	}
}

// Set makes the machine of this name answer on exactly these addresses, over its link.
func (ls *Listeners) Set(name string, link *Link, wanted map[string]Handler) error {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed {
		return fmt.Errorf("machine %s is off", name)
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
		socket, err := ls.listen(address)
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("%s is in use by another program (another sandbox?): stop it or give this sandbox another address range", address)
		}
		if err != nil {
			return fmt.Errorf("listening on %s: %w", address, err)
		}
		l := &listener{Listener: socket, conns: map[net.Conn]bool{}}
		ls.byAddress[address] = l
		l.done.Go(func() { l.accept(link, serve) })
	}
	return nil
}

func (ls *Listeners) listen(address string) (net.Listener, error) {
	if ls.Listen != nil {
		return ls.Listen(address)
	}
	return net.Listen("tcp", address)
}
