package edge_test

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/providers"
)

// announced is what the component makes for a virtual address, beside a port that lets packets for it through.
func announced(t *testing.T, vip edge.VIP) *mocktest.Recording {
	t.Helper()
	return mocktest.Run(t, func(ctx *pulumi.Context) error {
		cluster, random, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		cloud, err := providers.NewArvanCloud(ctx, "cloud", &providers.ArvanCloud{})
		if err != nil {
			return err
		}
		port, err := providers.NewPortSecurity(ctx, "w1-port", &providers.PortSecurityArgs{
			ServerId: pulumi.String("w1"), NetworkId: pulumi.String("private"), Enabled: pulumi.Bool(false),
		}, pulumi.Provider(cloud))
		if err != nil {
			return err
		}
		_, err = edge.New(ctx, "edge", &edge.Args{
			Installer: &chart.Installer{Provider: cluster, Random: random},
			Config:    edge.Config{Domain: "iransre.ir", TTLSeconds: 120, Mode: edge.Virtual, VIP: vip},
			Host:      "demo.iransre.ir", FilesHost: "demo-files.iransre.ir", Addresses: pulumi.StringArray{pulumi.String("203.0.113.2")},
			LetThrough: []pulumi.Resource{port}, MonitorCRDs: cluster,
		}, pulumi.Providers(cloud))
		return err
	})
}

// object is what is asked of the cluster, or of the cloud, by a resource's name.
func object(t *testing.T, recording *mocktest.Recording, name string) map[string]any {
	t.Helper()
	return mocktest.Plain(resource.NewProperty(recording.Get(t, name).Inputs)).(map[string]any)
}

func TestAVirtualAddressIsAnnounced(t *testing.T) {
	recording := announced(t, edge.VIP{Address: "10.20.0.250"})
	recording.CheckComponent(t)
	pool := object(t, recording, "edge-address-pool")
	assert.DeepEqual(t, pool["spec"], map[string]any{"addresses": []any{"10.20.0.250/32"}, "autoAssign": false})
	assert.DeepEqual(t, object(t, recording, "edge-address-announcement")["spec"], map[string]any{})
	for later, earlier := range map[string]string{
		"edge-address-pool": "edge-address-release", "edge-address-announcement": "edge-address-pool",
	} {
		assert.Check(t, slices.Contains(recording.Get(t, later).DependsOn, earlier), "%s waits for %v", later, recording.Get(t, later).DependsOn)
	}
	assert.Check(t, slices.Contains(recording.Get(t, "edge-address-announcement").DependsOn, "w1-port"), "the cloud would drop what comes")
	// plain records, that lead there
	record := object(t, recording, "edge-record")
	assert.Equal(t, record["cloud"], false)
	assert.DeepEqual(t, record["addresses"], []any{map[string]any{"ip": "10.20.0.250"}})
}

func TestRecordsLeadToWhatHandsOn(t *testing.T) {
	recording := announced(t, edge.VIP{Address: "10.20.0.250", PublicAddress: "198.51.100.7", Interface: "ens4"})
	assert.DeepEqual(t, object(t, recording, "edge-files-record")["addresses"], []any{map[string]any{"ip": "198.51.100.7"}})
	assert.DeepEqual(t, object(t, recording, "edge-address-announcement")["spec"], map[string]any{"interfaces": []any{"ens4"}})
}
