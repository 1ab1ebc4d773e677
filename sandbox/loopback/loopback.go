// Package loopback gives each test a network of this machine's own addresses to itself, so that the tests of several checkouts
// can run at the same time.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// lock is where a network's owner listens. Nothing else uses that address.
const lock = ".254:7000"

// Prefix returns the first three bytes of a /24 that is the test's until it ends: "127.130.7". It is none that a sandbox takes
// (sandbox/workspace).
func Prefix(t testing.TB) string {
	t.Helper()
	var err error
	for range 100 {
		prefix := fmt.Sprintf("127.%d.%d", 128+rand.N(127), rand.N(256))
		var listener net.Listener
		if listener, err = net.Listen("tcp", prefix+lock); err == nil {
			t.Cleanup(func() { _ = listener.Close() })
			return prefix
		}
	}
	t.Fatalf("no free loopback network found: %v", err)
	return ""
}
