package chart

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Authority is a certificate with its key, in PEM. It is made of a random text that the state keeps, and so is the same at every
// update; another text is another authority.
type Authority struct {
	Certificate pulumi.StringOutput // not secret
	Key         pulumi.StringOutput // secret
}

// Authority makes one that an operator signs its servers' certificates with: clients in other namespaces have to know it, and
// the operator's own stands in its namespace only, and ends within a year.
func (i *Installer) Authority(ctx *pulumi.Context, name, commonName string, opts ...pulumi.ResourceOption) (*Authority, error) {
	seed, err := i.Password(ctx, name+"-seed", opts...)
	if err != nil {
		return nil, err
	}
	part := func(kind string) pulumi.StringOutput {
		return seed.ApplyT(func(text string) (string, error) {
			made, err := Certify(text, authorityTemplate(commonName))
			return made[kind], err
		}).(pulumi.StringOutput)
	}
	return &Authority{
		Certificate: pulumi.UnsecretWithContext(ctx.Context(), part(CertificateBlock)).(pulumi.StringOutput), Key: part(KeyBlock),
	}, nil
}

func authorityTemplate(commonName string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: commonName}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
}

// The parts of what Certify makes.
const (
	CertificateBlock = "CERTIFICATE"
	KeyBlock         = "EC PRIVATE KEY"
)

// What Certify makes is valid between these, whenever it is made: the same text has to give the same certificate.
var (
	certifiedFrom  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	CertifiedUntil = certifiedFrom.AddDate(30, 0, 0)
)

// Certify makes a self-signed certificate and its key of a random text: always the same ones of the same text. It is valid for as
// long as an environment may live; who has to end it before makes the text anew.
func Certify(seed string, template *x509.Certificate) (map[string]string, error) {
	key, err := keyOf(seed)
	if err != nil {
		return nil, err
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(public)
	template.SerialNumber, template.SubjectKeyId = new(big.Int).SetBytes(id[:16]), id[:20]
	template.NotBefore, template.NotAfter = certifiedFrom, CertifiedUntil
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), steady{key})
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", template.Subject.CommonName, err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		CertificateBlock: string(pem.EncodeToMemory(&pem.Block{Type: CertificateBlock, Bytes: certificate})),
		KeyBlock:         string(pem.EncodeToMemory(&pem.Block{Type: KeyBlock, Bytes: private})),
	}, nil
}

// keyOf makes a key of a text. One number in four thousand million is none, then the next one is.
func keyOf(seed string) (key *ecdsa.PrivateKey, err error) {
	for attempt := range 4 {
		number := sha256.Sum256(fmt.Appendf(nil, "exchange-platform certificate %d %s", attempt, seed))
		if key, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), number[:]); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("make a key: %w", err)
}

// steady signs the same with the same signature each time (RFC 6979).
type steady struct{ *ecdsa.PrivateKey }

func (s steady) Sign(_ io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	return s.PrivateKey.Sign(nil, digest, options)
}
