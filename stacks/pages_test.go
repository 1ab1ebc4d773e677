package stacks

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// withPages is prod with each of its pages published.
func withPages(t *testing.T) *Config {
	t.Helper()
	raw := completed(t, "prod")
	raw[project+":delivery"] = `{"mode": "gitops", "gitops": {"repository": "https://gitlab.example/iransre/exchange-devops.git"}}`
	raw[project+":ingress"] = `{"pages": {
		"grafana": {"host": "grafana.iransre.ir", "allowedCidrs": ["203.0.113.0/24"]}, "prometheus": {"host": "prometheus.iransre.ir", "allowedCidrs": ["203.0.113.0/24"]},
		"alertmanager": {"host": "alertmanager.iransre.ir", "allowedCidrs": ["203.0.113.0/24"]}, "kibana": {"host": "kibana.iransre.ir", "allowedCidrs": ["203.0.113.0/24"]},
		"argocd": {"host": "argocd.iransre.ir", "allowedCidrs": ["203.0.113.0/24"]}}}`
	cfg, err := Load(project, "prod", raw)
	assert.NilError(t, err)
	return cfg
}

// ingresses are the names of what is published, by their namespaces.
func ingresses(recording *mocktest.Recording) (found []string) {
	for _, each := range recording.OfType("kubernetes:networking.k8s.io/v1:Ingress") {
		metadata := mocktest.Plain(each.Inputs["metadata"]).(map[string]any)
		found = append(found, metadata["namespace"].(string)+"/"+metadata["name"].(string))
	}
	slices.Sort(found)
	return found
}

// Unless the stack file says so, nothing of the platform's own is open; how it is reached nevertheless is told.
func TestNoPageIsPublishedByItself(t *testing.T) {
	for _, stack := range theStacks {
		cfg, err := Load(project, stack, completed(t, stack))
		assert.NilError(t, err)
		told, recording := toldOf(t, cfg)
		assert.DeepEqual(t, ingresses(recording), []string{"objectstore/minio-media", "objectstore/minio-static"})
		for name, command := range map[string]string{
			"grafana":      "kubectl -n monitoring port-forward service/kube-prometheus-stack-grafana 8080:80",
			"prometheus":   "kubectl -n monitoring port-forward service/kube-prometheus-stack-prometheus 9090",
			"alertmanager": "kubectl -n monitoring port-forward service/kube-prometheus-stack-alertmanager 9093",
			"kibana": map[logging.Engine]string{
				logging.ECK: "kubectl -n logging port-forward service/logs-kb-http 5601", logging.Bitnami: "kubectl -n logging port-forward service/kibana 5601",
			}[cfg.Logging.Engine],
		} {
			service := told[name].(map[string]any)
			assert.Equal(t, service["portForward"], command)
			_, public := service["publicUrl"]
			assert.Assert(t, !public, name)
		}
	}
}

func TestAPublishedPageHasAName(t *testing.T) {
	told, recording := toldOf(t, withPages(t))
	assert.DeepEqual(t, ingresses(recording), []string{
		"argocd/argocd-page", "logging/kibana-page", "monitoring/alertmanager-page", "monitoring/grafana-page", "monitoring/prometheus-page",
		"objectstore/minio-media", "objectstore/minio-static",
	})
	for name, secret := range map[string]string{
		"grafana": "grafana-admin", "prometheus": "prometheus-page", "alertmanager": "alertmanager-page", "kibana": "logs-reader", "argocd": "argocd-admin",
	} {
		service := told[name].(map[string]any)
		assert.Equal(t, service["publicUrl"], "https://"+name+".iransre.ir")
		assert.Equal(t, service["secretName"], secret)
		_, tunnel := service["portForward"]
		assert.Assert(t, !tunnel, name)

		record := mocktest.Plain(resource.NewProperty(recording.Get(t, "edge-record-"+name+".iransre.ir").Inputs)).(map[string]any)
		assert.Equal(t, record["name"], name)
		assert.Equal(t, record["cloud"], true)
		rule := recording.Get(t, "edge-page-for-"+name+".iransre.ir")
		assert.Equal(t, rule.Inputs["url"].StringValue(), name+".iransre.ir/**")
		assert.Equal(t, rule.Inputs["cacheMode"].StringValue(), "off", "what one may see is not kept for others")
		assert.Assert(t, rule.Inputs["requestHeaders"].IsSecret(), "the workers refuse who does not say the key")
	}
	// who asks for a login is the controller where nobody else does
	for _, secret := range []string{"pages-prometheus-login", "pages-alertmanager-login"} {
		assert.Assert(t, cmp.Contains(recording.Names(), secret))
	}
	assert.Equal(t, len(slices.DeleteFunc(recording.Names(), func(name string) bool {
		return !strings.HasSuffix(name, "-login") || !strings.HasPrefix(name, "pages-")
	})), 2)
	assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
}

// A state that is lost finds the names of its pages again.
func TestTheNamesOfPagesAreFoundAgain(t *testing.T) {
	var records []string
	for _, each := range named("prod", withPages(t)) {
		records = append(records, each.Resource)
	}
	assert.Assert(t, cmp.Contains(records, "edge-record-grafana.iransre.ir"))
}

// Links in alerts, dashboards and messages lead where people get to.
func TestWhatIsPublishedKnowsItsAddress(t *testing.T) {
	recording := deployedWith(t, withPages(t))
	valuesOf := func(name string) map[string]any {
		return mocktest.Plain(recording.Get(t, name).Inputs["values"]).(map[string]any)
	}
	at := func(values map[string]any, keys ...string) any {
		var found any = values
		for _, key := range keys {
			found = found.(map[string]any)[key]
		}
		return found
	}
	monitoring := valuesOf("monitoring-release")
	assert.Equal(t, at(monitoring, "grafana", "grafana.ini", "server", "root_url"), "https://grafana.iransre.ir/")
	assert.Equal(t, at(monitoring, "prometheus", "prometheusSpec", "externalUrl"), "https://prometheus.iransre.ir")
	assert.Equal(t, at(monitoring, "alertmanager", "alertmanagerSpec", "externalUrl"), "https://alertmanager.iransre.ir")
	assert.Equal(t, at(valuesOf("delivery-release"), "configs", "cm", "url"), "https://argocd.iransre.ir")
	spec := mocktest.Plain(recording.Get(t, "logging-kibana").Inputs["spec"]).(map[string]any)
	assert.Equal(t, at(spec, "config", "server.publicBaseUrl"), "https://kibana.iransre.ir")

	cfg := withPages(t)
	cfg.Logging.Engine = logging.Bitnami
	told, recording := toldOf(t, cfg)
	kibana := mocktest.Plain(recording.Get(t, "logging-kibana").Inputs["values"]).(map[string]any)
	assert.Equal(t, at(kibana, "configuration", "server", "publicBaseUrl"), "https://kibana.iransre.ir")
	assert.Equal(t, told["kibana"].(map[string]any)["secretName"], "kibana-page", "that Kibana knows no users")
}

// Where traffic inside is limited, the controller reaches a page that is published, and none that is not.
func TestTheControllerReachesOnlyWhatIsPublished(t *testing.T) {
	from := func(cfg *Config, namespace string) map[float64]bool {
		ports := map[float64]bool{}
		cfg.Network.Isolate = true
		for _, policy := range deployedWith(t, cfg).OfType("kubernetes:networking.k8s.io/v1:NetworkPolicy") {
			made := mocktest.Plain(resource.NewProperty(policy.Inputs)).(map[string]any)
			if made["metadata"].(map[string]any)["namespace"] != namespace {
				continue
			}
			for _, each := range made["spec"].(map[string]any)["ingress"].([]any) {
				rule := each.(map[string]any)
				peer, _ := rule["from"].([]any)[0].(map[string]any)["namespaceSelector"].(map[string]any)
				if peer == nil || peer["matchLabels"].(map[string]any)["kubernetes.io/metadata.name"] != "ingress-nginx" {
					continue
				}
				for _, port := range rule["ports"].([]any) {
					ports[port.(map[string]any)["port"].(float64)] = true
				}
			}
		}
		return ports
	}
	all := withPages(t)
	assert.DeepEqual(t, from(all, "monitoring"), map[float64]bool{3000: true, 9090: true, 9093: true})
	assert.DeepEqual(t, from(all, "logging"), map[float64]bool{5601: true})
	assert.DeepEqual(t, from(all, "argocd"), map[float64]bool{8080: true})
	maps.DeleteFunc(all.Ingress.Pages, func(name ingress.PageName, _ ingress.Page) bool { return name != ingress.Grafana })
	assert.DeepEqual(t, from(all, "monitoring"), map[float64]bool{3000: true})
	assert.DeepEqual(t, from(all, "logging"), map[float64]bool{})
}

// What prod refuses, demo may have, but not without a word.
func TestAPageForEverybodyIsNoPageOfProd(t *testing.T) {
	pages := func(stack string) map[string]string {
		raw := completed(t, stack)
		raw[project+":ingress"] = `{"pages": {"grafana": {"host": "a.grafana.iransre.ir", "allowedCidrs": ["203.0.113.0/24", "0.0.0.0/0"]}}}`
		return raw
	}
	_, err := Load(project, "prod", pages("prod"))
	assert.ErrorContains(t, err, `ingress.pages.grafana.allowedCidrs[1]: Invalid value: "0.0.0.0/0": opens a page of the platform's own to everybody`)

	demo := pages("demo")
	demo[project+":network"] = `{"webCidrs": ["cdn"]}`
	demo[project+":edge"] = `{"domain": "iransre.ir", "origin": {"key": true}}`
	cfg, err := Load(project, "demo", demo)
	assert.NilError(t, err)
	said := warningsOf(t, cfg)
	for _, wanted := range []string{
		"policy page-ranges: ingress.pages.grafana.allowedCidrs[1] is 0.0.0.0/0", "ingress.pages: passwords go from the CDN to the workers in plain text",
		"ingress.pages.grafana.host is a.grafana.iransre.ir: the CDN's own certificate covers one part before iransre.ir only",
	} {
		assert.Check(t, slices.ContainsFunc(said, func(warning string) bool { return strings.HasPrefix(warning, wanted) }), "%q is not in %q", wanted, said)
	}
}
