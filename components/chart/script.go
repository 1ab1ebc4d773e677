package chart

import (
	"maps"
	"slices"
)

// scriptPod is a pod of one container that "restricted" admits, whatever its namespace admits. Its caller says what it asks for, and what
// the volume "tmp" is, where alone it writes.
func scriptPod(name string, image Image, command, env []any) map[string]any {
	return map[string]any{
		"automountServiceAccountToken": false,
		"enableServiceLinks":           false,
		"securityContext": map[string]any{
			"runAsNonRoot": true, "runAsUser": 1001, "runAsGroup": 1001, "seccompProfile": map[string]any{"type": "RuntimeDefault"},
		},
		"containers": []any{map[string]any{
			"name":    name,
			"image":   image.String(),
			"command": command,
			"env":     env,
			"securityContext": map[string]any{
				"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
				"capabilities": map[string]any{"drop": []any{"ALL"}},
			},
			"volumeMounts": []any{map[string]any{"name": "tmp", "mountPath": "/tmp"}},
		}},
	}
}

// variables has the secrets first: a later variable may be made of an earlier one.
func variables(plain map[string]string, secrets map[string]SecretKey) []any {
	var env []any
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		from := secrets[name]
		env = append(env, map[string]any{
			"name": name, "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": from.Secret, "key": from.Key}},
		})
	}
	env = append(env, map[string]any{"name": "HOME", "value": "/tmp"})
	for _, name := range slices.Sorted(maps.Keys(plain)) {
		env = append(env, map[string]any{"name": name, "value": plain[name]})
	}
	return env
}
