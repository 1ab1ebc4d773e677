package monitoring_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/monitoring"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// token is one that nobody but the Secret may see.
const token = mocktest.Generated + "-token"

var prod = monitoring.Config{Retention: "15d", MaxSizeGiB: 5, Replicas: 2, StorageClass: "local", GrafanaVolume: true}

func program(config monitoring.Config, look func(*monitoring.Monitoring)) func(*pulumi.Context) error {
	return programWith(config, monitoring.Pages{}, look)
}

func programWith(config monitoring.Config, pages monitoring.Pages, look func(*monitoring.Monitoring)) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		made, err := monitoring.New(ctx, "monitoring", &monitoring.Args{
			Installer: &chart.Installer{Provider: cluster, Random: randomness}, Config: config, Pages: pages,
			EtcdMembers: pulumi.ToStringArray([]string{"10.10.0.11", "10.10.0.12", "10.10.0.13"}), EtcdBackup: true,
			Routing: pulumi.ToStringMap(map[string]string{"alertmanager.yaml": "route: {receiver: nobody}", "telegram-token": token}),
		})
		if err == nil {
			look(made)
		}
		return err
	}
}

func TestMonitoring(t *testing.T) {
	mocktest.Run(t, program(prod, func(*monitoring.Monitoring) {})).CheckComponent(t)
}

// What links to them, alerts among them, names the address that people have.
func TestWhatIsPublishedKnowsItsAddress(t *testing.T) {
	var secret string
	mocktest.Run(t, programWith(prod, monitoring.Pages{
		Grafana:      chart.Page{URL: "https://grafana.iransre.ir"},
		Prometheus:   chart.Page{URL: "https://prometheus.iransre.ir", LoginSecret: "prometheus-page"},
		Alertmanager: chart.Page{URL: "https://alertmanager.iransre.ir", LoginSecret: "alertmanager-page"},
	}, func(m *monitoring.Monitoring) {
		m.Prometheus.SecretName.ApplyT(func(name string) string { secret = name; return name })
	})).CheckEngine(t, "published")
	assert.Equal(t, secret, "prometheus-page")
}

func TestGrafanaIsReachedInsideTheCluster(t *testing.T) {
	var got string
	mocktest.Run(t, program(prod, func(m *monitoring.Monitoring) {
		m.Grafana.URL.ApplyT(func(url string) string { got = url; return url })
	}))
	assert.Equal(t, got, "http://kube-prometheus-stack-grafana.monitoring.svc:80")
}

func TestTheTokenIsInTheSecretOnly(t *testing.T) {
	r := mocktest.Run(t, program(prod, func(*monitoring.Monitoring) {}))
	assert.Assert(t, r.Get(t, "monitoring-routing-secret").Inputs["stringData"].IsSecret())
	assert.Assert(t, !strings.Contains(r.Get(t, "monitoring-release").Inputs["values"].String(), token))
}

// The one Grafana could not start on another worker than that of its volume.
func TestGrafanaGoesWithoutAVolumeWherePrometheusHasOne(t *testing.T) {
	config := prod
	config.GrafanaVolume = false
	r := mocktest.Run(t, program(config, func(*monitoring.Monitoring) {}))
	values := mocktest.Plain(r.Get(t, "monitoring-release").Inputs["values"]).(map[string]any)
	assert.DeepEqual(t, values["grafana"].(map[string]any)["persistence"], map[string]any{"enabled": false})
	spec := values["prometheus"].(map[string]any)["prometheusSpec"].(map[string]any)
	assert.Equal(t, len(spec["storageSpec"].(map[string]any)), 1)
}

func TestWithoutAStorageClassNothingWaitsForVolumes(t *testing.T) {
	r := mocktest.Run(t, program(monitoring.Config{Retention: "6h", MaxSizeGiB: 1, Replicas: 1}, func(*monitoring.Monitoring) {}))
	values := mocktest.Plain(r.Get(t, "monitoring-release").Inputs["values"]).(map[string]any)
	assert.DeepEqual(t, values["grafana"].(map[string]any)["persistence"], map[string]any{"enabled": false})
	spec := values["prometheus"].(map[string]any)["prometheusSpec"].(map[string]any)
	assert.DeepEqual(t, spec["storageSpec"], map[string]any{})
	assert.DeepEqual(t, values["prometheus"].(map[string]any)["podDisruptionBudget"].(map[string]any)["enabled"], false)
}
