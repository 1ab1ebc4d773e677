package delivery_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func deliver(t *testing.T, config delivery.Config) *mocktest.Recording {
	t.Helper()
	return mocktest.Run(t, func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		_, err = delivery.New(ctx, "delivery", &delivery.Args{
			Installer: &chart.Installer{Provider: cluster, Random: randomness}, Config: config, MonitorCRDs: cluster,
		})
		return err
	})
}

// Helm makes the chart's ServiceMonitors with a kubeconfig that may "edit" one namespace.
func TestAWorkflowMayDeployTheWholeChart(t *testing.T) {
	role := deliver(t, delivery.Config{Mode: delivery.GitHub}).Get(t, "delivery-edit-monitors")
	labels := mocktest.Plain(role.Inputs["metadata"]).(map[string]any)["labels"].(map[string]any)
	assert.Equal(t, labels["rbac.authorization.k8s.io/aggregate-to-edit"], "true")
}
