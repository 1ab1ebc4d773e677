package objectstore

import "github.com/iransre/exchange-platform/components/chart"

// servers are as few as MinIO spreads a file over so that the loss of one changes nothing: two shards of it and two of parity. Any
// two give the file back, any three take a new one. How many there are cannot change later.
const servers = 4

// distributed is what four servers are told otherwise than one.
func distributed() map[string]any {
	return map[string]any{
		"mode":          string(Distributed),
		"replicas":      servers,
		"drivesPerNode": 1,
		// The size keeps nobody to it: local-path is a folder of the worker's, and claims of a StatefulSet cannot change. What
		// bounds the drives is the media bucket's quota.
		"persistence":         map[string]any{"enabled": true, "storageClass": "local-path", "size": "1Gi"},
		"resources":           chart.Requests("250m", "1Gi"),
		"podDisruptionBudget": map[string]any{"enabled": true, "maxUnavailable": 1},
		"affinity": map[string]any{"podAntiAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": []any{map[string]any{
			"topologyKey": "kubernetes.io/hostname", "labelSelector": map[string]any{"matchLabels": map[string]any{"app": minioService}},
		}}}},
		// besides the chart's own user: what "restricted" asks for
		"securityContext":          map[string]any{"runAsNonRoot": true, "seccompProfile": map[string]any{"type": "RuntimeDefault"}},
		"containerSecurityContext": map[string]any{"allowPrivilegeEscalation": false, "capabilities": map[string]any{"drop": []any{"ALL"}}},
		// MinIO takes incomplete uploads away by itself, and knows no rule of a bucket about them
		"environment": map[string]any{"MINIO_API_STALE_UPLOADS_EXPIRY": "24h"},
	}
}

// oldVersions takes away what was replaced or deleted once it is older, and what says that a file is deleted once nothing else is
// left of it.
func oldVersions(days int) map[string]any {
	return map[string]any{"Rules": []any{map[string]any{
		"ID": "old-versions", "Status": "Enabled",
		"Expiration":                  map[string]any{"ExpiredObjectDeleteMarker": true},
		"NoncurrentVersionExpiration": map[string]any{"NoncurrentDays": days},
	}}}
}
