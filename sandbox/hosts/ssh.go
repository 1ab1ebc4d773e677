package hosts

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/gliderlabs/ssh"
	gossh "golang.org/x/crypto/ssh"
)

// sshServer is a machine's sshd.
type sshServer struct {
	m      *machine
	run    *running
	server *ssh.Server
}

func newSSHServer(m *machine, run *running) (*sshServer, error) {
	key, err := m.hostKey()
	if err != nil {
		return nil, err
	}
	s := &sshServer{m: m, run: run}
	s.server = &ssh.Server{
		Version:          "OpenSSH_9.6p1 sandbox",
		HostSigners:      []ssh.Signer{key},
		PublicKeyHandler: s.authorized,
		ChannelHandlers: map[string]ssh.ChannelHandler{
			"session":      s.session,
			"direct-tcpip": s.forward,
		},
	}
	return s, nil
}

// serve handles one connection until it ends.
func (s *sshServer) serve(conn net.Conn) {
	s.server.HandleConn(conn)
}

// home is a user's home directory inside the machine.
func home(user string) string {
	if user == "root" {
		return "/root"
	}
	return "/home/" + user
}

// authorized checks the key against the user's authorized_keys in the machine, as sshd does.
func (s *sshServer) authorized(ctx ssh.Context, key ssh.PublicKey) bool {
	if user := ctx.User(); user != "root" && user != loginUser {
		return false
	}
	root, err := os.OpenRoot(s.m.root())
	if err != nil {
		return false
	}
	defer root.Close()
	rest, err := root.ReadFile(filepath.Join(home(ctx.User()), ".ssh/authorized_keys")[1:])
	for err == nil && len(rest) > 0 {
		var known gossh.PublicKey
		known, _, _, rest, err = gossh.ParseAuthorizedKey(rest)
		if err == nil && bytes.Equal(known.Marshal(), key.Marshal()) {
			return true
		}
	}
	return false
}

// session runs one session of a connection. The server library does not say when a single session ends while its
// connection goes on, which connection sharing makes the usual case; its request loop, which ends with it, does.
func (s *sshServer) session(_ *ssh.Server, conn *gossh.ServerConn, channel gossh.NewChannel, sshCtx ssh.Context) {
	ctx, cancel := context.WithCancel(sshCtx)
	defer cancel()
	raw := &rawChannel{NewChannel: channel}
	ssh.DefaultSessionHandler(&ssh.Server{
		Handler: func(sess ssh.Session) { s.execute(ctx, sess, raw) },
		SubsystemHandlers: map[string]ssh.SubsystemHandler{
			"sftp": func(sess ssh.Session) { s.execute(ctx, sess, raw) },
		},
	}, conn, raw, sshCtx)
}

// rawChannel remembers the channel below a session: the session itself rewrites line ends of terminals that are right already.
type rawChannel struct {
	gossh.NewChannel
	channel gossh.Channel
}

// Accept accepts the channel.
func (r *rawChannel) Accept() (gossh.Channel, <-chan *gossh.Request, error) {
	channel, requests, err := r.NewChannel.Accept()
	r.channel = channel
	return channel, requests, err
}

// forward handles direct-tcpip, which jump hosts are made of.
func (s *sshServer) forward(_ *ssh.Server, conn *gossh.ServerConn, channel gossh.NewChannel, ctx ssh.Context) {
	var request struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := gossh.Unmarshal(channel.ExtraData(), &request); err != nil {
		_ = channel.Reject(gossh.ConnectionFailed, "malformed direct-tcpip request")
		return
	}
	answer, err := s.m.route(ctx, request.Host, int(request.Port))
	if err != nil {
		_ = channel.Reject(gossh.ConnectionFailed, err.Error())
		return
	}
	accepted, requests, err := channel.Accept()
	if err != nil {
		return
	}
	go gossh.DiscardRequests(requests)
	answer(&stream{ReadWriteCloser: accepted, local: conn.LocalAddr(), remote: conn.RemoteAddr()})
}

// stream makes a connection of anything that is read and written; it knows no deadlines.
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

// writeAuthorizedKeys lets these keys log in as either user, unless the machine's files exist already.
func (m *machine) writeAuthorizedKeys(keys []string) error {
	var content bytes.Buffer
	seen := map[string]bool{}
	for _, key := range keys {
		if !seen[key] {
			seen[key] = true
			fmt.Fprintln(&content, key)
		}
	}
	for _, user := range []string{"root", loginUser} {
		dir := filepath.Join(m.root(), home(user), ".ssh")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "authorized_keys"), content.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// sshAddress is where users reach the machine's SSH server; empty without a public address.
func (m *machine) sshAddress() string {
	public := m.snapshot().Machine.PublicAddress
	if public == "" {
		return ""
	}
	return net.JoinHostPort(public, strconv.Itoa(m.hosts.opts.Port))
}
