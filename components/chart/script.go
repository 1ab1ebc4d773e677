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
		"securityContext":              RunAs(1001),
		"containers": []any{map[string]any{
			"name":            name,
			"image":           image.String(),
			"command":         command,
			"env":             env,
			"securityContext": Unprivileged(),
			"volumeMounts":    []any{map[string]any{"name": "tmp", "mountPath": "/tmp"}},
		}},
	}
}

// RunAs is the security context of a pod that "restricted" admits, as a user and the group of the same number.
func RunAs(id int) map[string]any {
	return map[string]any{
		"runAsNonRoot": true, "runAsUser": id, "runAsGroup": id, "seccompProfile": map[string]any{"type": "RuntimeDefault"},
	}
}

// Unprivileged is that of a container that "restricted" admits, and that writes nowhere but to its volumes.
func Unprivileged() map[string]any {
	return map[string]any{
		"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": map[string]any{"drop": []any{"ALL"}},
	}
}

// variables has the secrets first: a later variable may be made of an earlier one.
func variables(plain map[string]string, secrets map[string]SecretKey) []any {
	return slices.Concat(Environment(secrets), Environment(map[string]string{"HOME": "/tmp"}), Environment(plain))
}

// Environment are the variables of a container, sorted: texts, SecretKeys, or from where else Kubernetes takes them ("configMapKeyRef").
func Environment[V any](variables map[string]V) []any {
	var env []any
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		variable := map[string]any{"name": name}
		switch value := any(variables[name]).(type) {
		case string:
			variable["value"] = value
		case SecretKey:
			variable["valueFrom"] = map[string]any{"secretKeyRef": map[string]any{"name": value.Secret, "key": value.Key}}
		default:
			variable["valueFrom"] = value
		}
		env = append(env, variable)
	}
	return env
}
