package stacks

import (
	"crypto/x509"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/certificate"
)

// knownCertificates are those whose ends are known to the program. Those that the CDN or a controller in the cluster orders are not.
type knownCertificates struct {
	// All are told as outputs.Certificate is, by what they are for.
	All pulumi.Map `output:"certificates"`
	// Ends are the same, as text alone.
	Ends pulumi.StringMap
}

func newKnownCertificates(ctx *pulumi.Context, cfg *Config, kubeconfig pulumi.StringOutput) *knownCertificates {
	// when a certificate ends is no secret, though the kubeconfig that it stands in is
	in := func(pick func(authority, user *x509.Certificate) *x509.Certificate) pulumi.StringOutput {
		end := kubeconfig.ApplyT(func(text string) string {
			found := pick(certificate.OfKubeconfig(text))
			if found == nil {
				return ""
			}
			return rfc3339(found.NotAfter)
		}).(pulumi.StringOutput)
		return pulumi.UnsecretWithContext(ctx.Context(), end).(pulumi.StringOutput)
	}
	found := &knownCertificates{All: pulumi.Map{}, Ends: pulumi.StringMap{
		"kubernetes": in(func(authority, _ *x509.Certificate) *x509.Certificate { return authority }),
		"kubeconfig": in(func(_, user *x509.Certificate) *x509.Certificate { return user }),
	}}
	certified := pulumi.String(rfc3339(chart.CertifiedUntil))
	if cfg.Postgres.Engine == postgres.CloudNativePG {
		found.Ends["postgres"] = certified
	}
	if cfg.Logging.Engine == logging.ECK {
		found.Ends["logging"] = certified
	}
	if cfg.Certificates.Enabled() {
		found.Ends["internal"] = certified
	}
	if end, given := cfg.Edge.CertificateEnds(); given {
		found.Ends["edge"] = pulumi.String(rfc3339(end))
	}
	for name, end := range found.Ends {
		found.All[name] = pulumi.Map{"ends": end}
	}
	return found
}

func rfc3339(moment time.Time) string { return moment.UTC().Format(time.RFC3339) }
