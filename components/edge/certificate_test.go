package edge_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

func handedIn(t *testing.T, seed string, hosts ...string) edge.Certificate {
	t.Helper()
	made, err := chart.Certify(seed, &x509.Certificate{DNSNames: hosts})
	assert.NilError(t, err)
	return edge.Certificate{Chain: made[chart.CertificateBlock], Key: made[chart.KeyBlock]}
}

func withCertificate(mode edge.Mode, certificate edge.Certificate) *edge.Config {
	config := &edge.Config{}
	config.SetDefaults(settings.Prod)
	config.Domain, config.Mode, config.Certificate = "iransre.ir", mode, certificate
	return config
}

func TestACertificateCoversEveryNameThatLeadsToTheWorkers(t *testing.T) {
	config := withCertificate(edge.DNS, handedIn(t, "a", "*.iransre.ir"))
	assert.Equal(t, len(config.Validate(settings.Prod, field.NewPath("edge"))), 0)
	assert.Equal(t, len(config.Warnings(settings.Prod)), 0)
	assert.Equal(t, len(config.ValidateNames(field.NewPath("edge"), []string{"demo.iransre.ir"})), 0)
	problems := config.ValidateNames(field.NewPath("edge"), []string{"demo.iransre.ir", "iransre.ir"})
	assert.Error(t, problems[0], "edge.certificate.chain: Invalid value: is for *.iransre.ir, and not for iransre.ir: order one for all of them")
}

func TestTheCDNIsShownACertificateByTLSOnly(t *testing.T) {
	config := withCertificate(edge.WithWAF, handedIn(t, "a", "*.iransre.ir"))
	assert.ErrorContains(t, config.Validate(settings.Prod, field.NewPath("edge"))[0], "is shown to nobody")
	config.Origin.HTTPS = true
	assert.Equal(t, len(config.Validate(settings.Prod, field.NewPath("edge"))), 0)
}

func TestAKeyOfAnotherCertificateIsNamedWithoutBeingShown(t *testing.T) {
	certificate := handedIn(t, "a", "*.iransre.ir")
	certificate.Key = handedIn(t, "b", "*.iransre.ir").Key
	problems := withCertificate(edge.DNS, certificate).Validate(settings.Prod, field.NewPath("edge"))
	assert.Equal(t, len(problems), 1)
	assert.ErrorContains(t, problems[0], "edge.certificate.key: Invalid value: is not the key of the certificate")
	assert.Assert(t, !strings.Contains(problems[0].Error(), strings.Split(certificate.Key, "\n")[1]))
	certificate.Chain = ""
	assert.ErrorContains(t, withCertificate(edge.DNS, certificate).Validate(settings.Prod, field.NewPath("edge"))[0], "edge.certificate.chain: Required value")
}
