package objects

import (
	"slices"
	"strings"
)

// replaceOn lists the fields of a kind that cannot be changed on an object that is there.
func (o *Objects) replaceOn(object *object) []string {
	fields := []string{".metadata.name", ".metadata.namespace"}
	gvk := object.GroupVersionKind()
	switch kind := strings.TrimPrefix(gvk.GroupVersion().String()+"/"+gvk.Kind, "core/"); kind {
	case "v1/Secret":
		fields = append(fields, ".type")
		if !o.Options.MutableSecrets || immutable(object) {
			fields = append(fields, ".stringData", ".data")
		}
	case "v1/ConfigMap":
		if !o.Options.MutableConfigMap || immutable(object) {
			fields = append(fields, ".binaryData", ".data")
		}
	default:
		fields = append(fields, fixed[kind]...)
	}
	return fields
}

func immutable(object *object) bool {
	value, _ := object.Object["immutable"].(bool)
	return value
}

// fixed are the fields that only a new object can have another value of.
var fixed = map[string][]string{
	"apps/v1/DaemonSet":  {".spec.selector"},
	"apps/v1/Deployment": {".spec.selector"},
	"apps/v1/StatefulSet": {
		".spec.podManagementPolicy", ".spec.revisionHistoryLimit", ".spec.selector", ".spec.serviceName",
		".spec.volumeClaimTemplates",
	},
	"batch/v1/Job": {".spec.completions", ".spec.parallelism", ".spec.selector", ".spec.template"},
	"v1/PersistentVolumeClaim": {
		".spec.accessModes", ".spec.selector", ".spec.storageClassName", ".spec.volumeName",
	},
	"v1/PersistentVolume": {".spec.csi", ".spec.hostPath", ".spec.iscsi", ".spec.local", ".spec.nfs"},
	"v1/Pod":              podFields,
	"v1/ResourceQuota":    {".spec.scopes"},
	"v1/Service":          {".spec.clusterIP"},
	"rbac.authorization.k8s.io/v1/ClusterRoleBinding": {".roleRef"},
	"rbac.authorization.k8s.io/v1/RoleBinding":        {".roleRef"},
	"storage.k8s.io/v1/StorageClass":                  {".parameters", ".provisioner"},
}

var podFields = slices.Concat(
	below(".spec.", strings.Fields(`affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks
		hostAliases hostIPC hostNetwork hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy
		priority priorityClassName readinessGates restartPolicy runtimeClassName schedulerName securityContext
		serviceAccount serviceAccountName shareProcessNamespace subdomain terminationGracePeriodSeconds volumes`)),
	below(".spec.containers[*].", containerFields),
	below(".spec.initContainers[*].", containerFields),
)

var containerFields = strings.Fields(`args command env image imagePullPolicy lifecycle livenessProbe ports
	readinessProbe resources securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty
	volumeDevices volumeMounts workingDir`)

func below(prefix string, names []string) []string {
	fields := make([]string, len(names))
	for i, name := range names {
		fields[i] = prefix + name
	}
	return fields
}
