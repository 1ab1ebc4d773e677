package stacks

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

// What the exchange signs its links for is the name that leads to the files; a signature holds for no other.
func TestLinksAreSignedForTheNameThatLeadsToTheFiles(t *testing.T) {
	for chosen, wanted := range map[string]string{"": "demo-files", "cdn.iransre.ir": "cdn"} {
		cfg, err := Load(project, "demo", completed(t, "demo"))
		assert.NilError(t, err)
		cfg.ObjectStore.PublicHost = chosen
		recording := deployedWith(t, cfg)
		values := mocktest.Plain(recording.Get(t, "exchange-release").Inputs["values"]).(map[string]any)
		assert.Equal(t, values["objectStore"].(map[string]any)["publicURL"], "https://"+wanted+".iransre.ir")
		assert.Equal(t, recording.Get(t, "edge-files-record").Inputs["name"].StringValue(), wanted)
		for _, bucket := range []string{"static", "media"} {
			ingress := mocktest.Plain(resource.NewProperty(recording.Get(t, "objectstore-"+bucket).Inputs)).(map[string]any)
			rule := ingress["spec"].(map[string]any)["rules"].([]any)[0].(map[string]any)
			assert.Equal(t, rule["host"], wanted+".iransre.ir")
		}
	}
}
