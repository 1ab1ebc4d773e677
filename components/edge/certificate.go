package edge

import (
	"fmt"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/certificate"
	"github.com/iransre/exchange-platform/internal/field"
)

// Certificate is one that was ordered elsewhere and is handed in.
type Certificate struct {
	// Chain is the certificate in PEM, and after it those of who signed it. It has to cover the names of the exchange and of its files.
	Chain string `json:"chain,omitempty"`
	// Key is its private key, in PEM without a passphrase. Set it with
	// `pulumi config set --secret --path exchange-platform:edge.certificate.key < key.pem`.
	Key string `json:"key,omitempty" secret:"true"`
}

// Given tells whether there is one.
func (c *Certificate) Given() bool { return c.Chain != "" }

// validateCertificate checks the certificate for itself.
func (c *Config) validateCertificate(path *field.Path) field.ErrorList {
	if c.Certificate.Chain+c.Certificate.Key == "" {
		return nil
	}
	if c.Certificate.Chain == "" {
		return field.ErrorList{field.Required(path.Child("chain"), "give the certificate that the key belongs to: pulumi config set --path exchange-platform:edge.certificate.chain < chain.pem")}
	}
	if !c.ShowsCertificates() {
		return field.ErrorList{field.Forbidden(path, `is shown to nobody: the CDN speaks plain HTTP to the workers. Set edge.origin.https, or leave it out`)}
	}
	invalid := func(key string, err error) field.ErrorList {
		return field.ErrorList{field.Invalid(path.Child(key), field.OmitValueType{}, err.Error())}
	}
	chain, err := certificate.Read(c.Certificate.Chain)
	if err == nil {
		err = certificate.CheckChain(chain, time.Now())
	}
	if err != nil {
		return invalid("chain", err)
	}
	if c.Certificate.Key == "" {
		return field.ErrorList{field.Required(path.Child("key"), "give its key: pulumi config set --secret --path exchange-platform:edge.certificate.key < key.pem")}
	}
	if err := certificate.CheckKey(c.Certificate.Chain, c.Certificate.Key); err != nil {
		return invalid("key", err)
	}
	return nil
}

// ValidateNames asks that the certificate covers all names that lead to the workers.
func (c *Config) ValidateNames(path *field.Path, hosts []string) field.ErrorList {
	chain, err := certificate.Read(c.Certificate.Chain)
	if err != nil {
		return nil // said for itself, or there is none
	}
	left := certificate.Uncovered(chain[0], hosts)
	if len(left) == 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("certificate", "chain"), field.OmitValueType{}, fmt.Sprintf(
		"is for %s, and not for %s: order one for all of them", strings.Join(chain[0].DNSNames, ", "), strings.Join(left, ", ")))}
}

// CertificateEnds is when the certificate that was handed in ends; not ok if there is none.
func (c *Config) CertificateEnds() (end time.Time, ok bool) {
	chain, err := certificate.Read(c.Certificate.Chain)
	if err != nil {
		return end, false
	}
	return certificate.End(chain), true
}

// certificateWarnings says in time that it ends.
func (c *Config) certificateWarnings(now time.Time) []string {
	end, given := c.CertificateEnds()
	if !given || end.Sub(now) >= certificate.Early {
		return nil
	}
	return []string{fmt.Sprintf("edge.certificate ends on %s, in %d days: from then on it is refused. Order another one, and hand it in with its key",
		end.Format(time.DateOnly), int(end.Sub(now).Hours()/24))}
}
