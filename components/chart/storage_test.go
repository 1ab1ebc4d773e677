package chart_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// A pod that fills its node's disk is evicted before it takes the others along. The limit is none of the pods' own: a new one
// leaves running pods, and the data that goes with them, alone.
func TestANamespacesPodsHaveALimitOfStorage(t *testing.T) {
	r := install(t, chart.Installer{}, func(ctx *pulumi.Context, i *chart.Installer) error {
		namespace, err := i.Namespace(ctx, "it-namespace", &chart.NamespaceArgs{Name: "it", StorageGiB: 5})
		if err != nil {
			return err
		}
		_, err = i.Release(ctx, "it-release", &chart.ReleaseArgs{Entry: "minio", Namespace: namespace.Name})
		return err
	})
	size := map[string]any{"ephemeral-storage": "5Gi"}
	assert.DeepEqual(t, mocktest.Plain(r.Get(t, "it-storage-limit").Inputs["spec"]), map[string]any{
		"limits": []any{map[string]any{"type": "Container", "default": size, "defaultRequest": size}},
	})
	assert.Equal(t, r.Get(t, "it-release").Inputs["namespace"].StringValue(), "it")
	assert.DeepEqual(t, r.Get(t, "it-release").DependsOn, []string{"it-storage-limit"})
}
