package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/kubespray"
)

// settled are the settings that a running environment cannot follow, by their paths: another value replaces all machines at
// once, and with them the first control plane and every member of etcd.
func settled(cfg *Config) map[string]string {
	return map[string]string{
		"cloud.zone": cfg.Cloud.Zone, "cloud.placement": cfg.Cloud.Placement, "network.cidr": cfg.Network.CIDR,
	}
}

// refuse tells what the environment, as its last update left it, must not become. It asks neither the cloud nor a machine.
func refuse(stack string, cfg *Config, last *last) error {
	var reasons []string
	wanted := settled(cfg)
	for _, path := range slices.Sorted(maps.Keys(wanted)) {
		if before, known := last.settled[path]; known && before != wanted[path] {
			reasons = append(reasons, fmt.Sprintf("%s cannot change from %q to %q: it would replace all machines at once, and the cluster with them. "+
				"Restore it, or make a new stack and move to it", path, before, wanted[path]))
		}
	}
	if len(reasons) > 0 {
		return fmt.Errorf("stack %s: refused, nothing was touched:\n  - %s", stack, strings.Join(reasons, "\n  - "))
	}
	return kubespray.Check(clusterArgs(stack, cfg, &arvan.Machines{}, &apiNames{}, last.cluster))
}
