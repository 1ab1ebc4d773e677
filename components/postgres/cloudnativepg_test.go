package postgres_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func noLook(*pulumi.Context, *postgres.Postgres) {}

func TestCloudNativePG(t *testing.T) {
	r := mocktest.Run(t, program(postgres.CloudNativePG, noLook))
	r.CheckEngine(t, "cloudnative-pg")
	var objects strings.Builder
	for _, each := range r.Resources {
		if group, _, _ := strings.Cut(strings.TrimPrefix(each.Type, "kubernetes:"), "/"); strings.HasSuffix(group, "cnpg.io") || each.Name == "postgres-metrics" {
			text, err := yaml.Marshal(map[string]any{each.Name: mocktest.Plain(each.Inputs["spec"])})
			assert.NilError(t, err)
			objects.Write(text)
		}
	}
	golden.Assert(t, objects.String(), "cloudnative-pg.objects.yaml")
}

// The way is open when the primary takes the exchange's login, with HAProxy in it or without, with either engine.
func TestWhoUsesThePrimaryWaitsUntilItTakesTheLogin(t *testing.T) {
	for name, test := range map[string]struct {
		engine   postgres.Engine
		proxied  bool
		host     string
		waitsFor string
	}{
		"HAProxy":                {postgres.CloudNativePG, true, "haproxy-rw.postgres.svc", "postgres-proxy-rw"},
		"directly":               {postgres.CloudNativePG, false, "postgres-rw.postgres.svc", "postgres-ready"},
		"HAProxy before bitnami": {postgres.Bitnami, true, "haproxy-rw.postgres.svc", "postgres-proxy-rw"},
	} {
		t.Run(name, func(t *testing.T) {
			config := proxied()
			config.Engine, config.Proxy.Enabled = test.engine, test.proxied
			r := mocktest.Run(t, programWith(config, func(ctx *pulumi.Context, p *postgres.Postgres) {
				assert.NilError(t, ctx.RegisterResource("test:index:Consumer", "consumer", pulumi.Map{
					"host": p.Host, "password": p.Password,
				}, &pulumi.CustomResourceState{}))
			}))
			consumer := r.Get(t, "consumer")
			assert.Equal(t, consumer.Inputs["host"].StringValue(), test.host)
			assert.Assert(t, consumer.Inputs["password"].IsSecret())
			assert.DeepEqual(t, consumer.DependsOn, []string{"postgres-password", test.waitsFor})
			if test.proxied {
				waits := r.Waits(t, "postgres-proxy", "kubernetes:apps/v1:Deployment")
				assert.Equal(t, len(waits), 1, "%v", waits)
			}
		})
	}
}

// wait is one pass of the pod that the exchange waits for, in front of a server that says of itself what answer does.
func wait(t *testing.T, answer string) (root string, err error) {
	t.Helper()
	pod := mocktest.Run(t, program(postgres.CloudNativePG, noLook)).Get(t, "postgres-ready")
	root = filepath.Join(t.TempDir(), "ca.crt")
	_, err = pod.Reconcile(t, map[string]string{"psql": answer}, map[string]string{
		"AUTHORITY": "the certificate", "PGSSLROOTCERT": root, "PGUSER": "app", "PGPASSWORD": "p",
	})
	return root, err
}

func TestTheDatabaseIsThereWhenAPrimaryAnswers(t *testing.T) {
	root, err := wait(t, "echo f")
	assert.NilError(t, err)
	text, err := os.ReadFile(root)
	assert.NilError(t, err)
	assert.Equal(t, string(text), "the certificate\n")
	_, err = wait(t, "echo t")
	assert.ErrorContains(t, err, "exit status")
	_, err = wait(t, "exit 2")
	assert.ErrorContains(t, err, "exit status")
}

func contains(text, part string) bool { return strings.Contains(text, part) }

// The certificate is the same at every update, so that nothing changes by itself, and clients that know it accept what it signed.
func TestTheAuthorityIsSteadyAndSignsForServers(t *testing.T) {
	secret := func() map[string]string {
		return mocktest.Run(t, program(postgres.CloudNativePG, noLook)).SecretData(t, "postgres-authority")
	}
	first := secret()
	assert.DeepEqual(t, first, secret())
	pair, err := tls.X509KeyPair([]byte(first["ca.crt"]), []byte(first["ca.key"]))
	assert.NilError(t, err)
	authority, err := x509.ParseCertificate(pair.Certificate[0])
	assert.NilError(t, err)
	assert.Assert(t, authority.IsCA)
	assert.NilError(t, authority.CheckSignatureFrom(authority))
}
