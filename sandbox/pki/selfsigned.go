package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
)

// SelfSigned is a server's certificate for these names or addresses, which is its own authority. It is kept nowhere: the next one has
// another key.
func SelfSigned(name string, alternatives ...string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template, err := newTemplate(pkix.Name{CommonName: name})
	if err != nil {
		return tls.Certificate{}, err
	}
	template.KeyUsage |= x509.KeyUsageCertSign
	template.ExtKeyUsage, template.IsCA, template.BasicConstraintsValid = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, true, true
	addAlternatives(template, alternatives)
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{certificate}, PrivateKey: key}, err
}
