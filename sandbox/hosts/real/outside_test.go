package real

import (
	"net/netip"
	"testing"

	"gotest.tools/v3/assert"
)

func TestWhoAsksOnANetworkHasTheHighestFreeAddress(t *testing.T) {
	network := netip.MustParsePrefix("10.20.0.0/24")
	taken := map[netip.Addr]bool{netip.MustParseAddr("10.20.0.254"): true, netip.MustParseAddr("10.20.0.253"): true}
	assert.Equal(t, highestFree(network, nil).String(), "10.20.0.254")
	assert.Equal(t, highestFree(network, taken).String(), "10.20.0.252")
	assert.Equal(t, highestFree(netip.MustParsePrefix("10.20.4.0/22"), nil).String(), "10.20.7.254")
}
