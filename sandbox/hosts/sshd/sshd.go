// Package sshd is a machine's SSH server: logins by key, sessions with and without a terminal, jump hosts.
package sshd

import (
	"bytes"
	"context"
	"net"
	"path/filepath"

	"github.com/gliderlabs/ssh"
	"github.com/iransre/exchange-platform/sandbox/hosts/jail"
	"github.com/iransre/exchange-platform/sandbox/hosts/network"
	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
	gossh "golang.org/x/crypto/ssh"
)

// Machine is what an SSH server has to know of the machine it is in.
type Machine struct {
	Tree rootfs.Tree
	// HostKey is what the server shows.
	HostKey gossh.Signer
	// Jail runs what a session asks for.
	Jail *jail.Jail
	// Route finds who answers when a client asks to be connected on.
	Route func(ctx context.Context, host string, port int) (network.Handler, error)
}

// Server is a machine's sshd.
type Server struct {
	machine Machine
	server  *ssh.Server
}

// New makes a server; connections are handed to Serve.
func New(machine Machine) *Server {
	s := &Server{machine: machine}
	s.server = &ssh.Server{
		Version:          "OpenSSH_9.6p1 sandbox",
		HostSigners:      []ssh.Signer{machine.HostKey},
		PublicKeyHandler: s.authorized,
		ChannelHandlers: map[string]ssh.ChannelHandler{
			"session":      s.session,
			"direct-tcpip": s.forward,
		},
	}
	return s
}

// Serve handles one connection until it ends.
func (s *Server) Serve(conn net.Conn) {
	s.server.HandleConn(conn)
}

// authorized checks the key against the user's authorized_keys in the machine, as sshd does.
func (s *Server) authorized(ctx ssh.Context, key ssh.PublicKey) bool {
	if user := ctx.User(); user != "root" && user != rootfs.LoginUser {
		return false
	}
	root, err := s.machine.Tree.Open()
	if err != nil {
		return false
	}
	defer root.Close()
	rest, err := root.ReadFile(filepath.Join(rootfs.Home(ctx.User()), ".ssh/authorized_keys")[1:])
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
func (s *Server) session(_ *ssh.Server, conn *gossh.ServerConn, channel gossh.NewChannel, sshCtx ssh.Context) {
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
func (s *Server) forward(_ *ssh.Server, conn *gossh.ServerConn, channel gossh.NewChannel, ctx ssh.Context) {
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
	answer, err := s.machine.Route(ctx, request.Host, int(request.Port))
	if err != nil {
		_ = channel.Reject(gossh.ConnectionFailed, err.Error())
		return
	}
	accepted, requests, err := channel.Accept()
	if err != nil {
		return
	}
	go gossh.DiscardRequests(requests)
	answer(network.NewStream(accepted, conn.LocalAddr(), conn.RemoteAddr()))
}
