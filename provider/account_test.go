package provider

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
)

// functionCalls are all functions of the provider, with arguments for them and what to look at in what they tell.
var functionCalls = map[tokens.Type]struct {
	arguments map[string]any
	check     func(*testing.T, property.Map)
}{
	"arvancloud:iaas:getImage": {map[string]any{"distribution": "debian", "version": "12"}, func(t *testing.T, told property.Map) {
		assert.Assert(t, told.Get("imageId").AsString() != "")
	}},
	"arvancloud:iaas:getPlan": {map[string]any{"planId": "g2-4-2-0"}, func(t *testing.T, told property.Map) {
		assert.Equal(t, told.Get("cpus").AsNumber(), 2.0)
	}},
	"arvancloud:cdn:getRanges": {nil, func(t *testing.T, told property.Map) {
		assert.Equal(t, told.Get("ranges").AsArray().Get(0).AsString(), "185.143.232.0/22")
	}},
	"arvancloud:account:getZones": {nil, func(t *testing.T, told property.Map) {
		first := told.Get("zones").AsArray().Get(0).AsMap()
		assert.Equal(t, first.Get("code").AsString(), "eu-west1-a")
		assert.Equal(t, first.Get("city").AsString(), "Karlsruhe")
		assert.Assert(t, first.Get("open").AsBool())
	}},
	"arvancloud:account:getPlans": {map[string]any{"zone": "ir-thr-fr1"}, func(t *testing.T, told property.Map) {
		assert.Equal(t, told.Get("zone").AsString(), "ir-thr-fr1")
		cheapest := told.Get("plans").AsArray().Get(0).AsMap()
		assert.Equal(t, cheapest.Get("planId").AsString(), "eco-1-1-0")
		assert.Equal(t, cheapest.Get("pricePerHour").AsNumber(), 3050.0)
	}},
	"arvancloud:account:getImages": {nil, func(t *testing.T, told property.Map) {
		first := told.Get("images").AsArray().Get(0).AsMap()
		assert.Equal(t, first.Get("distribution").AsString(), "debian")
		assert.Equal(t, first.Get("version").AsString(), "11")
		assert.Equal(t, first.Get("diskSize").AsNumber(), 10.0)
	}},
	"arvancloud:account:getNetworks": {nil, func(t *testing.T, told property.Map) {
		assert.Assert(t, told.Get("networks").AsArray().Get(0).AsMap().Get("public").AsBool())
	}},
	"arvancloud:account:getQuota": {nil, func(t *testing.T, told property.Map) {
		cores := told.Get("items").AsMap().Get("total_cores").AsMap()
		assert.Equal(t, cores.Get("limit").AsNumber(), 8000.0)
		assert.Equal(t, cores.Get("used").AsNumber(), 0.0)
	}},
	"arvancloud:account:getInventory": {map[string]any{"domain": testDomain}, func(t *testing.T, told property.Map) {
		first := told.Get("objects").AsArray().Get(0).AsMap()
		assert.Equal(t, first.Get("type").AsString(), "arvancloud:iaas:SecurityGroup")
		assert.Equal(t, first.Get("users").AsArray().Len(), 0)
	}},
	"arvancloud:account:getAccount": {nil, func(t *testing.T, told property.Map) {
		assert.Equal(t, told.Get("name").AsString(), "emulator")
	}},
}

func TestEveryFunction(t *testing.T) {
	plugin := newPlugin(t, newCloud(t))
	for token, function := range functionCalls {
		t.Run(string(token), func(t *testing.T) {
			told, err := plugin.invoke(token, function.arguments)
			assert.NilError(t, err)
			function.check(t, told)
		})
	}
}
