package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"

	"github.com/iransre/exchange-platform/components/chart"
)

// ProxyConfig is HAProxy's configuration.
var ProxyConfig = proxyConfig

// SomeAuthority is the certificate and the key of an authority as the program makes them.
func SomeAuthority() (certificate, key []byte, err error) {
	made, err := chart.Certify("a test", &x509.Certificate{
		Subject: pkix.Name{CommonName: "a test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	})
	return []byte(made[chart.CertificateBlock]), []byte(made[chart.KeyBlock]), err
}

// SignedBy is a certificate for one name, as the operator makes it.
func SignedBy(authority tls.Certificate, name string) (tls.Certificate, error) {
	signer, err := x509.ParseCertificate(authority.Certificate[0])
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	text, err := x509.CreateCertificate(rand.Reader, template, signer, key.Public(), authority.PrivateKey)
	return tls.Certificate{Certificate: [][]byte{text}, PrivateKey: key}, err
}
