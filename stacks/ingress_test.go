package stacks

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// Whatever is told of the controller to others follows the engine, and nothing else of a stack does.
func TestAnotherIngressEngineIsAnotherChartAndNothingElse(t *testing.T) {
	cfg, err := Load(project, "prod", completed(t, "prod"))
	assert.NilError(t, err)
	assert.Equal(t, cfg.Ingress.Engine, ingress.Traefik, "what is new takes what is maintained")
	cfg.Ingress.Engine = ingress.Nginx
	before := deployedWith(t, cfg)
	cfg.Ingress.Engine = ingress.Traefik
	after := deployedWith(t, cfg)
	assert.Equal(t, before.Get(t, "ingress-release").Inputs["chart"].StringValue(), "ingress-nginx")
	assert.Equal(t, after.Get(t, "ingress-release").Inputs["chart"].StringValue(), "traefik")
	inputs := func(recording *mocktest.Recording) map[string]resource.PropertyMap {
		found := map[string]resource.PropertyMap{}
		for _, each := range recording.Resources {
			found[each.Name] = each.Inputs
		}
		return found
	}
	was, is, changed := inputs(before), inputs(after), map[string]string{}
	for name := range was {
		if _, there := is[name]; !there {
			changed[name] = "gone"
		} else if !was[name].DeepEquals(is[name]) {
			changed[name] = "another"
		}
	}
	for name := range is {
		if _, there := was[name]; !there {
			changed[name] = "new"
		}
	}
	// each engine has a Secret of its own for the CDN's key, so that the old one reads its own to the end
	assert.DeepEqual(t, changed, map[string]string{
		"ingress-release": "another", "logging-collector-release": "another", "ingress-origin-key": "gone", "ingress-settings": "new",
	})
	collector := mocktest.Plain(after.Get(t, "logging-collector-release").Inputs["values"]).(map[string]any)["config"].(map[string]any)
	assert.Assert(t, strings.Contains(collector["inputs"].(string), "*_ingress-nginx_traefik-*.log"))
	assert.Assert(t, strings.Contains(collector["filters"].(string), "Rename KubernetesIngressNamespace namespace\n"))
}
