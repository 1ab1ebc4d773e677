package monitoring_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/monitoring"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func program(look func(*monitoring.Monitoring)) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		made, err := monitoring.New(ctx, "monitoring", &monitoring.Args{
			Installer: &chart.Installer{Provider: cluster, Random: randomness}, Config: monitoring.Config{Retention: "6h"},
		})
		if err == nil {
			look(made)
		}
		return err
	}
}

func TestMonitoring(t *testing.T) {
	mocktest.Run(t, program(func(*monitoring.Monitoring) {})).CheckComponent(t)
}

func TestGrafanaIsReachedInsideTheCluster(t *testing.T) {
	var got string
	mocktest.Run(t, program(func(m *monitoring.Monitoring) {
		m.Grafana.URL.ApplyT(func(url string) string { got = url; return url })
	}))
	assert.Equal(t, got, "http://kube-prometheus-stack-grafana.monitoring.svc:80")
}
