package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/creack/pty"
	"github.com/gliderlabs/ssh"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/jail"
	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
	"golang.org/x/sys/unix"
)

// execute runs what a session asks for and ends when that ends; when the client goes first, so does all the session started.
func (s *Server) execute(ctx context.Context, sess ssh.Session, raw *rawChannel) {
	c := jail.Command{
		Argv: s.sessionArgv(sess),
		Env:  s.sessionEnv(sess),
		Dir:  s.machine.Tree.ExistingDir(rootfs.Home(sess.User())),
	}
	terminal, windows, wanted := sess.Pty()
	var err error
	var code int
	if wanted {
		c.Env = append(c.Env, "TERM="+terminal.Term)
		code, err = s.onTerminal(ctx, c, terminal.Window, windows, raw)
	} else {
		code, err = s.onPipes(ctx, c, sess)
	}
	if err != nil {
		fmt.Fprintf(sess.Stderr(), "sandbox: %v\n", err)
		code = 255
	}
	_ = sess.Exit(code)
}

func (s *Server) sessionArgv(sess ssh.Session) []string {
	switch {
	case sess.Subsystem() == "sftp":
		return []string{guestapi.Binary, "sftp-server"}
	case sess.RawCommand() != "":
		return []string{rootfs.Shell(), "-c", sess.RawCommand()}
	default:
		return []string{rootfs.Shell(), "-l"}
	}
}

func (s *Server) sessionEnv(sess ssh.Session) []string {
	env := rootfs.Environment(sess.User())
	for _, variable := range sess.Environ() {
		if strings.HasPrefix(variable, "LANG=") || strings.HasPrefix(variable, "LC_") {
			env = append(env, variable)
		}
	}
	remoteHost, remotePort, _ := strings.Cut(sess.RemoteAddr().String(), ":")
	localHost, localPort, _ := strings.Cut(sess.LocalAddr().String(), ":")
	return append(env, fmt.Sprintf("SSH_CONNECTION=%s %s %s %s", remoteHost, remotePort, localHost, localPort))
}

func (s *Server) onPipes(ctx context.Context, c jail.Command, sess ssh.Session) (int, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	c.Stdin, c.Stdout, c.Stderr = read, sess, sess.Stderr()
	p, err := s.machine.Jail.Start(c)
	if err := errors.Join(err, read.Close()); err != nil {
		return 0, errors.Join(err, write.Close())
	}
	go func() {
		_, _ = io.Copy(write, sess)
		_ = write.Close()
	}()
	code := s.await(ctx, p, sess)
	_ = write.Close()
	return code, nil
}

func (s *Server) onTerminal(ctx context.Context, c jail.Command, size ssh.Window, windows <-chan ssh.Window, raw *rawChannel) (int, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return 0, err
	}
	defer master.Close()
	resize(master, size)
	c.Terminal = slave
	p, err := s.machine.Jail.Start(c)
	if err := errors.Join(err, slave.Close()); err != nil {
		return 0, err
	}
	go func() {
		for w := range windows {
			resize(master, w)
		}
	}()
	go func() { _, _ = io.Copy(master, raw.channel) }()
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		_, _ = io.Copy(raw.channel, master) // ends with an error when the last process closed the terminal
	}()
	code := s.await(ctx, p, nil)
	<-shown
	return code, nil
}

// resize tells a terminal its size. It does not take the file's descriptor out, which would make its reads block.
func resize(master *os.File, w ssh.Window) {
	raw, err := master.SyscallConn()
	if err != nil {
		return // it was closed
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(w.Height), Col: uint16(w.Width)})
	})
}

// await waits for the process, passing on signals, and ends it when the session is gone.
func (s *Server) await(ctx context.Context, p *jail.Process, sess ssh.Session) int {
	signals := make(chan ssh.Signal, 16)
	if sess != nil {
		sess.Signals(signals)
	}
	for {
		select {
		case <-p.Done():
			if sess != nil {
				sess.Signals(nil)
			}
			return p.ExitCode()
		case name := <-signals:
			if number, known := sshSignals[name]; known {
				p.Signal(number, jail.MainOnly)
			}
		case <-ctx.Done():
			p.Kill()
			<-p.Done()
			return p.ExitCode()
		}
	}
}

var sshSignals = map[ssh.Signal]syscall.Signal{
	ssh.SIGABRT: syscall.SIGABRT, ssh.SIGALRM: syscall.SIGALRM, ssh.SIGHUP: syscall.SIGHUP, ssh.SIGINT: syscall.SIGINT,
	ssh.SIGKILL: syscall.SIGKILL, ssh.SIGQUIT: syscall.SIGQUIT, ssh.SIGTERM: syscall.SIGTERM, ssh.SIGUSR1: syscall.SIGUSR1,
	ssh.SIGUSR2: syscall.SIGUSR2,
}
