package loopback

import (
	"net"
	"syscall"
	"testing"

	"gotest.tools/v3/assert"
)

func TestANetworkIsTheTestsUntilItEnds(t *testing.T) {
	var prefix string
	t.Run("owner", func(t *testing.T) {
		prefix = Prefix(t)
		_, err := net.Listen("tcp", prefix+lock)
		assert.ErrorIs(t, err, syscall.EADDRINUSE)
	})
	listener, err := net.Listen("tcp", prefix+lock)
	assert.NilError(t, err)
	assert.NilError(t, listener.Close())
}
