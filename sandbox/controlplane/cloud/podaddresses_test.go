package cloud

import (
	"errors"
	"net/netip"
	"testing"

	"gotest.tools/v3/assert"
)

func TestPodAddressesSkipThoseInUseAndComeBack(t *testing.T) {
	used := map[netip.Addr]bool{netip.MustParseAddr("10.0.0.2"): true}
	addresses := newPodAddresses(netip.MustParsePrefix("10.0.0.0/29"), func() (map[netip.Addr]bool, error) { return used, nil })
	for _, want := range []string{"10.0.0.1", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7"} {
		got, err := addresses.next()
		assert.NilError(t, err)
		assert.Equal(t, got, want)
	}
	used = map[netip.Addr]bool{netip.MustParseAddr("10.0.0.1"): true}
	got, err := addresses.next()
	assert.NilError(t, err)
	assert.Equal(t, got, "10.0.0.2", "at the end of the range, what is free by then is given again")
}

func TestPodAddressesRunOut(t *testing.T) {
	addresses := newPodAddresses(netip.MustParsePrefix("10.0.0.0/31"), func() (map[netip.Addr]bool, error) {
		return map[netip.Addr]bool{netip.MustParseAddr("10.0.0.1"): true}, nil
	})
	_, err := addresses.next()
	assert.Error(t, err, "no pod address left in 10.0.0.0/31")
}

func TestPodAddressesNeedToKnowWhichAreInUse(t *testing.T) {
	addresses := newPodAddresses(netip.MustParsePrefix("10.0.0.0/24"), func() (map[netip.Addr]bool, error) {
		return nil, errors.New("no answer")
	})
	_, err := addresses.next()
	assert.Error(t, err, "pod addresses in use: no answer")
}
