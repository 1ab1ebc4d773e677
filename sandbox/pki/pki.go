// Package pki makes the sandbox's own certificate authorities and what they sign, in a folder that keeps them.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Long: a sandbox should not die of old age, and nothing outside it trusts these certificates.
const certificateLife = 10 * 365 * 24 * time.Hour

// Folder is the folder of keys and certificates. What is in it already is kept, so that what trusts them outlives a restart.
type Folder string

// Path is where a file of it lies: name.crt, name.key, name.pub.
func (p Folder) Path(name string) string { return filepath.Join(string(p), name) }

// Authority is a certificate authority that can sign.
type Authority struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Authority loads the CA of that name, or makes it.
func (p Folder) Authority(name string) (*Authority, error) {
	key, err := p.Key(name)
	if err != nil {
		return nil, err
	}
	certificate, err := p.Certificate(name)
	if err == nil {
		return &Authority{certificate, key}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	template, err := newTemplate(pkix.Name{CommonName: name})
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage |= x509.KeyUsageCertSign
	if err := p.sign(name, template, template, key, key); err != nil {
		return nil, err
	}
	if certificate, err = p.Certificate(name); err != nil {
		return nil, err
	}
	return &Authority{certificate, key}, nil
}

// Leaf describes a certificate to issue.
type Leaf struct {
	Name         string
	Subject      pkix.Name
	Usages       []x509.ExtKeyUsage
	Alternatives []string // DNS names and IP addresses
}

// Issue writes a new certificate of that description over an existing one. The key stays the same, so certificate and key
// on disk fit together at every moment.
func (p Folder) Issue(ca *Authority, leaf Leaf) error {
	key, err := p.Key(leaf.Name)
	if err != nil {
		return err
	}
	template, err := newTemplate(leaf.Subject)
	if err != nil {
		return err
	}
	template.ExtKeyUsage = leaf.Usages
	addAlternatives(template, leaf.Alternatives)
	return p.sign(leaf.Name, template, ca.Certificate, key, ca.key)
}

// Server is the certificate that a server shows by these names or addresses, kept as name; another one is issued where there is none of them, or it ended.
func (p Folder) Server(authority, name string, alternatives ...string) (tls.Certificate, error) {
	ca, err := p.Authority(authority)
	if err != nil {
		return tls.Certificate{}, err
	}
	existing, err := p.Certificate(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tls.Certificate{}, err
	}
	slices.Sort(alternatives)
	if err != nil || !slices.Equal(Alternatives(existing), alternatives) || time.Now().After(existing.NotAfter) {
		leaf := Leaf{Name: name, Subject: pkix.Name{CommonName: name}, Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, Alternatives: alternatives}
		if err := p.Issue(ca, leaf); err != nil {
			return tls.Certificate{}, err
		}
	}
	return tls.LoadX509KeyPair(p.Path(name+".crt"), p.Path(name+".key"))
}

func addAlternatives(template *x509.Certificate, names []string) {
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
}

func newTemplate(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	// An hour back, for clocks in other places that run late.
	from := time.Now().Add(-time.Hour)
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject, NotBefore: from, NotAfter: from.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}, nil
}

func (p Folder) sign(name string, template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return fmt.Errorf("sign certificate %s: %w", name, err)
	}
	return WriteFile(p.Path(name+".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// Certificate reads the certificate of that name.
func (p Folder) Certificate(name string) (*x509.Certificate, error) {
	block, err := readPEM(p.Path(name + ".crt"))
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; delete the folder to start over", p.Path(name+".crt"), err)
	}
	return certificate, nil
}

// Key loads the private key of that name, or makes it, with its public half beside it in name.pub.
func (p Folder) Key(name string) (*ecdsa.PrivateKey, error) {
	path := p.Path(name + ".key")
	block, err := readPEM(path)
	if err == nil {
		key, err := x509.ParseECPrivateKey(block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; delete the folder to start over", path, err)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	if err := WriteFile(p.Path(name+".pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})); err != nil {
		return nil, err
	}
	return key, WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}))
}

// Alternatives lists the names and addresses a certificate is valid for, sorted.
func Alternatives(certificate *x509.Certificate) []string {
	all := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		all = append(all, ip.String())
	}
	slices.Sort(all)
	return all
}

func readPEM(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is not a PEM file; delete its folder to start over", path)
	}
	return block.Bytes, nil
}

// WriteFile replaces a file as a whole: a reader sees the old content or the new one, never a part.
func WriteFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	next := path + ".next"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
