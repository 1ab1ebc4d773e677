package edge

import (
	"crypto/x509"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
)

func TestTheEndOfACertificateIsSaidAMonthBefore(t *testing.T) {
	made, err := chart.Certify("a", &x509.Certificate{DNSNames: []string{"iransre.ir"}})
	assert.NilError(t, err)
	config := &Config{Certificate: Certificate{Chain: made[chart.CertificateBlock]}}
	assert.Equal(t, len(config.certificateWarnings(chart.CertifiedUntil.AddDate(0, 0, -31))), 0)
	said := config.certificateWarnings(chart.CertifiedUntil.Add(-29*24*time.Hour - time.Minute))
	assert.Equal(t, said[0], "edge.certificate ends on 2056-01-01, in 29 days: from then on it is refused. Order another one, and hand it in with its key")
}
