package main

import (
	"io"
	"os"

	"github.com/pkg/sftp"
)

// sftpServer is the SSH server's sftp subsystem. OpenSSH's own is a package of its own that need not be installed.
func sftpServer([]string) (int, error) {
	server, err := sftp.NewServer(struct {
		io.Reader
		io.WriteCloser
	}{os.Stdin, os.Stdout})
	if err != nil {
		return 1, err
	}
	if err := server.Serve(); err != nil && err != io.EOF {
		return 1, err
	}
	return 0, nil
}
