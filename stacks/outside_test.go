package stacks

import (
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/kubespray"
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
			for _, buckets := range []objectstore.Buckets{{objectstore.Static, objectstore.Media}, {objectstore.Static}, {objectstore.Media}} {
				cfg.Network.Isolate, cfg.ObjectStore.External.Buckets = isolate, buckets
				assert.Equal(t, len(validateOutside(cfg)) == 1, inside && isolate, "%s with %v, isolated: %v", endpoint, buckets, isolate)
			}
		}
	}
}

// Isolated pods reach neither what is on the machines' network nor the API by ranges that Cilium does not apply to nodes.
func TestIsolatedPodsAreAskedForNothingThatTheyCannotReach(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.Alerting.Telegram.Proxy = "socks5://10.10.0.5:1080"
	assert.Equal(t, len(validateOutside(cfg)), 0)
	cfg.Network.Isolate = true
	assert.Equal(t, validateOutside(cfg)[0].Field, "alerting.telegram.proxy")
	cfg.Alerting.Telegram.Proxy = "socks5://192.0.2.5:1080"
	assert.Equal(t, len(validateOutside(cfg)), 0)
	cfg.Kubernetes.Network = kubespray.Cilium
	assert.Equal(t, validateOutside(cfg)[0].Field, "network.isolate")
}

// A storage on a worker is lost with the worker, by whatever address it is asked.
func TestAStorageOnAMachineOfTheEnvironmentIsRefused(t *testing.T) {
	cfg, err := Load(project, "demo", completed(t, "demo"))
	assert.NilError(t, err)
	cfg.ObjectStore.Copy.Enabled = true
	last := &memory{cluster: "{}", machines: arvan.Running{"arvan-k8s-w1": {PublicAddress: "203.0.113.9"}, "arvan-k8s-m1": {}}}
	for endpoint, refused := range map[string]bool{"https://203.0.113.9:9000": true, "https://203.0.113.10": false, "https://s3.ir-thr-at1.arvanstorage.ir": false} {
		cfg.ObjectStore.Copy.Endpoint = endpoint
		if err := refuse("demo", cfg, last); refused {
			assert.ErrorContains(t, err, "objectStore.copy.endpoint "+endpoint+" is the machine arvan-k8s-w1's own")
		} else {
			assert.NilError(t, err)
		}
	}
}
