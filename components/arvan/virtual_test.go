package arvan_test

import (
	"net/netip"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// No machine gets the address, the workers' private ports let it through and no others, and nobody reaches web ports by public addresses.
func TestAVirtualAddress(t *testing.T) {
	args := prod()
	args.VirtualAddress = netip.MustParseAddr("10.10.0.250")
	recording := run(t, args)

	network := recording.Get(t, "demo-network")
	assert.DeepEqual(t, mocktest.Plain(network.Inputs["dhcpRanges"]), []any{
		map[string]any{"start": "10.10.0.1", "end": "10.10.0.249"}, map[string]any{"start": "10.10.0.251", "end": "10.10.0.254"},
	})
	ports := recording.OfType("arvancloud:networking:PortSecurity")
	assert.Equal(t, len(ports), 1)
	assert.Equal(t, ports[0].Name, "arvan-prod-w1-port")
	assert.Equal(t, ports[0].Provider, "cloud")
	assert.Equal(t, ports[0].Inputs["enabled"].BoolValue(), false)
	assert.Assert(t, len(recording.Waits(t, "arvan-prod-w1-port", arvan.ServerType)) == 1)
	rules := recording.Get(t, "demo-workers").Inputs["rules"]
	assert.Assert(t, rules.IsNull() || len(rules.ArrayValue()) == 0)
}

func TestTheFirstOrLastAddressLeavesOneRange(t *testing.T) {
	for address, want := range map[string]map[string]any{
		"10.10.0.1": {"start": "10.10.0.2", "end": "10.10.0.254"}, "10.10.0.254": {"start": "10.10.0.1", "end": "10.10.0.253"},
	} {
		args := demo()
		args.VirtualAddress = netip.MustParseAddr(address)
		assert.DeepEqual(t, mocktest.Plain(run(t, args).Get(t, "demo-network").Inputs["dhcpRanges"]), []any{want})
	}
}

func TestWithoutAVirtualAddressNothingOfItIsMade(t *testing.T) {
	recording := run(t, demo())
	assert.Equal(t, len(recording.OfType("arvancloud:networking:PortSecurity")), 0)
	_, limited := recording.Get(t, "demo-network").Inputs["dhcpRanges"]
	assert.Assert(t, !limited)
}
