// Package controlplanetest gives tests a control plane of their own.
package controlplanetest

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/loopback"
)

// BinaryVariable names a binary that is built already.
const BinaryVariable = "SANDBOX_KUBE"

// Binary is the path of the control plane's binary: what BinaryVariable says, or .sandbox/bin/kube of the checkout, which is built
// if it is missing or out of date. The test is skipped if it cannot be built, and in short mode rather than to build it.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Skipf("no control plane binary: %v; set %s to one, or build it with go build %s", err, BinaryVariable, controlplane.BinaryPackage)
	}
	return path
}

var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(BinaryVariable); path != "" {
		_, err := os.Stat(path)
		return path, err
	}
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/iransre/exchange-platform/sandbox").Output()
	if err != nil {
		return "", fmt.Errorf("find the sandbox module: %w", err)
	}
	dir := strings.TrimSpace(string(module))
	path := filepath.Join(filepath.Dir(dir), ".sandbox", "bin", "kube")
	if _, err := os.Stat(path); err != nil && testing.Short() {
		return "", err
	}
	build := exec.Command("go", controlplane.BuildArguments(path)...)
	build.Dir = dir
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	return path, nil
})

// Options are those of a control plane on .1 of a loopback network that the test has to itself, with five load balancer
// addresses beside it (.240 to .244), in a folder that goes away with the test.
func Options(t testing.TB) controlplane.Options {
	t.Helper()
	prefix := loopback.Prefix(t)
	var pool []netip.Addr
	for last := range 5 {
		pool = append(pool, netip.MustParseAddr(fmt.Sprintf("%s.%d", prefix, 240+last)))
	}
	return controlplane.Options{Dir: t.TempDir(), Address: prefix + ".1", Binary: Binary(t), LoadBalancerAddresses: pool}
}

// Start runs a control plane until the test ends.
func Start(t testing.TB) *controlplane.ControlPlane {
	t.Helper()
	running, err := controlplane.Start(t.Context(), Options(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running.Stop)
	return running
}
