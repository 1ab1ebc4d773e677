// Package certificate reads certificates in PEM, and says what is wrong with one that a server shall show.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/yaml"
)

// Early is how long before its end a certificate has to be seen to: who orders one by hand needs days.
const Early = 30 * 24 * time.Hour

var errPrivateKey = errors.New("holds a private key, which would stand in plain text: give it the certificates alone, and the key to the key's own place")

// letters are a text without its spaces and line ends.
func letters(text string) string { return strings.Join(strings.Fields(text), "") }

// Read reads a certificate and what follows it, the server's own first.
func Read(chain string) ([]*x509.Certificate, error) {
	if strings.Contains(chain, "PRIVATE KEY") {
		return nil, errPrivateKey
	}
	var read []*x509.Certificate
	var whole strings.Builder
	for rest := []byte(chain); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("holds something that is no certificate (%s)", block.Type)
		}
		read = append(read, certificate)
		whole.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
	}
	if len(read) == 0 {
		return nil, errors.New(`must be certificates in PEM ("-----BEGIN CERTIFICATE-----"), the server's own first`)
	}
	if letters(chain) != letters(whole.String()) {
		return nil, errors.New("holds something beside whole certificates: leave out comments and headers, and whatever is damaged")
	}
	return read, nil
}

// CheckChain says why clients would not follow the chain from the server's certificate on, or would not take that one now.
func CheckChain(chain []*x509.Certificate, now time.Time) error {
	for i, certificate := range chain {
		switch name := certificate.Subject.CommonName; {
		case now.After(certificate.NotAfter):
			return fmt.Errorf("certificate %d (%s) ended on %s: order another one", i+1, name, certificate.NotAfter.Format(time.DateOnly))
		case now.Before(certificate.NotBefore):
			return fmt.Errorf("certificate %d (%s) begins on %s only", i+1, name, certificate.NotBefore.Format(time.DateOnly))
		}
		if i > 0 && chain[i-1].CheckSignatureFrom(certificate) != nil {
			return fmt.Errorf("certificate %d (%s) did not sign the one before it: the server's own comes first, and after each the one of who signed it",
				i+1, certificate.Subject.CommonName)
		}
	}
	if own := chain[0]; len(own.DNSNames)+len(own.IPAddresses) == 0 {
		return errors.New("names no host in its subjectAltName, and browsers look nowhere else: order another one")
	} else if len(own.ExtKeyUsage) > 0 && !slices.ContainsFunc(own.ExtKeyUsage, func(usage x509.ExtKeyUsage) bool {
		return usage == x509.ExtKeyUsageServerAuth || usage == x509.ExtKeyUsageAny
	}) {
		return errors.New("is not one for servers: order one for server authentication")
	}
	return nil
}

// CheckAuthorities says why a text is not, in PEM, the certificates of authorities that a client may trust now.
func CheckAuthorities(text string, now time.Time) error {
	chain, err := Read(text)
	if err != nil {
		return err
	}
	for _, each := range chain {
		if !each.IsCA {
			return fmt.Errorf("must be of authorities, and %s is none: take the one that signed it", each.Subject.CommonName)
		}
		if now.After(each.NotAfter) {
			return fmt.Errorf("the authority %s ended on %s", each.Subject.CommonName, each.NotAfter.Format(time.DateOnly))
		}
	}
	return nil
}

// CheckKey says whether a key, in PEM, is that of the chain's first certificate. Errors hold nothing of the key.
func CheckKey(chain, key string) error {
	if _, err := tls.X509KeyPair([]byte(chain), []byte(key)); err != nil {
		if strings.Contains(err.Error(), "does not match") {
			return errors.New("is not the key of the certificate: a new certificate comes with its own key, so change both")
		}
		return errors.New(`must be a private key in PEM without a passphrase ("-----BEGIN PRIVATE KEY-----")`)
	}
	return nil
}

// Uncovered are those of the hosts for which no client takes the certificate.
func Uncovered(certificate *x509.Certificate, hosts []string) []string {
	var left []string
	for _, host := range hosts {
		if certificate.VerifyHostname(host) != nil {
			left = append(left, host)
		}
	}
	return left
}

// End is when the first of a chain's certificates ends: from then on clients refuse it.
func End(chain []*x509.Certificate) time.Time {
	var end time.Time
	for i, certificate := range chain {
		if i == 0 || certificate.NotAfter.Before(end) {
			end = certificate.NotAfter
		}
	}
	return end
}

// OfKubeconfig are the certificates of a kubeconfig: its cluster's own authority, and its first user's. One that it does not hold is nil.
func OfKubeconfig(text string) (authority, user *x509.Certificate) {
	var config struct {
		Clusters []struct {
			Cluster struct {
				Authority []byte `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Certificate []byte `json:"client-certificate-data"`
			} `json:"user"`
		} `json:"users"`
	}
	if yaml.Unmarshal([]byte(text), &config) != nil {
		return nil, nil
	}
	first := func(pem []byte) *x509.Certificate {
		if read, err := Read(string(pem)); err == nil {
			return read[0]
		}
		return nil
	}
	if len(config.Clusters) > 0 {
		authority = first(config.Clusters[0].Cluster.Authority)
	}
	if len(config.Users) > 0 {
		user = first(config.Users[0].User.Certificate)
	}
	return authority, user
}
