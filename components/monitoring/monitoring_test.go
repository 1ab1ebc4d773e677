package monitoring_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/monitoring"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func program(args monitoring.Args, look func(*monitoring.Monitoring)) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		args.Installer = &chart.Installer{Provider: cluster, Random: randomness, ImageRegistry: "registry.mirror.test"}
		made, err := monitoring.New(ctx, "monitoring", &args)
		if err == nil {
			look(made)
		}
		return err
	}
}

func nothing(*monitoring.Monitoring) {}

func TestMonitoring(t *testing.T) {
	args := monitoring.Args{Retention: "6h", GrafanaHost: "grafana.test", IngressClass: "nginx"}
	mocktest.Run(t, program(args, nothing)).CheckComponent(t)
}

func TestURLs(t *testing.T) {
	for host, want := range map[string]string{
		"": "http://kube-prometheus-stack-grafana.monitoring.svc:80", "grafana.test": "http://grafana.test",
	} {
		var got string
		mocktest.Run(t, program(monitoring.Args{Retention: "6h", GrafanaHost: host, IngressClass: "nginx"}, func(m *monitoring.Monitoring) {
			m.Grafana.URL.ApplyT(func(url string) string { got = url; return url })
		}))
		assert.Equal(t, got, want)
	}
}

func TestHostNeedsClass(t *testing.T) {
	_, err := mocktest.Try(program(monitoring.Args{Retention: "6h", GrafanaHost: "grafana.test"}, nothing))
	assert.ErrorContains(t, err, "set IngressClass")
}
