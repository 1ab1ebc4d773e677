package ingress_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

var nginx = ingress.Config{Engine: ingress.Nginx, MaxBodyMiB: 20}

// program installs the component beside a resource that stands for the kinds of the Prometheus operator.
func program(args ingress.Args, monitored bool) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, _, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		args.Installer = &chart.Installer{Provider: cluster}
		if monitored {
			args.MonitorCRDs = cluster
		}
		_, err = ingress.New(ctx, "ingress", &args)
		return err
	}
}

func TestIngress(t *testing.T) {
	args := ingress.Args{Config: nginx, TrustedProxies: []string{"185.143.232.0/22", "2.144.3.128/28"}}
	mocktest.Run(t, program(args, true)).CheckComponent(t)
}

func TestWithoutProxiesAndMonitoring(t *testing.T) {
	r := mocktest.Run(t, program(ingress.Args{Config: nginx}, false))
	values := mocktest.Plain(r.Get(t, "ingress-release").Inputs["values"]).(map[string]any)["controller"].(map[string]any)
	config := values["config"].(map[string]any)
	line, _ := config["log-format-upstream"].(string)
	assert.Assert(t, strings.HasPrefix(line, "{") && !strings.Contains(line, "$request_uri") && !strings.Contains(line, "$args"), "what is after the ? may be a secret")
	delete(config, "log-format-upstream")
	assert.DeepEqual(t, config, map[string]any{
		"log-format-escape-json": "true",
		"proxy-body-size":        "20m", "global-allowed-response-headers": "Cache-Control",
		"use-forwarded-headers": "false", "compute-full-forwarded-for": "false",
	})
	assert.DeepEqual(t, values["metrics"], map[string]any{"enabled": false, "serviceMonitor": map[string]any{"enabled": false}})
}

func TestUnknownEngine(t *testing.T) {
	_, err := mocktest.Try(program(ingress.Args{Config: ingress.Config{Engine: "haproxy"}}, false))
	assert.ErrorContains(t, err, `exchange:ingress:Ingress "ingress": unknown engine "haproxy": use "ingress-nginx" or "traefik"`)
}

func TestEverybodyIsNoProxy(t *testing.T) {
	for _, cidr := range []string{"0.0.0.0/0", "128.0.0.0/1", "::/0"} {
		_, err := mocktest.Try(program(ingress.Args{Config: nginx, TrustedProxies: []string{"185.143.232.0/22", cidr}}, false))
		assert.ErrorContains(t, err, "chooses the address he is logged with")
	}
}

func TestWhoDoesNotSayTheKeyIsRefused(t *testing.T) {
	args := ingress.Args{
		Config: nginx, TrustedProxies: []string{"185.143.232.0/22"},
		OriginKey: pulumi.ToSecret(pulumi.String("hush")).(pulumi.StringOutput), OriginHeader: "X-Cdn-Key",
	}
	r := mocktest.Run(t, program(args, false))
	r.CheckEngine(t, "origin-key")
	assert.Assert(t, r.Get(t, "ingress-origin-key").Inputs["stringData"].IsSecret())
	assert.Equal(t, r.SecretData(t, "ingress-origin-key")["origin-key.conf"], "map $http_x_cdn_key $from_origin {\n  default 0;\n  \"hush\" 1;\n}\n")
	assert.Assert(t, !strings.Contains(fmt.Sprint(r.Get(t, "ingress-release").Inputs), "hush"), "it stands in no value of the chart")
	assert.Assert(t, slices.Contains(r.Get(t, "ingress-release").DependsOn, "ingress-origin-key"))
}

func TestHostsAreServedWithACertificateThatOthersRenew(t *testing.T) {
	r := mocktest.Run(t, program(ingress.Args{Config: nginx, CertificateSecret: "renewed"}, false))
	values := mocktest.Plain(r.Get(t, "ingress-release").Inputs["values"]).(map[string]any)["controller"].(map[string]any)
	assert.DeepEqual(t, values["extraArgs"], map[string]any{"default-ssl-certificate": "ingress-nginx/renewed"})
	assert.Assert(t, !slices.Contains(r.Names(), "ingress-certificate"), "nobody but those others writes it")
}

func TestHostsAreServedWithTheCertificateThatWasHandedIn(t *testing.T) {
	r := mocktest.Run(t, program(ingress.Args{Config: nginx, Certificate: "the chain", Key: "hush", OnlyTLS: true}, false))
	made := r.Get(t, "ingress-certificate").Inputs
	assert.Assert(t, made["stringData"].IsSecret())
	assert.DeepEqual(t, r.SecretData(t, "ingress-certificate"), map[string]string{"tls.crt": "the chain", "tls.key": "hush"})
	assert.Equal(t, made["type"].StringValue(), "kubernetes.io/tls")
	release := r.Get(t, "ingress-release")
	values := mocktest.Plain(release.Inputs["values"]).(map[string]any)["controller"].(map[string]any)
	assert.DeepEqual(t, values["extraArgs"], map[string]any{"default-ssl-certificate": "ingress-nginx/ingress-certificate"})
	assert.Equal(t, values["config"].(map[string]any)["force-ssl-redirect"], "true")
	assert.Assert(t, values["podAnnotations"] == nil, "nothing restarts when it is renewed")
	assert.Assert(t, !strings.Contains(fmt.Sprint(release.Inputs), "hush"))
	assert.Assert(t, slices.Contains(release.DependsOn, "ingress-certificate"))
}

// Behind a virtual address no port of a machine is taken, clients keep their addresses, and kube-proxy asks who comes.
func TestBehindAVirtualAddress(t *testing.T) {
	asked := map[string]any{"metallb.io/loadBalancerIPs": "10.20.0.250"}
	for config, service := range map[*ingress.Config]func(values map[string]any) (spec, annotations any){
		&nginx: func(values map[string]any) (any, any) {
			controller := values["controller"].(map[string]any)
			service := controller["service"].(map[string]any)
			annotations := service["annotations"]
			delete(service, "annotations")
			assert.DeepEqual(t, controller["hostPort"], map[string]any{"enabled": false})
			return service, annotations
		},
		&traefik: func(values map[string]any) (any, any) {
			for _, port := range []string{"web", "websecure"} {
				_, owned := values["ports"].(map[string]any)[port].(map[string]any)["hostPort"]
				assert.Assert(t, !owned)
			}
			service := values["service"].(map[string]any)
			return service["spec"], service["annotations"]
		},
	} {
		args := ingress.Args{Config: *config, VirtualAddress: pulumi.String("10.20.0.250"), AllowedSources: []string{"10.20.0.0/24"}}
		r := mocktest.Run(t, program(args, false))
		if config.Engine == ingress.Nginx {
			r.CheckEngine(t, "vip")
		}
		spec, annotations := service(mocktest.Plain(r.Get(t, "ingress-release").Inputs["values"]).(map[string]any))
		assert.DeepEqual(t, spec, map[string]any{
			"type": "LoadBalancer", "externalTrafficPolicy": "Local", "loadBalancerSourceRanges": []any{"10.20.0.0/24"}, "allocateLoadBalancerNodePorts": false,
		})
		assert.DeepEqual(t, annotations, asked)
	}
}

func TestProductionIsToldOfAControllerThatNobodyMends(t *testing.T) {
	assert.Equal(t, len(nginx.Warnings(settings.Prod)), 1)
	assert.Equal(t, len(nginx.Warnings(settings.Demo)), 0)
	assert.Equal(t, len(traefik.Warnings(settings.Prod)), 0)
}
