package postgres

import (
	"fmt"
	"maps"

	"github.com/iransre/exchange-platform/components/chart"
)

// instances are as few as survive the loss of one with every acknowledged write and still take new ones: a primary whose only
// replica is gone must wait for it, or acknowledge what it alone has.
const instances = 3

const (
	// leastMemoryMiB is what PostgreSQL and the operator's own process beside it start with.
	leastMemoryMiB = 512
	// ownConnections are kept for the operator, replicas, metrics and whoever has to look at a full server.
	ownConnections   = 20
	leastConnections = ownConnections + 10
)

// mebibytes is a quantity in the one form in which Kubernetes writes it: the operator's webhook answers in that form, and another one would count as
// changed at the next update.
func mebibytes(n int) string {
	if n%1024 == 0 {
		return fmt.Sprintf("%dGi", n/1024)
	}
	return fmt.Sprintf("%dMi", n)
}

// clusterSpec is what the operator is asked for. Numbers that differ from its defaults were measured on real machines, in seconds
// until writes go on: a killed primary 15.4 → 4.5, a switchover 7.7 → 6, a machine without power 91 → 53, no acknowledged write lost.
func clusterSpec(config *Config, cluster string) map[string]any {
	image, err := chart.ImageOf(operatorEntry, "postgresql")
	if err != nil {
		panic(err) // the catalogue is built in: its test comes first
	}
	memory := mebibytes(config.MemoryMiB)
	spec := map[string]any{
		"instances": instances,
		"imageName": image.String(),
		// nobody logs in as a superuser over the network; `kubectl exec` does
		"enableSuperuserAccess": false,
		"storage": map[string]any{
			"size": fmt.Sprintf("%dGi", config.MaxSizeGiB), "storageClass": "local-path", "resizeInUseVolumes": false, // which it cannot
		},
		"resources": map[string]any{
			"requests": map[string]any{"cpu": "500m", "memory": memory}, "limits": map[string]any{"memory": memory},
		},
		"affinity": map[string]any{
			"enablePodAntiAffinity": true, "podAntiAffinityType": "required", "topologyKey": "kubernetes.io/hostname",
		},
		"enablePDB":    true,
		"certificates": certificates(config),
		"postgresql": map[string]any{
			"parameters": parameters(config),
			// the operator's own rules come first, and the one that asks for a password last
			"pg_hba": []any{"hostnossl all all all reject"},
			// an acknowledged write is on two servers, and none is promoted that may lack one
			"synchronous": map[string]any{"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": true},
		},
		"probes": map[string]any{
			"readiness": map[string]any{"periodSeconds": 1}, "startup": map[string]any{"periodSeconds": 1},
		},
		// A server that crashed is back by itself within this. One that is given up while it starts anew puts the end of its log into
		// the archive, and a replica that takes that never follows the next primary (cloudnative-pg#4990).
		"failoverDelay": 5,
		// Whoever is to be the primary waits until the last one has given its lease back, or for so long without a sign of it. The operator's 15
		// seconds protect servers that follow by the archive; here none is promoted that lacks an acknowledged write, and a primary that cannot
		// renew its lease goes on unless another has taken it.
		"primaryLease": map[string]any{"leaseDurationSeconds": 6, "renewDeadlineSeconds": 4, "retryPeriodSeconds": 1},
		// a restart waits so long for sessions to end by themselves, and one that never does holds all others
		"smartShutdownTimeout":  5,
		"stopDelay":             60,
		"switchoverDelay":       30,
		"primaryUpdateStrategy": "unsupervised",
		// a switchover would be faster, but waits for ever where a replica comes with what the primary has not, such as a plugin
		"primaryUpdateMethod": "restart",
	}
	exchange := map[string]any{"database": config.Database, "owner": config.User, "secret": map[string]any{"name": loginSecret}}
	if config.Backup.Enabled {
		spec["plugins"] = []any{map[string]any{"name": pluginName, "isWALArchiver": true, "parameters": archive(cluster)}}
	}
	if cluster == clusterName {
		// PostgreSQL's own order of texts: with the C library's, another image may break every index of texts
		maps.Copy(exchange, map[string]any{
			"dataChecksums": true, "encoding": "UTF8",
			"localeProvider": "builtin", "builtinLocale": "C.UTF-8", "localeCollate": "C", "localeCType": "C",
		})
		spec["bootstrap"] = map[string]any{"initdb": exchange}
		return spec
	}
	exchange["source"], exchange["recoveryTarget"] = clusterName, config.RecoverFrom.target()
	spec["bootstrap"] = map[string]any{"recovery": exchange}
	spec["externalClusters"] = []any{map[string]any{
		"name": clusterName, "plugin": map[string]any{"name": pluginName, "parameters": archive(clusterName)},
	}}
	return spec
}

// certificates are the servers', with the names of their Services, which the operator knows, and of others that lead to them.
func certificates(config *Config) map[string]any {
	made := map[string]any{"serverCASecret": authoritySecret}
	if names := proxyNames(config); len(names) > 0 {
		made["serverAltDNSNames"] = toAny(names)
	}
	return made
}

// parameters are PostgreSQL's settings with this operator.
func parameters(config *Config) map[string]any {
	settings := ownMachine(config, config.MaxConnections)
	maps.Copy(settings, map[string]any{
		// of the log for a replica that is away: then it is made anew, before the primary's disk is full
		"max_slot_wal_keep_size": megabytes(config.MaxSizeGiB * 1024 / 4),
		// after a crash, one call for the file system instead of one for each file: 0.4 s where it was 10
		"recovery_init_sync_method": "syncfs",
		// what would be lost with all three servers is no older
		"archive_timeout":          "5min",
		"pg_stat_statements.max":   "5000",
		"pg_stat_statements.track": "top",
	})
	return settings
}

// ownMachine are the settings of a server with so many sessions, whichever engine runs it. Memory is shared as PostgreSQL's manual advises
// for a server of its own.
func ownMachine(config *Config, sessions int) map[string]any {
	cache := config.MemoryMiB / 4
	return map[string]any{
		"max_connections":      fmt.Sprint(sessions),
		"shared_buffers":       megabytes(cache),
		"effective_cache_size": megabytes(config.MemoryMiB - cache),
		// each session may take it several times over, one for each sort
		"work_mem":                    megabytes(max(1, config.MemoryMiB/4/config.MaxConnections)),
		"maintenance_work_mem":        megabytes(max(16, config.MemoryMiB/16)),
		"wal_retrieve_retry_interval": "500ms",
		"tcp_keepalives_idle":         "30",
		"tcp_keepalives_interval":     "10",
		"tcp_keepalives_count":        "3",
		"log_lock_waits":              "on",
		"log_autovacuum_min_duration": "60s",
	}
}

func megabytes(size int) string { return fmt.Sprintf("%dMB", size) }

func toAny(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}
