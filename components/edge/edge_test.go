package edge_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/providers"
)

// record is what the component "edge" asks of the CDN for the exchange. For its files it is the same but for the name.
func record(t *testing.T, args edge.Args) map[string]any {
	t.Helper()
	args.FilesHost = "demo-files.iransre.ir"
	args.Addresses = pulumi.StringArray{pulumi.String("203.0.113.2"), pulumi.String("203.0.113.3")}
	recording := mocktest.Run(t, func(ctx *pulumi.Context) error {
		cloud, err := providers.NewArvanCloud(ctx, "cloud", &providers.ArvanCloud{})
		if err != nil {
			return err
		}
		_, err = edge.New(ctx, "edge", &args, pulumi.Providers(cloud))
		return err
	})
	plain := map[string]map[string]any{}
	for _, name := range []string{"edge-record", "edge-files-record"} {
		made := recording.Get(t, name)
		assert.Equal(t, made.Provider, "cloud")
		assert.Equal(t, made.Parent, "edge")
		plain[name] = mocktest.Plain(resource.NewProperty(made.Inputs)).(map[string]any)
	}
	files := plain["edge-files-record"]
	assert.Equal(t, files["name"], "demo-files")
	files["name"] = plain["edge-record"]["name"]
	assert.DeepEqual(t, files, plain["edge-record"])
	return plain["edge-record"]
}

func TestTheNameLeadsToEveryWorkerThroughTheCDN(t *testing.T) {
	made := record(t, edge.Args{Host: "demo.iransre.ir", Config: edge.Config{Domain: "iransre.ir", TTLSeconds: 120}})
	assert.DeepEqual(t, made, map[string]any{
		"domain": "iransre.ir", "name": "demo", "type": "a", "ttl": 120.0, "cloud": true, "upstreamHttps": "http",
		"addresses": []any{map[string]any{"ip": "203.0.113.2"}, map[string]any{"ip": "203.0.113.3"}},
	})
}

func TestTheDomainItselfIsTheApex(t *testing.T) {
	made := record(t, edge.Args{Host: "iransre.ir", Config: edge.Config{Domain: "iransre.ir", TTLSeconds: 120, Proxied: new(false)}})
	assert.Equal(t, made["name"], "@")
	assert.Equal(t, made["cloud"], false)
}
