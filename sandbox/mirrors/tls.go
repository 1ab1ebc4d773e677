package mirrors

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"

	"github.com/iransre/exchange-platform/sandbox/pki"
)

// Trust is the sandbox's certificate authority, that of everything it serves to machines by TLS.
type Trust struct{ folder pki.Folder }

// NewTrust keeps the authority in a folder, made at the first need.
func NewTrust(dir string) Trust { return Trust{pki.Folder(dir)} }

const (
	authorityName = "mirrors-ca"
	serverName    = "mirrors"
)

// File is where its certificate is, once there is one.
func (t Trust) File() string { return t.folder.Path(authorityName + ".crt") }

// Authority is its certificate, in PEM: what machines have to trust.
func (t Trust) Authority() ([]byte, error) {
	if _, err := t.folder.Authority(authorityName); err != nil {
		return nil, err
	}
	return os.ReadFile(t.File())
}

// Server is what serves by these names or addresses.
func (t Trust) Server(names ...string) (*tls.Config, error) {
	certificate, err := t.folder.Server(authorityName, serverName, names...)
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, err
}

// Client trusts the authority and nobody else.
func (t Trust) Client() (*tls.Config, error) {
	authority, err := t.Authority()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(authority)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
