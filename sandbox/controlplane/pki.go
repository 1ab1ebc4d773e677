package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
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

// pki is the folder of keys and certificates. What is in it already is kept, so that kubeconfigs outlive a restart.
type pki struct{ dir string }

func (p pki) path(name string) string { return filepath.Join(p.dir, name) }

// authority is a certificate authority that can sign.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// authority loads the CA of that name, or makes it.
func (p pki) authority(name string) (*authority, error) {
	key, err := p.key(name)
	if err != nil {
		return nil, err
	}
	certificate, err := p.certificate(name)
	if err == nil {
		return &authority{certificate, key}, nil
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
	if certificate, err = p.certificate(name); err != nil {
		return nil, err
	}
	return &authority{certificate, key}, nil
}

// leaf describes a certificate to issue.
type leaf struct {
	name         string
	subject      pkix.Name
	usages       []x509.ExtKeyUsage
	alternatives []string // DNS names and IP addresses
}

// issue writes a new certificate of that description over an existing one. The key stays the same, so certificate and key
// on disk fit together at every moment.
func (p pki) issue(ca *authority, leaf leaf) error {
	key, err := p.key(leaf.name)
	if err != nil {
		return err
	}
	template, err := newTemplate(leaf.subject)
	if err != nil {
		return err
	}
	template.ExtKeyUsage = leaf.usages
	for _, alternative := range leaf.alternatives {
		if ip := net.ParseIP(alternative); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, alternative)
		}
	}
	return p.sign(leaf.name, template, ca.certificate, key, ca.key)
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

func (p pki) sign(name string, template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return fmt.Errorf("sign certificate %s: %w", name, err)
	}
	return writeFile(p.path(name+".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (p pki) certificate(name string) (*x509.Certificate, error) {
	block, err := readPEM(p.path(name + ".crt"))
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; delete the folder to start over", p.path(name+".crt"), err)
	}
	return certificate, nil
}

// key loads the private key of that name, or makes it, with its public half beside it in name.pub.
func (p pki) key(name string) (*ecdsa.PrivateKey, error) {
	path := p.path(name + ".key")
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
	if err := writeFile(p.path(name+".pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})); err != nil {
		return nil, err
	}
	return key, writeFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}))
}

// alternatives lists the names and addresses a certificate is valid for, sorted.
func alternatives(certificate *x509.Certificate) []string {
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

// writeFile replaces a file as a whole: a reader sees the old content or the new one, never a part.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	next := path + ".next"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
