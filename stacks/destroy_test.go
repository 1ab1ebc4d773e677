package stacks

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/arvan"
)

// A destroy need not ask a cluster that may be gone: its machines take everything in it along. Those are a component, which is
// never replaced, because whatever is deleted with a resource is replaced with it too.
func TestDestroyAsksNoCluster(t *testing.T) {
	for _, stack := range theStacks {
		recording, inside := deployed(t, stack), 0
		for _, resource := range recording.Resources {
			if !strings.HasPrefix(resource.Type, "kubernetes:") {
				assert.Equal(t, resource.DeletedWith, "", resource.Name)
				continue
			}
			inside++
			with := recording.Get(t, resource.DeletedWith)
			if with.Type == "kubernetes:core/v1:Namespace" { // what goes with its namespace
				with = recording.Get(t, with.DeletedWith)
			}
			assert.Equal(t, with.Type, arvan.MachinesType, resource.Name)
			assert.Assert(t, !with.Custom)
		}
		assert.Assert(t, inside > 20)
	}
}

// A cluster of prod that does not answer is not taken for one that is gone, unless the plugin's variable says so: the plugin
// does not look at it where the provider says anything itself.
func TestWhoTakesAnUnreachableClusterForGone(t *testing.T) {
	for stack, wanted := range map[string]bool{"demo": true, "prod": false} {
		provider := deployed(t, stack).Get(t, "kubernetes")
		_, said := provider.Inputs["deleteUnreachable"]
		assert.Equal(t, said, wanted, stack)
	}
}
