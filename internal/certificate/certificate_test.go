package certificate_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/certificate"
)

var now = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)

// made is a certificate with its key.
type made struct {
	pem, key string
	parsed   *x509.Certificate
	private  *ecdsa.PrivateKey
}

// issue makes one that ends after so many days, signed by another or by itself.
func issue(t *testing.T, name string, days int, signer *made, hosts ...string) *made {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NilError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: hosts, NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(0, 0, days),
		IsCA: len(hosts) == 0, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	parent, by := template, key
	if signer != nil {
		parent, by = signer.parsed, signer.private
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	assert.NilError(t, err)
	parsed, err := x509.ParseCertificate(der)
	assert.NilError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	assert.NilError(t, err)
	return &made{
		pem: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), parsed: parsed, private: key,
		key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}
}

func TestWhatClientsTake(t *testing.T) {
	authority := issue(t, "An Authority", 300, nil)
	server := issue(t, "a server", 90, authority, "iransre.ir", "*.iransre.ir")
	chain, err := certificate.Read(server.pem + authority.pem)
	assert.NilError(t, err)
	assert.NilError(t, certificate.CheckChain(chain, now))
	assert.NilError(t, certificate.CheckKey(server.pem+authority.pem, server.key))
	assert.Equal(t, certificate.End(chain), now.AddDate(0, 0, 90))
	assert.DeepEqual(t, certificate.Uncovered(chain[0], []string{"iransre.ir", "demo.iransre.ir", "a.b.iransre.ir", "elsewhere.ir"}), []string{"a.b.iransre.ir", "elsewhere.ir"})
}

func TestAnAuthorityThatEndsFirstEndsTheChain(t *testing.T) {
	authority := issue(t, "An Authority", 20, nil)
	chain, err := certificate.Read(issue(t, "a server", 90, authority, "iransre.ir").pem + authority.pem)
	assert.NilError(t, err)
	assert.Equal(t, certificate.End(chain), now.AddDate(0, 0, 20))
}

func TestWhatClientsRefuse(t *testing.T) {
	authority, other := issue(t, "An Authority", 300, nil), issue(t, "Another", 300, nil)
	server := issue(t, "a server", 90, authority, "iransre.ir")
	for text, wanted := range map[string]string{
		"":                      "must be certificates in PEM",
		"a file's name":         "must be certificates in PEM",
		server.pem + server.key: "holds a private key",
		server.pem + strings.ReplaceAll(server.key, "-----END", "----END"):    "holds a private key",
		server.pem + strings.Split(server.key, "\n")[1]:                       "holds something beside whole certificates",
		server.pem + strings.Replace(authority.pem, "-----END", "----END", 1): "holds something beside whole certificates",
		"subject=iransre.ir\n" + server.pem:                                   "holds something beside whole certificates",
		authority.pem:                                                         "names no host in its subjectAltName",
		server.pem + other.pem:                                                "certificate 2 (Another) did not sign the one before it",
		authority.pem + server.pem:                                            "certificate 2 (a server) did not sign the one before it",
		issue(t, "old", 0, nil, "iransre.ir").pem:                             "",
		issue(t, "over", -1, nil, "iransre.ir").pem:                           "certificate 1 (over) ended on 2027-02-28",
	} {
		chain, err := certificate.Read(text)
		if err == nil {
			err = certificate.CheckChain(chain, now)
		}
		if wanted == "" {
			assert.NilError(t, err)
			continue
		}
		assert.ErrorContains(t, err, wanted)
	}
	chain, err := certificate.Read(server.pem)
	assert.NilError(t, err)
	assert.ErrorContains(t, certificate.CheckChain(chain, now.AddDate(0, 0, -2)), "begins on 2027-02-28 only")
}

func TestErrorsHoldNothingOfTheKey(t *testing.T) {
	server := issue(t, "a server", 90, nil, "iransre.ir")
	err := certificate.CheckKey(server.pem, issue(t, "another", 90, nil, "iransre.ir").key)
	assert.Error(t, err, "is not the key of the certificate: a new certificate comes with its own key, so change both")
	err = certificate.CheckKey(server.pem, strings.Replace(server.key, "\n", "\nhush", 1))
	assert.Error(t, err, `must be a private key in PEM without a passphrase ("-----BEGIN PRIVATE KEY-----")`)
}

func TestTheCertificatesOfAKubeconfig(t *testing.T) {
	of, by := issue(t, "cluster", 3000, nil), issue(t, "admin", 365, nil)
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	authority, user := certificate.OfKubeconfig(`{"clusters": [{"cluster": {"certificate-authority-data": "` + encode(of.pem) +
		`"}}], "users": [{"user": {"client-certificate-data": "` + encode(by.pem) + `"}}]}`)
	assert.Assert(t, authority.Equal(of.parsed) && user.Equal(by.parsed))
	for _, text := range []string{"", "[", `{"users": [{"user": {"token": "t"}}], "clusters": [{"cluster": {}}]}`} {
		authority, user = certificate.OfKubeconfig(text)
		assert.Assert(t, authority == nil && user == nil)
	}
}
