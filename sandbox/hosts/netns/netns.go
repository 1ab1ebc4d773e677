// Package netns makes network namespaces that have no name: they end with the last process in them and with this program, however
// that ends, and leave nothing behind.
package netns

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is a network of its own: interfaces, addresses, routes.
type Namespace struct{ file *os.File }

// New makes an empty one, whose loopback interface is up.
func New() (*Namespace, error) {
	n := &Namespace{}
	err := apart(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("a network namespace: %w", err)
		}
		n.file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return nil, err
	}
	return n, n.Configure("link set lo up")
}

// Path leads to the namespace as long as this program has it open.
func (n *Namespace) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.file.Fd()) }

// Close lets go of the namespace.
func (n *Namespace) Close() error { return n.file.Close() }

// Listen is net.Listen in the namespace.
func (n *Namespace) Listen(address string) (listener net.Listener, err error) {
	err = n.within(func() (err error) {
		listener, err = net.Listen("tcp", address)
		return err
	})
	return listener, err
}

// Dial connects from the namespace. The address must be a number.
func (n *Namespace) Dial(ctx context.Context, address string) (conn net.Conn, err error) {
	err = n.within(func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
		return err
	})
	return conn, err
}

// DialFrom is Dial with one of the namespace's own addresses.
func (n *Namespace) DialFrom(ctx context.Context, from netip.Addr, to netip.AddrPort) (conn net.Conn, err error) {
	err = n.within(func() (err error) {
		dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
		conn, err = dialer.DialContext(ctx, "tcp", to.String())
		return err
	})
	return conn, err
}

// Configure gives commands to ip, one a line, without the leading "ip".
func (n *Namespace) Configure(commands ...string) error {
	_, err := n.run("ip", strings.Join(commands, "\n"), "-batch", "-")
	return err
}

// Shape gives commands to tc, one a line, without the leading "tc".
func (n *Namespace) Shape(commands ...string) error {
	_, err := n.run("tc", strings.Join(commands, "\n"), "-batch", "-")
	return err
}

// Sysctl sets a parameter of the kernel that each namespace has for itself, given as a path below /proc/sys/net.
func (n *Namespace) Sysctl(path, value string) error {
	return n.within(func() error { return os.WriteFile("/proc/sys/net/"+path, []byte(value), 0o644) })
}

func (n *Namespace) run(program, input string, arguments ...string) (string, error) {
	cmd := exec.Command(program, arguments...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &stderr
	var output []byte
	err := n.within(func() (err error) {
		output, err = cmd.Output()
		return err
	})
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", program, strings.ReplaceAll(input, "\n", "; "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(output), nil
}

// within runs do in the namespace.
func (n *Namespace) within(do func() error) error {
	return apart(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter a network namespace: %w", err)
		}
		return do()
	})
}

// apart runs do on a thread that ends with it: the namespace of a thread is its own.
func apart(do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		done <- do()
	}()
	return <-done
}
