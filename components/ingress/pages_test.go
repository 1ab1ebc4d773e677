package ingress_test

import (
	"crypto/sha1"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

// published is what is made of pages, whose services are one that stands for all.
func published(t *testing.T, pages ...ingress.PageArgs) *mocktest.Recording {
	t.Helper()
	return mocktest.Run(t, func(ctx *pulumi.Context) error {
		cluster, random, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		installer := &chart.Installer{Provider: cluster, Random: random}
		behind, err := installer.Object(ctx, "behind", &chart.ObjectArgs{APIVersion: "v1", Kind: "Service", Name: "behind", Namespace: pulumi.String("inside")})
		if err != nil {
			return err
		}
		for i := range pages {
			pages[i].Of = behind.Endpoint(chart.EndpointArgs{Namespace: "inside", Service: "behind", Port: 9090})
		}
		_, err = ingress.NewPages(ctx, "pages", &ingress.PagesArgs{Installer: installer, Class: pulumi.String("nginx"), Pages: pages})
		return err
	})
}

var office = ingress.Page{Host: "prometheus.iransre.ir", AllowedCIDRs: []string{"203.0.113.0/24", "198.51.100.7/32"}}

func annotationsOf(t *testing.T, recording *mocktest.Recording, name string) map[string]any {
	t.Helper()
	annotations := mocktest.Plain(recording.Get(t, name).Inputs["metadata"]).(map[string]any)["annotations"].(map[string]any)
	short := map[string]any{}
	for key, value := range annotations {
		short[strings.TrimPrefix(key, "nginx.ingress.kubernetes.io/")] = value
	}
	return short
}

func TestAPageWithoutALoginOfItsOwnGetsOne(t *testing.T) {
	r := published(t, ingress.PageArgs{Name: ingress.Prometheus, Page: office, LoginSecret: ingress.LoginSecret(ingress.Prometheus)})
	assert.DeepEqual(t, annotationsOf(t, r, "pages-prometheus"), map[string]any{
		"whitelist-source-range": "203.0.113.0/24,198.51.100.7/32", "force-ssl-redirect": "true", "pulumi.com/skipAwait": "true",
		"auth-type": "basic", "auth-secret": "prometheus-page", "auth-realm": "prometheus",
	})
	spec := mocktest.Plain(r.Get(t, "pages-prometheus").Inputs["spec"])
	assert.DeepEqual(t, spec, map[string]any{"ingressClassName": "nginx", "rules": []any{map[string]any{
		"host": "prometheus.iransre.ir", "http": map[string]any{"paths": []any{map[string]any{
			"path": "/", "pathType": "Prefix", "backend": map[string]any{"service": map[string]any{"name": "behind", "port": map[string]any{"number": 9090.0}}},
		}}},
	}}})
	assert.Assert(t, r.Get(t, "pages-prometheus-login").Inputs["stringData"].IsSecret())
	assert.Equal(t, len(r.SecretsOutside()), 0)

	login := r.SecretData(t, "pages-prometheus-login")
	assert.Equal(t, login["username"], "admin")
	sum := sha1.Sum([]byte(login["password"]))
	assert.Equal(t, login["auth"], "admin:{SHA}"+base64.StdEncoding.EncodeToString(sum[:])+"\n")

	again := published(t, ingress.PageArgs{Name: ingress.Prometheus, Page: office, LoginSecret: "prometheus-page"})
	assert.Equal(t, again.SecretData(t, "pages-prometheus-login")["auth"], login["auth"], "an update that changes nothing changes it")
}

func TestAPageWithALoginOfItsOwnHasNoOther(t *testing.T) {
	r := published(t, ingress.PageArgs{Name: ingress.Kibana, Page: office, TLS: true})
	assert.DeepEqual(t, annotationsOf(t, r, "pages-kibana"), map[string]any{
		"whitelist-source-range": "203.0.113.0/24,198.51.100.7/32", "force-ssl-redirect": "true", "pulumi.com/skipAwait": "true", "backend-protocol": "HTTPS",
	})
	assert.Equal(t, len(r.OfType("kubernetes:core/v1:Secret")), 0)
}

// A page that nobody limits is not taken for one that is for all.
func TestRangesAreSaid(t *testing.T) {
	config := nginx
	config.Pages = map[ingress.PageName]ingress.Page{"graphana": {AllowedCIDRs: []string{"203.0.113.7/24"}}, ingress.Kibana: {Host: "kibana.iransre.ir"}}
	var said []string
	for _, problem := range config.Validate(settings.Demo, field.NewPath("ingress")) {
		said = append(said, problem.Error())
	}
	assert.DeepEqual(t, said, []string{
		`ingress.pages: Unsupported value: "graphana": supported values: "grafana", "prometheus", "alertmanager", "kibana", "argocd"`,
		`ingress.pages.graphana.host: Required value: name a host in edge.domain`,
		`ingress.pages.graphana.allowedCidrs[0]: Invalid value: "203.0.113.7/24": has bits set outside its mask; write 203.0.113.0/24`,
		`ingress.pages.kibana.allowedCidrs: Required value: list the addresses its people come from, such as "203.0.113.0/24"`,
	})
}
