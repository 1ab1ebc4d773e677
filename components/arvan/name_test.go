package arvan_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/providers"
)

func TestANamePastTheCDN(t *testing.T) {
	recording := mocktest.Run(t, func(ctx *pulumi.Context) error {
		cloud, err := providers.NewArvanCloud(ctx, "cloud", &providers.ArvanCloud{})
		if err != nil {
			return err
		}
		_, err = arvan.NewName(ctx, "api", &arvan.NameArgs{
			Domain: "iransre.ir", Host: "k8s.iransre.ir", TTLSeconds: 120,
			Addresses: pulumi.StringArray{pulumi.String("203.0.113.2"), pulumi.String("203.0.113.3")},
		}, pulumi.Providers(cloud))
		return err
	})
	record := recording.Get(t, "api-record")
	assert.Equal(t, record.Provider, "cloud")
	assert.Equal(t, record.Parent, "api")
	assert.DeepEqual(t, mocktest.Plain(resource.NewProperty(record.Inputs)), map[string]any{
		"domain": "iransre.ir", "name": "k8s", "type": "a", "ttl": 120.0, "cloud": false,
		"addresses": []any{map[string]any{"ip": "203.0.113.2"}, map[string]any{"ip": "203.0.113.3"}},
	})
	assert.DeepEqual(t, recording.Get(t, "api").AliasTypes, []string{"exchange:edge:Name"})
}
