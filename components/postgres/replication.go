package postgres

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	// the chart's Services of a primary with replicas; there is none that is named after the release alone
	bitnamiPrimary  = bitnamiService + "-primary"
	bitnamiReplicas = bitnamiService + "-read"
	// allReplicas has no address of its own and leads to every replica, also to those that are not ready: HAProxy asks them itself
	allReplicas = bitnamiReplicas + "-hl"
	// bitnamiReplicationUser is the chart's own.
	bitnamiReplicationUser = "repl_user"
	// replicaConnections are a replica's sessions: more than any primary's. One with fewer than its primary does not start, and Helm
	// changes both at once.
	replicaConnections = 1000
)

// replication are the chart's values of a primary and replicas that follow it. Which is which is in the names of their pods, and no pod
// changes its role by itself.
func replication(config *Config) map[string]any {
	primary, replicas := follower(config, config.MaxConnections), follower(config, replicaConnections)
	primary["pdb"] = map[string]any{"create": false} // of one pod: it would only block the draining of its node
	// The chart's own is to wait for the first that came: when its machine is gone, nothing is written for a minute, with another one there.
	primary["extraEnvVars"] = []any{map[string]any{"name": "POSTGRESQL_SYNCHRONOUS_REPLICAS_MODE", "value": "ANY"}}
	replicas["replicaCount"] = config.Replicas
	replicas["pdb"] = map[string]any{"create": true}
	replicas["persistence"].(map[string]any)["labels"] = chart.Copies()
	return map[string]any{
		// what was acknowledged is on two servers; which of them lives is for whoever promotes one to see to
		"replication": map[string]any{"synchronousCommit": "on", "numSynchronousReplicas": 1, "applicationName": bitnamiReplicas},
		"primary":     primary, "readReplicas": replicas,
	}
}

// follower is a server with so many sessions, as both of the chart's StatefulSets have it.
func follower(config *Config, sessions int) map[string]any {
	memory := fmt.Sprintf("%dMi", config.MemoryMiB)
	settings := ownMachine(config, sessions)
	// There are no slots: a replica that was away for longer than this lasts is to be made anew.
	settings["wal_keep_size"] = megabytes(config.MaxSizeGiB * 1024 / 8)
	return map[string]any{
		// The size keeps nobody to it: local-path is a folder of the worker's, and claims of a StatefulSet cannot change.
		"persistence":     map[string]any{"enabled": true, "storageClass": "local-path", "size": "1Gi"},
		"affinity":        apart("app.kubernetes.io/name", bitnamiService), // whatever the role: the chart's preset looks at one role alone
		"resourcesPreset": "none",
		"resources": map[string]any{
			"requests": map[string]any{"cpu": "500m", "memory": memory}, "limits": map[string]any{"memory": memory},
		},
		"extendedConfiguration": lines(settings),
		// a first copy of the primary's data, or of the log after a crash, may take hours: killed meanwhile it begins with half of it
		"startupProbe": map[string]any{"enabled": true, "initialDelaySeconds": 5, "periodSeconds": 5, "failureThreshold": 4 * 3600 / 5},
		// told to end, PostgreSQL would wait for its sessions, which do not: half a minute, and then it is killed
		"lifecycleHooks": map[string]any{"preStop": map[string]any{"exec": map[string]any{"command": []any{"/bin/sh", "-c", "kill -INT 1"}}}},
	}
}

// lines are settings as PostgreSQL reads them.
func lines(settings map[string]any) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s = '%s'\n", name, settings[name])
	}
	return text.String()
}
