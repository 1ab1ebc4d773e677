package ingress_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/yaml"
)

var traefik = ingress.Config{Engine: ingress.Traefik, MaxBodyMiB: 20}

func traefikValues(t *testing.T, args ingress.Args) map[string]any {
	t.Helper()
	return mocktest.Plain(mocktest.Run(t, program(args, true)).Get(t, "ingress-release").Inputs["values"]).(map[string]any)
}

func TestTraefik(t *testing.T) {
	args := ingress.Args{Config: traefik, TrustedProxies: []string{"185.143.232.0/22", "2.144.3.128/28"}}
	mocktest.Run(t, program(args, true)).CheckEngine(t, "traefik")
}

// A change of the engine has to be an upgrade of one release: another name, namespace or resource would be installed beside the old one, whose
// ports it would wait for until it is given up.
func TestAnotherEngineUpgradesTheSameRelease(t *testing.T) {
	before, after := mocktest.Run(t, program(ingress.Args{Config: nginx}, true)), mocktest.Run(t, program(ingress.Args{Config: traefik}, true))
	for _, property := range []resource.PropertyKey{"name", "namespace", "atomic"} {
		was, is := before.Get(t, "ingress-release").Inputs[property], after.Get(t, "ingress-release").Inputs[property]
		assert.Assert(t, was.DeepEquals(is), "%s: %v, then %v", property, was, is)
	}
	assert.Equal(t, before.Get(t, "ingress-namespace").Inputs["metadata"].String(), after.Get(t, "ingress-namespace").Inputs["metadata"].String())
	// the class's controller cannot be changed
	class := mocktest.Plain(after.Get(t, "ingress-release").Inputs["values"]).(map[string]any)["extraObjects"].([]any)[0].(map[string]any)
	assert.DeepEqual(t, class["spec"], map[string]any{"controller": "k8s.io/ingress-nginx"})
	assert.Equal(t, class["metadata"].(map[string]any)["name"], "nginx")
}

func TestTraefikBelievesNobodyByItself(t *testing.T) {
	for _, port := range traefikValues(t, ingress.Args{Config: traefik})["ports"].(map[string]any) {
		assert.Assert(t, port.(map[string]any)["forwardedHeaders"] == nil, "an application is told the address of whoever connects")
	}
}

// An application in Python does not tell X_Forwarded_For from X-Forwarded-For.
func TestTraefikPassesOnNoHeaderThatIsTakenForAnother(t *testing.T) {
	values := traefikValues(t, ingress.Args{Config: traefik})
	for port := range values["ports"].(map[string]any) {
		assert.Assert(t, slices.Contains(values["additionalArguments"].([]any), any("--entryPoints."+port+".http.aliasHeadersStrategy=delete")), port)
	}
}

func TestTraefikRefusesWhoDoesNotSayTheKey(t *testing.T) {
	args := ingress.Args{
		Config: traefik, TrustedProxies: []string{"185.143.232.0/22"},
		OriginKey: pulumi.ToSecret(pulumi.String("hush")).(pulumi.StringOutput), OriginHeader: "X-Cdn-Key",
		Certificate: "the chain", Key: "another",
	}
	r := mocktest.Run(t, program(args, false))
	r.CheckEngine(t, "traefik-key")
	release := r.Get(t, "ingress-release")
	assert.Assert(t, r.Get(t, "ingress-settings").Inputs["stringData"].IsSecret())
	assert.Assert(t, !strings.Contains(fmt.Sprint(release.Inputs), "hush"), "it stands in no value of the chart")
	assert.Assert(t, slices.Contains(release.DependsOn, "ingress-settings"))
	var settings struct {
		HTTP struct {
			Routers map[string]struct {
				EntryPoints []string
				Rule        string
				Priority    int
				Middlewares []string
				TLS         *struct{}
			}
			Middlewares map[string]any
		}
	}
	assert.NilError(t, yaml.Unmarshal([]byte(r.SecretData(t, "ingress-settings")["settings.yaml"]), &settings))
	ports := mocktest.Plain(release.Inputs["values"]).(map[string]any)["ports"].(map[string]any)
	asked := map[string]bool{}
	for _, router := range settings.HTTP.Routers {
		assert.Equal(t, router.Rule, "!Header(`X-Cdn-Key`, `hush`)")
		// an Ingress' router has the length of its rule: a host and a path, of at most 253 and some thousand characters
		assert.Assert(t, router.Priority > 100_000)
		for _, entryPoint := range router.EntryPoints {
			asked[entryPoint] = true
			assert.Equal(t, router.TLS != nil, entryPoint == "websecure", "a router is for TLS or for none")
		}
		for _, name := range router.Middlewares {
			assert.Assert(t, settings.HTTP.Middlewares[name] != nil, "without %s, the router would not be there, and who has no key got in", name)
		}
	}
	for name, port := range ports {
		assert.Assert(t, asked[name], name)
		// no router serves as long as this middleware is not there, which stands in the same file as what refuses
		assert.DeepEqual(t, port.(map[string]any)["http"], map[string]any{"middlewares": []any{"client-address@file", "key-taken-off@file"}})
	}
	assert.DeepEqual(t, settings.HTTP.Middlewares["key-taken-off"], map[string]any{"headers": map[string]any{"customRequestHeaders": map[string]any{"X-Cdn-Key": ""}}})
}

// The middleware by which an application is told one address is of every entry point, and there before anything is served.
func TestTraefikTellsOneAddressOfWhoComesThroughProxies(t *testing.T) {
	args := ingress.Args{Config: traefik, TrustedProxies: []string{"185.143.232.0/22", "2.144.3.128/28"}}
	r := mocktest.Run(t, program(args, false))
	assert.Equal(t, r.SecretData(t, "ingress-settings")["settings.yaml"],
		"http:\n  middlewares:\n    client-address:\n      plugin:\n        clientaddress:\n          proxies:\n            - 185.143.232.0/22\n            - 2.144.3.128/28\n")
	values := mocktest.Plain(r.Get(t, "ingress-release").Inputs["values"]).(map[string]any)
	for name, port := range values["ports"].(map[string]any) {
		assert.Assert(t, cmp.DeepEqual(port.(map[string]any)["http"], map[string]any{"middlewares": []any{"client-address@file"}}), name)
	}
	experimental := values["experimental"].(map[string]any)
	assert.Equal(t, experimental["abortOnPluginFailure"], true)
	plugin := experimental["localPlugins"].(map[string]any)["clientaddress"].(map[string]any)
	assert.Equal(t, plugin["mountPath"], "/plugins-local/src/"+plugin["moduleName"].(string))
	assert.Assert(t, strings.Contains(plugin["source"].(map[string]any)[".traefik.yml"].(string), "\nimport: clientaddress\n"))
	assert.Assert(t, strings.Contains(plugin["source"].(map[string]any)["clientaddress.go"].(string), "\npackage clientaddress\n"))
	assert.Assert(t, values["deployment"].(map[string]any)["podAnnotations"] != nil, "another plugin is read by controllers that start")
	assert.Assert(t, traefikValues(t, ingress.Args{Config: traefik})["experimental"] == nil, "whoever connects is the client, where no proxy is believed")
}

// A certificate that others fill may not be there when the controllers start, and nobody but they writes it.
func TestTraefikShowsACertificateThatOthersRenew(t *testing.T) {
	r := mocktest.Run(t, program(ingress.Args{Config: traefik, CertificateSecret: "renewed"}, false))
	assert.Assert(t, !slices.Contains(r.Names(), "ingress-certificate"))
	assert.Equal(t, r.SecretData(t, "ingress-settings")["settings.yaml"],
		"tls:\n  certificates:\n    - certFile: /etc/traefik/settings/tls.crt\n      keyFile: /etc/traefik/settings/tls.key\n", "no default, without which there would be no TLS")
	volumes := mocktest.Plain(r.Get(t, "ingress-release").Inputs["values"]).(map[string]any)["deployment"].(map[string]any)["additionalVolumes"].([]any)
	assert.DeepEqual(t, volumes[0].(map[string]any)["projected"], map[string]any{"sources": []any{
		map[string]any{"secret": map[string]any{"name": "traefik-settings"}}, map[string]any{"secret": map[string]any{"name": "renewed", "optional": true}},
	}})
}

func TestTraefikShowsTheCertificateThatWasHandedIn(t *testing.T) {
	r := mocktest.Run(t, program(ingress.Args{Config: traefik, Certificate: "the chain", Key: "hush", OnlyTLS: true}, false))
	assert.DeepEqual(t, r.SecretData(t, "ingress-certificate"), map[string]string{"tls.crt": "the chain", "tls.key": "hush"})
	release := r.Get(t, "ingress-release")
	assert.Assert(t, !strings.Contains(fmt.Sprint(release.Inputs), "hush"))
	assert.Assert(t, slices.Contains(release.DependsOn, "ingress-certificate") && slices.Contains(release.DependsOn, "ingress-settings"))
	values := mocktest.Plain(release.Inputs["values"]).(map[string]any)
	folder := values["additionalVolumeMounts"].([]any)[0].(map[string]any)["mountPath"].(string)
	assert.Assert(t, slices.Contains(values["additionalArguments"].([]any), any("--providers.file.directory="+folder)))
	assert.Equal(t, r.SecretData(t, "ingress-settings")["settings.yaml"],
		"tls:\n  stores:\n    default:\n      defaultCertificate:\n        certFile: "+folder+"/tls.crt\n        keyFile: "+folder+"/tls.key\n")
	ports := values["ports"].(map[string]any)
	assert.Assert(t, ports["web"].(map[string]any)["http"] != nil && ports["websecure"].(map[string]any)["http"] == nil, "plain HTTP is sent to HTTPS")
}

func TestTraefiksLogDoesNotHoldWhatIsSecretInAnAddress(t *testing.T) {
	log := traefikValues(t, ingress.Args{Config: traefik})["accessLog"].(map[string]any)["fields"].(map[string]any)
	assert.DeepEqual(t, log["queryParameters"], map[string]any{"defaultMode": "drop"})
	assert.Equal(t, log["defaultMode"], "drop")
	assert.DeepEqual(t, log["headers"], map[string]any{"defaultMode": "drop", "names": map[string]any{"User-Agent": "keep", "X-Real-Ip": "keep"}})
}

// What rules and dashboards ask for is there: relabelled as Prometheus does it, one after the other, the whole of a value.
func TestTraefiksRequestsAreKnownByTheNamesThatRulesAskFor(t *testing.T) {
	monitor := traefikValues(t, ingress.Args{Config: traefik})["metrics"].(map[string]any)["prometheus"].(map[string]any)["serviceMonitor"].(map[string]any)
	relabelled := func(labels map[string]string) map[string]string {
		for _, each := range monitor["metricRelabelings"].([]any) {
			rule := each.(map[string]any)
			var values []string
			for _, label := range rule["sourceLabels"].([]any) {
				values = append(values, labels[label.(string)])
			}
			of, all := regexp.MustCompile("^(?:"+rule["regex"].(string)+")$"), strings.Join(values, ";")
			if match := of.FindStringSubmatchIndex(all); match != nil {
				labels[rule["targetLabel"].(string)] = string(of.ExpandString(nil, rule["replacement"].(string), all, match))
			}
		}
		return labels
	}
	requests := relabelled(map[string]string{"__name__": "traefik_router_requests_total", "router": "exchange-exchange-rule-0-path-0@kubernetesingressnginx", "code": "502"})
	assert.Equal(t, requests["__name__"], "nginx_ingress_controller_requests")
	assert.Equal(t, requests["exported_namespace"], "exchange")
	assert.Equal(t, requests["status"], "502")
	took := relabelled(map[string]string{"__name__": "traefik_router_request_duration_seconds_bucket", "router": "exchange-exchange-rule-0-path-0-tls@kubernetesingressnginx", "le": "2.5"})
	assert.Equal(t, took["__name__"], "nginx_ingress_controller_request_duration_seconds_bucket")
	assert.Equal(t, took["exported_namespace"], "exchange")
	ends := relabelled(map[string]string{"__name__": "traefik_tls_certs_not_after", "cn": "exchange.iransre.ir"})
	assert.Equal(t, ends["__name__"], "nginx_ingress_controller_ssl_expire_time_seconds")
	assert.Equal(t, ends["host"], "exchange.iransre.ir")
	other := relabelled(map[string]string{"__name__": "traefik_service_requests_total", "code": "502"})
	assert.DeepEqual(t, other, map[string]string{"__name__": "traefik_service_requests_total", "code": "502"})
}

func TestLinesOfBothEnginesHaveTheSameFields(t *testing.T) {
	logs := traefik.Logs()
	line := traefikValues(t, ingress.Args{Config: traefik})["accessLog"].(map[string]any)["fields"].(map[string]any)["names"].(map[string]any)
	for kept := range line {
		assert.Assert(t, logs.Fields[kept] != "", "%s is Traefik's own name", kept)
	}
	config := mocktest.Plain(mocktest.Run(t, program(ingress.Args{Config: nginx}, false)).Get(t, "ingress-release").Inputs["values"]).(map[string]any)["controller"].(map[string]any)["config"].(map[string]any)
	for _, ours := range logs.Fields {
		if !strings.HasSuffix(ours, "nanoseconds") {
			assert.Assert(t, strings.Contains(config["log-format-upstream"].(string), `"`+ours+`":`), ours)
		}
	}
}
