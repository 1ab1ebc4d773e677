package stacks

import (
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/objectstore"
)

// Without policies a storage may be wherever the pods reach it.
func TestAStorageInTheClustersRangesIsRefusedWherePoliciesKeepPodsFromIt(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.ObjectStore.Engine = objectstore.External
	for endpoint, inside := range map[string]bool{
		"https://10.10.0.9:9000": true, "https://10.233.64.7": true, "http://s3.storage.svc.cluster.local.": true,
		"https://203.0.113.9": false, "https://s3.ir-thr-at1.arvanstorage.ir": false, "https://svc": false,
	} {
		cfg.ObjectStore.External.Endpoint = endpoint
		for _, isolate := range []bool{true, false} {
			cfg.Network.Isolate = isolate
			assert.Equal(t, len(validateOutside(cfg)) == 1, inside && isolate, "%s, isolated: %v", endpoint, isolate)
		}
	}
}
