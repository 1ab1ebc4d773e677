package certificates_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/components/certificates"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

// key writes records at ArvanCloud; nobody but the Secret may see it.
const key = mocktest.Generated + "-by-arvancloud"

func configured(profile settings.Profile, issuer certificates.Issuer) certificates.Config {
	var config certificates.Config
	config.SetDefaults(profile)
	config.Engine, config.Issuer = certificates.CertManager, issuer
	config.ACME.Email, config.ACME.APIKey = "platform@iransre.ir", key
	return config
}

func made(t *testing.T, config certificates.Config, monitored bool) *mocktest.Recording {
	t.Helper()
	return mocktest.Run(t, func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		args := &certificates.Args{
			Installer: &chart.Installer{Provider: cluster, Random: randomness}, Config: config, Namespace: pulumi.String("ingress-nginx"),
			Hosts: []string{"demo.iransre.ir", "demo-files.iransre.ir"}, Domain: "iransre.ir",
		}
		if monitored {
			args.MonitorCRDs = cluster
		}
		_, err = certificates.New(ctx, "certificates", args)
		return err
	})
}

func spec(t *testing.T, r *mocktest.Recording, name string) map[string]any {
	t.Helper()
	return mocktest.Plain(r.Get(t, name).Inputs["spec"]).(map[string]any)
}

func TestCertManager(t *testing.T) {
	made(t, configured(settings.Prod, certificates.ByACME), true).CheckComponent(t)
}

func TestTheEnvironmentsOwnAuthoritySigns(t *testing.T) {
	r := made(t, configured(settings.Demo, certificates.Internal), false)
	r.CheckEngine(t, "internal")
	data := r.SecretData(t, "certificates-authority-secret")
	pair, err := tls.X509KeyPair([]byte(data["tls.crt"]), []byte(data["tls.key"]))
	assert.NilError(t, err, "cert-manager reads both")
	assert.Assert(t, pair.Leaf.IsCA && pair.Leaf.KeyUsage&x509.KeyUsageCertSign != 0)
	assert.DeepEqual(t, spec(t, r, "certificates-internal"), map[string]any{"ca": map[string]any{"secretName": "internal-authority"}})

	wanted := spec(t, r, "certificates-exchange")
	assert.DeepEqual(t, wanted["dnsNames"], []any{"demo.iransre.ir", "demo-files.iransre.ir"})
	assert.Equal(t, wanted["secretName"], certificates.SecretName)
	assert.Equal(t, wanted["renewBefore"], "1080h")
	assert.Equal(t, wanted["issuerRef"].(map[string]any)["name"], "internal")
	metadata := mocktest.Plain(r.Get(t, "certificates-exchange").Inputs["metadata"]).(map[string]any)
	assert.Equal(t, metadata["namespace"], "ingress-nginx", "where the controller reads it")
	assert.Assert(t, !slices.Contains(r.Names(), "certificates-acme"))
	assert.Assert(t, !slices.Contains(r.Names(), "certificates-arvancloud"), "nobody needs ArvanCloud's records")
}

// Whatever cert-manager is asked for goes before it: nobody else would end it.
func TestWhatIsAskedForDependsOnWhoMakesIt(t *testing.T) {
	r := made(t, configured(settings.Prod, certificates.ByACME), true)
	for name, on := range map[string]string{
		"certificates-exchange": "certificates-acme", "certificates-acme": "certificates-arvancloud",
		"certificates-arvancloud": "certificates-release", "certificates-internal": "certificates-release",
	} {
		assert.Check(t, slices.Contains(r.Get(t, name).DependsOn, on), "%s does not wait for %s", name, on)
	}
}

func TestTheKeyOfArvanCloudIsInItsSecretOnly(t *testing.T) {
	r := made(t, configured(settings.Prod, certificates.ByACME), true)
	assert.Assert(t, r.Get(t, "certificates-arvancloud-key").Inputs["stringData"].IsSecret())
	assert.DeepEqual(t, r.SecretData(t, "certificates-arvancloud-key"), map[string]string{"api-key": key})
	for _, each := range r.Resources {
		if each.Name != "certificates-arvancloud-key" {
			assert.Check(t, !strings.Contains(fmt.Sprint(each.Inputs), key), each.Name)
		}
	}
	solver := spec(t, r, "certificates-acme")["acme"].(map[string]any)["solvers"].([]any)[0].(map[string]any)
	webhook := solver["dns01"].(map[string]any)["webhook"].(map[string]any)
	values := mocktest.Plain(r.Get(t, "certificates-arvancloud").Inputs["values"]).(map[string]any)
	assert.Equal(t, webhook["groupName"], values["groupName"])
	config := webhook["config"].(map[string]any)
	assert.DeepEqual(t, config["apiKeySecretRef"], map[string]any{"name": "arvancloud-key", "key": "api-key"})
	assert.Equal(t, config["propagationCheck"], false, "resolvers abroad are not asked")
}

// An authority of one's own goes on when the border is closed.
func TestAnotherACMEServerIsAsked(t *testing.T) {
	authority, err := chart.Certify("a", &x509.Certificate{IsCA: true, BasicConstraintsValid: true})
	assert.NilError(t, err)
	config := configured(settings.Prod, certificates.ByACME)
	config.ACME.Server, config.ACME.Authority = "https://acme.iransre.ir/acme/acme/directory", authority[chart.CertificateBlock]
	assert.Equal(t, len(config.Validate(settings.Prod, field.NewPath("certificates"))), 0)
	acme := spec(t, made(t, config, false), "certificates-acme")["acme"].(map[string]any)
	assert.Equal(t, acme["server"], config.ACME.Server)
	decoded, err := base64.StdEncoding.DecodeString(acme["caBundle"].(string))
	assert.NilError(t, err)
	block, _ := pem.Decode(decoded)
	assert.Assert(t, block != nil)
}

func TestWithoutACertificateOfTheWorkersOthersMayStillAsk(t *testing.T) {
	r := made(t, configured(settings.Demo, certificates.None), false)
	assert.Assert(t, slices.Contains(r.Names(), "certificates-internal"))
	assert.Assert(t, !slices.Contains(r.Names(), "certificates-exchange"))
}

func TestWhatIsWrongWithTheSection(t *testing.T) {
	leaf, err := chart.Certify("a", &x509.Certificate{DNSNames: []string{"acme.iransre.ir"}})
	assert.NilError(t, err)
	for wanted, change := range map[string]func(*certificates.Config){
		"engine: Required value: nothing reads the section":           func(c *certificates.Config) { c.Engine = "" },
		"engine: Unsupported value":                                   func(c *certificates.Config) { c.Engine = "lego" },
		"issuer: Unsupported value":                                   func(c *certificates.Config) { c.Issuer = "letsencrypt" },
		"renewBeforeDays: Invalid value: 80":                          func(c *certificates.Config) { c.RenewBeforeDays = 80 },
		"renewBeforeDays: Invalid value: 0":                           func(c *certificates.Config) { c.RenewBeforeDays = 0 },
		"acme.server: Invalid value":                                  func(c *certificates.Config) { c.ACME.Server = "http://acme.iransre.ir" },
		"acme.endpoint: Invalid value":                                func(c *certificates.Config) { c.ACME.Endpoint = "http://napi.arvancloud.ir" },
		"acme.email: Required value":                                  func(c *certificates.Config) { c.ACME.Email = "" },
		"acme.email: Invalid value":                                   func(c *certificates.Config) { c.ACME.Email = "platform" },
		"acme.apiKey: Required value":                                 func(c *certificates.Config) { c.ACME.APIKey = "" },
		"acme.authority: Invalid value: must be certificates in PEM":  func(c *certificates.Config) { c.ACME.Authority = "ca.pem" },
		"acme.authority: Invalid value: must be of authorities, and ": func(c *certificates.Config) { c.ACME.Authority = leaf[chart.CertificateBlock] },
	} {
		config := configured(settings.Prod, certificates.ByACME)
		change(&config)
		problems := config.Validate(settings.Prod, field.NewPath("certificates"))
		assert.Assert(t, is.Len(problems, 1), wanted)
		assert.ErrorContains(t, problems[0], "certificates."+wanted)
	}
	// the section may stay when another issuer signs for a while
	config := configured(settings.Prod, certificates.Internal)
	config.ACME.APIKey = ""
	assert.Equal(t, len(config.Validate(settings.Prod, field.NewPath("certificates"))), 0)
	for _, profile := range settings.Profiles() {
		var unused certificates.Config
		unused.SetDefaults(profile)
		assert.Equal(t, len(unused.Validate(profile, field.NewPath("certificates"))), 0)
		assert.Assert(t, !unused.Enabled() && !unused.Shown())
	}
}
