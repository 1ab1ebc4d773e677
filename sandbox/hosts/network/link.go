package network

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts"
)

// Link is a machine's network cable: every connection from or to the machine goes through it. A link that is cut lets
// nothing pass and tells nobody, like a network that drops packets; what was held up goes on when it is restored.
type Link struct {
	mu    sync.Mutex
	pace  hosts.Slowness
	open  chan struct{} // closed while traffic may pass
	conns map[*linkConn]bool
}

// NewLink makes one that lets everything pass.
func NewLink() *Link {
	l := &Link{open: make(chan struct{}), conns: map[*linkConn]bool{}}
	close(l.open)
	return l
}

// Cut holds up all traffic.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
		l.open = make(chan struct{})
	default: // is cut already
	}
}

// Slow makes traffic slow.
func (l *Link) Slow(pace hosts.Slowness) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pace = pace
}

// Mend lets traffic pass again, at full speed.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pace = hosts.Slowness{}
	select {
	case <-l.open:
	default:
		close(l.open)
	}
}

func (l *Link) gate() chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// Drop ends all connections.
func (l *Link) Drop() {
	l.mu.Lock()
	conns := l.conns
	l.conns = map[*linkConn]bool{}
	l.mu.Unlock()
	for conn := range conns {
		_ = conn.Close()
	}
}

// Wrap puts a connection on the link.
func (l *Link) Wrap(conn net.Conn) net.Conn {
	c := &linkConn{Conn: conn, link: l, done: make(chan struct{})}
	l.mu.Lock()
	l.conns[c] = true
	l.mu.Unlock()
	return c
}

// linkConn is a connection that a link can hold up.
type linkConn struct {
	net.Conn
	link *Link
	once sync.Once
	done chan struct{}

	lastRead, lastWrite atomic.Int64 // when something went through, in nanoseconds
}

func (c *linkConn) pass() error {
	select {
	case <-c.link.gate():
		return nil
	case <-c.done:
		return net.ErrClosed
	}
}

// crawl takes as long for n bytes as the link's pace asks for. What follows each other closely is late only once.
func (c *linkConn) crawl(n int, last *atomic.Int64) error {
	c.link.mu.Lock()
	pace := c.link.pace
	c.link.mu.Unlock()
	if pace == (hosts.Slowness{}) || n == 0 {
		return nil
	}
	var length time.Duration
	if pace.BytesPerSecond > 0 {
		length = time.Duration(n) * time.Second / time.Duration(pace.BytesPerSecond)
	}
	if time.Since(time.Unix(0, last.Load())) > pace.Delay {
		length += pace.Delay
	}
	defer func() { last.Store(time.Now().UnixNano()) }()
	select {
	case <-time.After(length):
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
	if crawlErr := c.crawl(n, &c.lastRead); crawlErr != nil {
		return 0, crawlErr
	}
	if passErr := c.pass(); passErr != nil {
		return 0, passErr
	}
	return n, err
}

func (c *linkConn) Write(p []byte) (int, error) {
	if err := c.pass(); err != nil {
		return 0, err
	}
	if err := c.crawl(len(p), &c.lastWrite); err != nil {
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
