package stacks

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/certificates"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// renewed is a stack whose certificates cert-manager renews.
func renewed(t *testing.T, stack string, issuer certificates.Issuer) *Config {
	t.Helper()
	cfg, err := Load(project, stack, completed(t, stack))
	assert.NilError(t, err)
	cfg.Edge.Origin.HTTPS = true
	cfg.Certificates.Engine, cfg.Certificates.Issuer = certificates.CertManager, issuer
	cfg.Certificates.ACME.Email, cfg.Certificates.ACME.APIKey = "platform@iransre.ir", mocktest.Generated+"-by-arvancloud"
	assert.Equal(t, len(validateTogether(stack, cfg)), 0)
	return cfg
}

// What the ingress controller is told to show is what cert-manager fills, for each name that leads there; and neither waits for the other.
func TestTheWorkersShowWhatCertManagerRenews(t *testing.T) {
	for stack, issuer := range map[string]certificates.Issuer{"demo": certificates.Internal, "prod": certificates.ByACME} {
		cfg := renewed(t, stack, issuer)
		cfg.Exchange.MoreHosts, cfg.Kubernetes.Access = []string{"iransre.ir"}, access.Config{{Name: "signer", Role: "view", Namespaces: []string{"cert-manager"}}}
		recording := deployedWith(t, cfg)
		assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
		asked := mocktest.Plain(resource.NewProperty(recording.Get(t, "certificates-exchange").Inputs)).(map[string]any)
		spec, where := asked["spec"].(map[string]any), asked["metadata"].(map[string]any)["namespace"].(string)
		shown := "default-ssl-certificate:" + where + "/" + spec["secretName"].(string) + "]"
		if cfg.Ingress.Engine == ingress.Traefik {
			assert.Equal(t, where, "ingress-nginx", "a file of its pods")
			shown = "secret:map[name:" + spec["secretName"].(string) + " "
		}
		assert.Check(t, is.Contains(text(recording.Get(t, "ingress-release").Inputs), shown))
		assert.DeepEqual(t, spec["dnsNames"], []any{cfg.Exchange.Host, "iransre.ir", filesHost(cfg)})
		assert.Check(t, waitsFor(recording, "certificates-exchange", "ingress-namespace"))
		assert.Check(t, waitsFor(recording, "access-signer-view-cert-manager", "certificates-namespace"))
		assert.Check(t, !waitsFor(recording, "ingress-release", "certificates-namespace"), "the way in needs no certificate")
		assert.Check(t, !waitsFor(recording, "exchange-release", "certificates-namespace"))
		rules := text(recording.Get(t, "monitoring-alerts").Inputs)
		assert.Check(t, is.Contains(rules, "CertificateIsNotRenewed"))
		assert.Check(t, is.Contains(rules, "certificate:internal"), "when the authority ends")
	}
}

func TestWithoutAnEngineNobodyIsAskedForCertificates(t *testing.T) {
	recording := deployed(t, "prod")
	for _, name := range recording.Names() {
		assert.Check(t, recording.Get(t, name).Type != "kubernetes:cert-manager.io/v1:Certificate", name)
	}
	assert.Check(t, !is.Contains(text(recording.Get(t, "monitoring-alerts").Inputs), "CertificateIsNotRenewed")().Success())
}

func TestTheWorkersShowOneCertificate(t *testing.T) {
	made := certified(t, "*.iransre.ir")
	cfg := renewed(t, "demo", certificates.Internal)
	cfg.Edge.Certificate = edge.Certificate{Chain: made[chart.CertificateBlock], Key: made[chart.KeyBlock]}
	problems := validateTogether("demo", cfg)
	assert.Assert(t, is.Len(problems, 1))
	assert.Error(t, problems[0], `certificates.issuer: Invalid value: "internal": the workers show one certificate, and edge.certificate is handed in: take "none" here, or leave that out`)
	cfg.Certificates.Issuer = certificates.None
	assert.Equal(t, len(validateTogether("demo", cfg)), 0)
	recording := deployedWith(t, cfg)
	assert.Check(t, is.Contains(text(recording.Get(t, "ingress-release").Inputs), "default-ssl-certificate:ingress-nginx/ingress-certificate"))
}

// Browsers come by HTTPS where the CDN ends it, and where the workers have a certificate.
func TestHowBrowsersCome(t *testing.T) {
	cfg := renewed(t, "demo", certificates.Internal)
	assert.Equal(t, publicURL(cfg, "a.ir"), "https://a.ir")
	assert.Assert(t, !workersSpeakHTTPS(cfg), "the CDN decides what browsers are sent to")
	assert.Equal(t, len(warnTogether(cfg)), 0)
	cfg.Edge.Mode, cfg.Edge.Origin.HTTPS = edge.DNS, false
	assert.Equal(t, publicURL(cfg, "a.ir"), "https://a.ir")
	assert.Assert(t, is.Len(warnTogether(cfg), 1))
	assert.Assert(t, is.Contains(warnTogether(cfg)[0], "warn whoever comes"))
	cfg.Certificates.Issuer = certificates.ByACME
	assert.Equal(t, len(warnTogether(cfg)), 0)
	cfg.Certificates.Engine = ""
	assert.Equal(t, publicURL(cfg, "a.ir"), "http://a.ir")
}
