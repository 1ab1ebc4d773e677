package netns_test

import (
	"io"
	"net"
	"os"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/hosts/netns"
)

// Two namespaces that a cable joins reach each other, and nobody else reaches them.
func TestNamespacesAreJoinedByCablesOnly(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root here")
	}
	var ends [2]*netns.Namespace
	for i := range ends {
		var err error
		ends[i], err = netns.New()
		assert.NilError(t, err)
		defer ends[i].Close()
	}
	assert.NilError(t, ends[0].Configure("link add near type veth peer name far netns "+ends[1].Path(), "addr add 10.9.8.1/24 dev near", "link set near up"))
	assert.NilError(t, ends[1].Configure("addr add 10.9.8.2/24 dev far", "link set far up"))
	listener, err := ends[1].Listen("10.9.8.2:80")
	assert.NilError(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "from "+conn.RemoteAddr().(*net.TCPAddr).IP.String())
			_ = conn.Close()
		}
	}()
	conn, err := ends[0].Dial(t.Context(), "10.9.8.2:80")
	assert.NilError(t, err)
	defer conn.Close()
	text, err := io.ReadAll(conn)
	assert.NilError(t, err)
	assert.Equal(t, string(text), "from 10.9.8.1")

	interfaces, err := net.Interfaces()
	assert.NilError(t, err)
	for _, each := range interfaces {
		assert.Assert(t, each.Name != "near" && each.Name != "far", "this machine's own network has none of it")
	}
	assert.ErrorContains(t, ends[0].Configure("link set nowhere up"), "link set nowhere up: exit status 1: Cannot find device \"nowhere\"")
}
