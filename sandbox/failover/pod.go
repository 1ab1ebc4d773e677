package failover

import (
	"context"
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

//go:embed writer.py
var program string

// startWriter makes the pod that writes: of the servers' own image, on another machine than the primary's, with the exchange's login.
func (r *losses) startWriter(ctx context.Context, c *cluster, run string) error {
	node, err := r.nodeOf(ctx, c.Status.CurrentPrimary)
	if err != nil {
		return err
	}
	var leading []string
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		leading = append(leading, way+"="+ways[way])
	}
	secret := func(variable, name, key string) map[string]any {
		return map[string]any{"name": variable, "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": name, "key": key}}}
	}
	value := func(variable, value string) map[string]any { return map[string]any{"name": variable, "value": value} }
	pod, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": writer, "namespace": namespace},
		"spec": map[string]any{
			"restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
			"affinity": map[string]any{"nodeAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": map[string]any{
				"nodeSelectorTerms": []any{map[string]any{"matchExpressions": []any{
					map[string]any{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": []any{node}},
				}}},
			}}},
			"securityContext": map[string]any{"runAsNonRoot": true, "runAsUser": 26, "runAsGroup": 26, "seccompProfile": map[string]any{"type": "RuntimeDefault"}},
			"containers": []any{map[string]any{
				"name": "writer", "image": c.Spec.ImageName, "command": []any{"python3", "-c", program},
				"env": []any{
					value("RUN", run), value("WAYS", strings.Join(leading, " ")), value("PGPORT", "5432"), value("PGDATABASE", c.Spec.Bootstrap.Initdb.Database),
					value("PGSSLMODE", "verify-full"), value("PGSSLROOTCERT", "/tmp/ca.crt"), value("PGTARGETSESSIONATTRS", "read-write"),
					secret("AUTHORITY", "postgres-authority", "ca.crt"), secret("PGUSER", "postgres-login", "username"), secret("PGPASSWORD", "postgres-login", "password"),
				},
				"securityContext": map[string]any{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": map[string]any{"drop": []any{"ALL"}}},
				"resources": map[string]any{
					"requests": map[string]any{"cpu": "50m", "memory": "64Mi"}, "limits": map[string]any{"memory": "128Mi"},
				},
				"volumeMounts": []any{map[string]any{"name": "scratch", "mountPath": "/tmp"}},
			}},
			"volumes": []any{map[string]any{"name": "scratch", "emptyDir": map[string]any{}}},
		},
	})
	if err != nil {
		return err
	}
	if _, err := r.kubectl(ctx, "", "delete", "pod", writer, "--ignore-not-found", "--now"); err != nil { // of one that was interrupted
		return err
	}
	_, err = r.kubectl(ctx, string(pod), "create", "--filename=-")
	return err
}
