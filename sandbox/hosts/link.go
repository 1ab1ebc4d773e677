package hosts

import (
	"net"
	"sync"
)

// link is a machine's network cable: every connection from or to the machine goes through it. A link that is cut lets
// nothing pass and tells nobody, like a network that drops packets; what was held up goes on when it is restored.
type link struct {
	mu    sync.Mutex
	open  chan struct{} // closed while traffic may pass
	conns map[*linkConn]bool
}

func newLink() *link {
	l := &link{open: make(chan struct{}), conns: map[*linkConn]bool{}}
	close(l.open)
	return l
}

// cut holds up all traffic.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
		l.open = make(chan struct{})
	default: // is cut already
	}
}

// mend lets traffic pass again.
func (l *link) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
	default:
		close(l.open)
	}
}

func (l *link) isCut() bool {
	select {
	case <-l.gate():
		return false
	default:
		return true
	}
}

func (l *link) gate() chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// drop ends all connections.
func (l *link) drop() {
	l.mu.Lock()
	conns := l.conns
	l.conns = map[*linkConn]bool{}
	l.mu.Unlock()
	for conn := range conns {
		_ = conn.Close()
	}
}

// wrap puts a connection on the link.
func (l *link) wrap(conn net.Conn) net.Conn {
	c := &linkConn{Conn: conn, link: l, done: make(chan struct{})}
	l.mu.Lock()
	l.conns[c] = true
	l.mu.Unlock()
	return c
}

// linkConn is a connection that a link can hold up.
type linkConn struct {
	net.Conn
	link *link
	once sync.Once
	done chan struct{}
}

func (c *linkConn) pass() error {
	select {
	case <-c.link.gate():
		return nil
	case <-c.done:
		return net.ErrClosed
	}
}

// Read delivers nothing while the link is cut, not even what had arrived before.
func (c *linkConn) Read(p []byte) (int, error) {
	if err := c.pass(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if passErr := c.pass(); passErr != nil {
		return 0, passErr
	}
	return n, err
}

func (c *linkConn) Write(p []byte) (int, error) {
	if err := c.pass(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// CloseWrite ends one direction where the connection below can.
func (c *linkConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *linkConn) Close() error {
	c.once.Do(func() {
		close(c.done)
		c.link.mu.Lock()
		delete(c.link.conns, c)
		c.link.mu.Unlock()
	})
	return c.Conn.Close()
}
