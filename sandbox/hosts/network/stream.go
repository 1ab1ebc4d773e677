package network

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Handler serves one connection until it ends, and closes it.
type Handler func(net.Conn)

// Dial connects to an address of the world outside.
func Dial(ctx context.Context, address string) (Handler, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var dialer net.Dialer
	far, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return func(conn net.Conn) { Splice(conn, far) }, nil
}

// Splice copies both ways until both ended.
func Splice(a, b net.Conn) {
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

// NewStream makes a connection between these two addresses of anything that is read and written; it knows no deadlines.
func NewStream(below io.ReadWriteCloser, local, remote net.Addr) net.Conn {
	return &stream{ReadWriteCloser: below, local: local, remote: remote}
}

type stream struct {
	io.ReadWriteCloser
	local, remote net.Addr
	once          sync.Once
}

func (s *stream) LocalAddr() net.Addr              { return s.local }
func (s *stream) RemoteAddr() net.Addr             { return s.remote }
func (s *stream) SetDeadline(time.Time) error      { return nil }
func (s *stream) SetReadDeadline(time.Time) error  { return nil }
func (s *stream) SetWriteDeadline(time.Time) error { return nil }

// CloseWrite ends one direction where the stream below can.
func (s *stream) CloseWrite() error {
	if half, ok := s.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close ends the stream once; the server and the copying loops both do it.
func (s *stream) Close() (err error) {
	s.once.Do(func() { err = s.ReadWriteCloser.Close() })
	return err
}

// Address is what a host, given by name or number, and a port look like from a machine that knows no names.
func Address(host string, port int) net.Addr {
	address, err := netip.ParseAddr(host)
	if err != nil {
		address = netip.IPv4Unspecified()
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(address, uint16(port)))
}
